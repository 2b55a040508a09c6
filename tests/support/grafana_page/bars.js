/** The panel `bargauge`, horizontal: a bar for each series' number. */

import { faded } from "./static/js/looks.js";
import { element } from "./element.js";
import { figure } from "./figures.js";
import { colorOf } from "./palette.js";
import { text } from "./units.js";

/**
 * @param {any} panel
 * @param {any} _board
 * @param {HTMLElement} body
 */
export function drawBars(panel, _board, body) {
  const { unit } = panel.fieldConfig.defaults;
  const [calculation] = panel.options.reduceOptions.calcs;
  const values = panel.series.map((one) => figure(calculation, one.values));
  const most = Math.max(...values);
  const bars = values.flatMap((value, number) => {
    const color = colorOf(panel, number);
    const length = `calc((100% - 64px) * ${value / most})`;
    const bar = element("i", { style: { width: length, color, background: faded(color, 0.35) } });
    const name = element("span", { text: panel.series[number].name });
    const label = element("span", { text: text(value, unit), style: { color, marginLeft: "auto" } });
    return [name, element("div", { className: "bar" }, bar, label)];
  });
  body.append(element("div", { className: "bars" }, ...bars));
}
