/** Brings a page to life: charts, controls, theme and live updates. */

import { Chart } from "./chart.js";
import { startControls } from "./controls.js";
import { readDrawing } from "./drawing.js";
import { listenToKeys } from "./keys.js";
import { Live } from "./live.js";
import { fillNumbers, offerNumbers } from "./numbers.js";
import { palette, startTheme } from "./themeswitch.js";
import { Visit } from "./visit.js";

/** @type {Chart[]} */
let charts = [];
let drawing = readDrawing(document);

const moves = {
  /** @param {number} start @param {number} end */
  zoom(start, end) {
    const until = Math.max(Math.round(end), Math.round(start) + 10);
    visit.change({ from: Math.round(start), until }, { state: { zoomed: true } });
  },
  back() {
    if (history.state?.zoomed) history.back();
    else if (location.search.includes("from=")) visit.change({ from: "", until: "" });
  },
};

const visit = new Visit({ shown, failed: () => live.lose() });
const live = new Live({
  follows: () => drawing?.follows ?? true,
  step: () => drawing?.step ?? 0,
  refresh: () => visit.show(),
});

/** @param {Document} page the page that was swapped in */
function shown(page) {
  const next = readDrawing(page);
  // A page that gains its first charts has another shape: take all of it.
  if (next && !drawing) location.reload();
  drawing = next;
  takeFigures(page);
  draw();
  live.find();
}

/** @param {Document} page */
function takeFigures(page) {
  const keys = (/** @type {Document} */ from) =>
    [...from.querySelectorAll("[data-chart]")].map((figure) => figure.getAttribute("data-chart")).join();
  if (keys(page) === keys(document)) return;
  const next = page.querySelector(".charts");
  charts.forEach((chart) => chart.plot?.destroy());
  document.querySelector(".charts")?.replaceChildren(...(next?.childNodes ?? []));
  findFigures();
}

function findFigures() {
  if (!drawing) return;
  const first = drawing;
  const figures = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-chart]"));
  charts = [...figures].map((figure) => new Chart(figure, first, moves));
  for (const chart of charts) {
    listenToKeys(chart, () => charts);
    offerNumbers(chart);
    room.observe(chart.holder);
  }
}

function draw() {
  if (!drawing) return;
  const colors = palette();
  for (const chart of charts) {
    chart.show(drawing, colors);
    fillNumbers(chart);
  }
}

const room = new ResizeObserver(() => charts.forEach((chart) => chart.plot && chart.resize()));
findFigures();
draw();
startControls(visit);
startTheme(() => {
  const colors = palette();
  charts.forEach((chart) => chart.redraw(colors));
});
