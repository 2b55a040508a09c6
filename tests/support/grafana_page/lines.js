/** The panel `timeseries`: lines or stacked areas, thresholds, what happened, and a legend. */

import { timeAxis, valueAxis } from "./static/js/axes.js";
import { columns } from "./static/js/drawing.js";
import { faded } from "./static/js/looks.js";
import { element } from "./element.js";
import { figure, heading } from "./figures.js";
import { marksPlugin } from "./marks.js";
import { colorOf, named } from "./palette.js";
import { axisText, text } from "./units.js";

const SPACE_ABOVE = 1.05;
const LEFT = 76;
export const RIGHT = 20;

/**
 * @param {any} panel
 * @param {any} board
 * @param {HTMLElement} body
 */
export function drawLines(panel, board, body) {
  const legend = legendOf(panel);
  const holder = element("div", { className: "plot" });
  body.classList.toggle("beside", panel.options.legend.placement === "right");
  body.append(holder, legend);
  const { custom, unit } = panel.fieldConfig.defaults;
  const stacked = custom.stacking?.mode === "normal";
  const lines = panel.series.map((one, number) => ({ ...one, color: colorOf(panel, number) }));
  // The first area is the lowest; of ours it is the last.
  const drawn = stacked ? lines.toReversed() : lines;
  const base = custom.scaleDistribution?.log;
  const options = {
    width: holder.clientWidth,
    height: holder.clientHeight,
    padding: [6, RIGHT, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    ...looksOf(drawn, custom, stacked),
    scales: {
      x: { range: () => [board.start, board.end] },
      y: base ? powersOf(base) : { range: fromZero(panel) },
    },
    axes: [timeAxis(named), base ? powerAxis(unit, base) : leftAxis(unit)],
    plugins: [marksPlugin(panel, board)],
  };
  const data = columns({ times: panel.series[0].times }, { stacked, lines: drawn });
  new uPlot(options, data, holder);
}

/** Lines with what is below them, of stacked ones down to the next. */
function looksOf(lines, { fillOpacity, lineWidth }, stacked) {
  const area = ({ color }) => (fillOpacity ? faded(color, fillOpacity / 100) : undefined);
  const series = lines.map((line, i) => ({
    stroke: line.color,
    width: lineWidth,
    fill: stacked && i < lines.length - 1 ? undefined : area(line),
    points: { show: true, size: 4, width: 0, fill: line.color, filter: lonely },
  }));
  const between = lines.slice(0, -1).map((line, i) => ({ series: [i + 1, i + 2], fill: area(line) }));
  return { series: [{}, ...series], bands: stacked ? between : [] };
}

/** @param {string} unit */
export const leftAxis = (unit) => ({
  ...valueAxis(unit, named),
  size: LEFT,
  values: (_plot, splits, _axis, _space, step) => splits.map((one) => axisText(one, step, unit)),
});

/**
 * @param {string} unit
 * @param {number} base
 */
const powerAxis = (unit, base) => ({
  ...leftAxis(unit),
  incrs: undefined,
  splits: (_plot, _axis, low, high) => {
    const powers = Math.round(Math.log(high / low) / Math.log(base));
    return Array.from({ length: powers + 1 }, (_, power) => low * base ** power);
  },
  values: (_plot, splits) => splits.map((one) => text(one, unit)),
});

/** @param {number} base */
const powersOf = (base) => ({
  distr: 3,
  log: base,
  range: (_plot, low, high) => uPlot.rangeLog(low, high, base, true),
});

/** A soft minimum of 0: the axis begins there, or below. */
const fromZero = (panel) => (_plot, low, high) => {
  const top = Math.max(high ?? 0, 0) * SPACE_ABOVE || 1;
  return [Math.min(low ?? 0, 0) * SPACE_ABOVE, Math.min(top, panel.fieldConfig.defaults.max ?? top)];
};

/** Places of values without a neighbour, which no line shows. */
const lonely = (plot, number) => {
  const values = plot.data[number];
  const known = (at) => typeof values[at] === "number";
  return values.flatMap((_, at) => (known(at) && !known(at - 1) && !known(at + 1) ? [at] : []));
};

function legendOf(panel) {
  const { calcs, placement } = panel.options.legend;
  const { unit } = panel.fieldConfig.defaults;
  const row = (tag, cells) =>
    element("tr", {}, ...cells.map((cell) => element(tag, { text: cell })));
  const rows = panel.series.map((one, number) => {
    const made = row("td", [one.name, ...calcs.map((name) => text(figure(name, one.values), unit))]);
    made.firstChild.prepend(element("i", { style: { background: colorOf(panel, number) } }));
    return made;
  });
  const table = element("table", {}, row("th", ["Name", ...calcs.map(heading)]), ...rows);
  return element("div", { className: `legend ${placement}` }, table);
}
