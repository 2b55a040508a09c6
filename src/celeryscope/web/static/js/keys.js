/** The charts' cursor by keyboard: arrows move it, plus and minus zoom, Escape takes it away. */

import { isHeat } from "./drawing.js";
import { amount, moment } from "./format.js";
import { between } from "./heatmap.js";

/** @typedef {import("./chart.js").Chart} Chart */

const LEAP = 10;
const ZOOM_FACTOR = 4;

/**
 * @param {Chart} chart
 * @param {() => Chart[]} all the charts that share the cursor
 */
export function listenToKeys(chart, all) {
  chart.holder.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (act(event, chart, all())) event.preventDefault();
  });
}

/**
 * @param {KeyboardEvent} event
 * @param {Chart} chart
 * @param {Chart[]} all
 * @returns {boolean} whether the key meant something
 */
function act(event, chart, all) {
  const last = chart.drawing.times.length - 1;
  const at = current(chart) ?? last + 1;
  const by = event.shiftKey ? LEAP : 1;
  /** @type {Record<string, () => void>} */
  const meanings = {
    ArrowLeft: () => move(chart, all, at - by),
    ArrowRight: () => move(chart, all, Math.min(at, last) + by),
    Home: () => move(chart, all, 0),
    End: () => move(chart, all, last),
    Escape: () => all.forEach(({ plot }) => plot.setCursor({ left: -10, top: -10 })),
    "+": () => zoomIn(chart, Math.min(at, last)),
    "=": () => zoomIn(chart, Math.min(at, last)),
    "-": () => chart.moves.back(),
  };
  meanings[event.key]?.();
  return event.key in meanings;
}

/** @param {Chart} chart */
const current = ({ plot }) => (plot.cursor.left >= 0 ? plot.cursor.idx : null);

/**
 * @param {Chart} chart
 * @param {Chart[]} all
 * @param {number} index
 */
function move(chart, all, index) {
  const { times, step } = chart.drawing;
  const at = Math.max(0, Math.min(index, times.length - 1));
  for (const { plot } of all) plot.setCursor({ left: plot.valToPos(times[at], "x"), top: 0 });
  const announcer = /** @type {HTMLElement} */ (document.getElementById("announcer"));
  announcer.textContent = `${moment(times[at], step)}: ${reading(chart, at)}`;
}

/**
 * @param {Chart} chart
 * @param {number} at
 */
function reading({ data, drawing }, at) {
  if (!isHeat(data)) {
    return data.lines.map(({ label, values }) => `${label} ${amount(values[at], data.unit)}`).join(", ");
  }
  const column = Math.floor((drawing.times[at] - data.start) / data.width);
  const cells = data.cells.filter(([x]) => x === column);
  return cells.map(([, row, runs]) => `${between(data, row)} ${runs}`).join(", ") || "–";
}

/**
 * @param {Chart} chart
 * @param {number} at
 */
function zoomIn({ drawing, moves }, at) {
  const quarter = (drawing.end - drawing.start) / ZOOM_FACTOR / 2;
  const middle = drawing.times[at] ?? drawing.end;
  const first = Math.max(drawing.start, Math.min(middle - quarter, drawing.end - 2 * quarter));
  moves.zoom(first, first + 2 * quarter);
}
