/** The panel `heatmap` that counts the values of its series itself, in rows that double. */

import { timeAxis } from "./static/js/axes.js";
import { cellPlugin } from "./static/js/heatmap.js";
import { faded } from "./static/js/looks.js";
import { element } from "./element.js";
import { leftAxis, RIGHT } from "./lines.js";
import { named } from "./palette.js";
import { text } from "./units.js";

const COLUMNS = 36;
const ROWS_A_LABEL = 3;

/**
 * @param {any} panel
 * @param {any} board
 * @param {HTMLElement} body
 */
export function drawHeat(panel, board, body) {
  const heat = counted(panel, board);
  const most = Math.max(...heat.cells.map(([, , count]) => count));
  const holder = element("div", { className: "plot" });
  body.append(holder, scaleOf(most));
  const { unit } = panel.options.yAxis;
  const axis = {
    ...leftAxis(unit),
    grid: { show: false },
    splits: () => heat.bounds.flatMap((_, row) => (row % ROWS_A_LABEL ? [] : [row])),
    values: (_, rows) => rows.map((row) => text(heat.bounds[row], unit)),
  };
  const options = {
    width: holder.clientWidth,
    height: holder.clientHeight,
    padding: [6, RIGHT, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    series: [{}, {}],
    scales: {
      x: { range: () => [board.start, board.end] },
      y: { range: () => [0, heat.bounds.length - 1] },
    },
    axes: [timeAxis(named), axis],
    plugins: [cellPlugin(() => heat, named)],
  };
  new uPlot(options, [[board.start, board.end], [null, null]], holder);
}

/** Count values by column and row; a row's bounds are powers of the panel's base. */
function counted(panel, board) {
  const base = panel.options.calculation.yBuckets.scale.log;
  const width = (board.end - board.start) / COLUMNS;
  const points = panel.series.flatMap(({ times, values }) =>
    values.flatMap((value, at) => (value > 0 ? [[times[at], value]] : [])),
  );
  const power = (value) => Math.floor(Math.log(value) / Math.log(base));
  const powers = points.map(([, value]) => power(value));
  const lowest = Math.min(...powers);
  const counts = new Map();
  for (const [time, value] of points) {
    const place = `${Math.floor((time - board.start) / width)} ${power(value) - lowest}`;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return {
    start: board.start,
    width,
    bounds: Array.from({ length: Math.max(...powers) - lowest + 2 }, (_, i) => base ** (lowest + i)),
    cells: [...counts].map(([place, count]) => [...place.split(" ").map(Number), count]),
  };
}

/** @param {number} most */
function scaleOf(most) {
  const color = named("p95");
  const background = `linear-gradient(to right, ${faded(color, 0.1)}, ${color})`;
  const ends = ["0", String(most)].map((end) => element("span", { text: end }));
  return element("div", { className: "scale" }, ends[0], element("i", { style: { background } }), ends[1]);
}
