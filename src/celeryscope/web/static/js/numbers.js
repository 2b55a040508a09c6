/** A chart's numbers as a table. */

import { isHeat } from "./drawing.js";
import { amount, moment } from "./format.js";
import { between } from "./heatmap.js";

/** @typedef {import("./chart.js").Chart} Chart */

/** @param {Chart} chart */
export function offerNumbers(chart) {
  const button = /** @type {HTMLButtonElement} */ (chart.figure.querySelector(".as-table"));
  const holder = /** @type {HTMLElement} */ (chart.figure.querySelector(".numbers"));
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    holder.hidden = !shown;
    chart.holder.hidden = shown;
    if (shown) fillNumbers(chart);
    else chart.resize();
  });
}

/**
 * Write the newest numbers, newest first, if the table is open.
 * @param {Chart} chart
 */
export function fillNumbers(chart) {
  const holder = /** @type {HTMLElement} */ (chart.figure.querySelector(".numbers"));
  if (holder.hidden) return;
  const { data, drawing } = chart;
  const [head, ...rows] = isHeat(data) ? cellRows(data, drawing.step) : lineRows(data, drawing);
  const table = document.createElement("table");
  table.createTHead().append(row(head, "col"));
  table.createTBody().append(...rows.map((cells) => row(cells, "row")));
  const { scrollTop } = holder;
  holder.replaceChildren(table);
  holder.scrollTop = scrollTop;
}

/**
 * @param {import("./drawing.js").LineData} data
 * @param {import("./drawing.js").Drawing} drawing
 */
const lineRows = ({ lines, unit }, { times, step }) => [
  ["", ...lines.map((line) => line.label)],
  ...times
    .map((time, at) => [moment(time, step), ...lines.map((line) => amount(line.values[at], unit))])
    .reverse(),
];

/**
 * @param {import("./drawing.js").HeatData} data
 * @param {number} step
 */
const cellRows = (data, step) => [
  ["", "ms", "n"],
  ...data.cells
    .map(([column, place, runs]) => [
      moment(data.start + column * data.width, step),
      between(data, place),
      runs.toLocaleString(),
    ])
    .reverse(),
];

/**
 * @param {string[]} cells
 * @param {"col" | "row"} scope of the heading cells: all in a head, the first one in a body
 */
function row(cells, scope) {
  const line = document.createElement("tr");
  cells.forEach((text, i) => {
    const cell = document.createElement(scope === "col" || i === 0 ? "th" : "td");
    if (cell.tagName === "TH") cell.setAttribute("scope", scope);
    cell.textContent = text;
    line.append(cell);
  });
  return line;
}
