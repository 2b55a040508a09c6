/** The panel `stat`: one number, coloured by its thresholds, over a small line. */

import { faded } from "./static/js/looks.js";
import { element } from "./element.js";
import { figure } from "./figures.js";
import { thresholdColor } from "./palette.js";
import { written } from "./units.js";

/**
 * @param {any} panel
 * @param {any} board
 * @param {HTMLElement} body
 */
export function drawStat(panel, board, body) {
  const [series] = panel.series;
  const { unit, decimals } = panel.fieldConfig.defaults;
  const value = figure(panel.options.reduceOptions.calcs[0], series.values);
  const color = thresholdColor(panel, value);
  const [number, suffix] = written(value, unit, decimals);
  const hasLine = panel.options.graphMode === "area";
  const style = { color, fontSize: hasLine ? "34px" : "46px", paddingBottom: hasLine ? "26px" : "6px" };
  const after = element("small", { text: suffix });
  const large = element("div", { className: "stat", style });
  large.append(number, after);
  body.append(large);
  if (hasLine) drawSpark(series, board, color, body);
}

function drawSpark(series, board, color, body) {
  const holder = element("div", { className: "spark" });
  body.append(holder);
  const options = {
    width: holder.clientWidth,
    height: holder.clientHeight,
    padding: [2, 0, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: { x: { range: () => [board.start, board.end] } },
    series: [{}, { stroke: color, width: 1, fill: faded(color, 0.2), points: { show: false } }],
  };
  new uPlot(options, [series.times, series.values], holder);
}
