/** Grafana's dark colours: those with a name, and those that series take in turn. */

const NAMED = {
  green: "rgb(115, 191, 105)",
  orange: "rgb(255, 152, 48)",
  red: "rgb(242, 73, 92)",
  blue: "rgb(87, 148, 242)",
  soft: "rgb(158, 158, 172)",
  line: "rgb(40, 42, 48)",
  p95: "rgb(140, 214, 128)", // what our own cells are painted with
};

const IN_TURN = [
  "rgb(115, 191, 105)",
  "rgb(242, 204, 12)",
  "rgb(138, 184, 255)",
  "rgb(255, 120, 10)",
  "rgb(242, 73, 92)",
  "rgb(87, 148, 242)",
  "rgb(184, 119, 217)",
  "rgb(112, 93, 160)",
  "rgb(55, 135, 45)",
  "rgb(250, 222, 42)",
];

/** @param {string} name */
export const named = (name) => NAMED[name];

/**
 * The colour of a panel's series: an override by its query's letter, or the next of the palette.
 * @param {any} panel
 * @param {number} number
 */
export function colorOf(panel, number) {
  const { refId } = panel.series[number];
  const own = panel.fieldConfig.overrides.find(({ matcher }) => matcher.options === refId);
  const color = own?.properties.find(({ id }) => id === "color");
  return color ? named(color.value.fixedColor) : IN_TURN[number % IN_TURN.length];
}

/**
 * The colour of a value by the thresholds of its panel.
 * @param {any} panel
 * @param {number} value
 */
export function thresholdColor(panel, value) {
  const { steps } = panel.fieldConfig.defaults.thresholds;
  return named(steps.findLast((step) => step.value === null || value >= step.value).color);
}
