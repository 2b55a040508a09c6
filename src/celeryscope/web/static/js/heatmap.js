/** The heatmap: a uPlot plugin that paints cells and says what the one under the pointer holds. */

import { amount } from "./format.js";
import { faded } from "./looks.js";

/** @typedef {import("./drawing.js").HeatData} HeatData */

const FAINTEST = 0.1;
const LEAST_WITH_GAP_PX = 5;

/**
 * @param {() => HeatData} heat
 * @param {(name: string) => string} colors
 */
export function cellPlugin(heat, colors) {
  const label = document.createElement("div");
  label.className = "cell";
  label.hidden = true;
  return {
    hooks: {
      init: (/** @type {any} */ plot) => plot.over.append(label),
      draw: (/** @type {any} */ plot) => paintCells(plot, heat(), colors("p95")),
      setCursor: (/** @type {any} */ plot) => describeCell(plot, heat(), label),
    },
  };
}

/**
 * @param {any} plot
 * @param {HeatData} heat
 * @param {string} color
 */
function paintCells(plot, heat, color) {
  const { ctx, bbox } = plot;
  const most = Math.max(...heat.cells.map(([, , runs]) => runs));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [column, row, runs] of heat.cells) {
    const left = plot.valToPos(heat.start + column * heat.width, "x", true);
    const right = plot.valToPos(heat.start + (column + 1) * heat.width, "x", true);
    const top = plot.valToPos(row + 1, "y", true);
    const bottom = plot.valToPos(row, "y", true);
    ctx.fillStyle = faded(color, FAINTEST + (1 - FAINTEST) * Math.sqrt(runs / most));
    const gap = right - left > LEAST_WITH_GAP_PX ? 1 : 0;
    ctx.fillRect(left, top, right - left - gap, bottom - top - 1);
  }
  ctx.restore();
}

/**
 * @param {any} plot
 * @param {HeatData} heat
 * @param {HTMLElement} label
 */
function describeCell(plot, heat, label) {
  const { left, top } = plot.cursor;
  const column = Math.floor((plot.posToVal(left, "x") - heat.start) / heat.width);
  const row = Math.floor(plot.posToVal(top, "y"));
  const inside = left >= 0 && top >= 0 && row >= 0 && row < heat.bounds.length - 1;
  label.hidden = !inside || plot.cursor.event === null || plot.cursor.event === undefined;
  if (label.hidden) return;
  const cell = heat.cells.find(([x, y]) => x === column && y === row);
  label.textContent = `${between(heat, row)}: ${(cell?.[2] ?? 0).toLocaleString()} runs`;
  const leftmost = left > plot.over.clientWidth / 2 ? left - label.offsetWidth - 10 : left + 10;
  label.style.left = `${leftmost}px`;
  label.style.top = `${Math.max(0, top - 34)}px`;
}

/**
 * @param {HeatData} heat
 * @param {number} row
 */
export const between = (heat, row) =>
  `${amount(heat.bounds[row], "ms")} to ${amount(heat.bounds[row + 1], "ms")}`;
