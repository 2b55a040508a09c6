/** Numbers as Grafana writes them in each unit. */

const DIGITS = 3;
const TIMES = [
  [1e3, 1, "ms"],
  [6e4, 1e3, "s"],
  [36e5, 6e4, "mins"],
  [Infinity, 36e5, "hours"],
];

/**
 * @param {number | null} value
 * @param {string} unit Grafana's name of it
 * @param {number} [decimals] as many as three digits need, if not given
 * @returns {[string, string]} the number and what follows it
 */
export function written(value, unit, decimals) {
  if (value === null) return ["-", ""];
  const [divisor, suffix] = scale(Math.abs(value), unit);
  const scaled = value / divisor;
  return [scaled.toFixed(decimals ?? places(scaled)), suffix];
}

/**
 * @param {number | null} value
 * @param {string} unit
 * @param {number} [decimals]
 */
export const text = (value, unit, decimals) => written(value, unit, decimals).join("");

/**
 * The text beside an axis whose lines are a step apart.
 * @param {number} value
 * @param {number} step
 * @param {string} unit
 */
export function axisText(value, step, unit) {
  const [divisor] = scale(Math.abs(value), unit);
  const whole = (places) => Math.abs((step / divisor) * 10 ** places) % 1 < 1e-6;
  return text(value, unit, [0, 1, 2, 3].find(whole) ?? 4);
}

/**
 * @param {number} size
 * @param {string} unit
 * @returns {[number, string]}
 */
function scale(size, unit) {
  if (unit === "percentunit") return [0.01, "%"];
  const after = unit === "ops" ? " ops/s" : "";
  if (unit !== "ms") return size < 1e3 ? [1, after] : [1e3, ` K${after}`];
  const [, divisor, name] = TIMES.find(([limit]) => size < limit);
  return [divisor, ` ${name}`];
}

/** @param {number} value */
function places(value) {
  if (Math.abs(value - Math.round(value)) < 1e-9) return 0;
  return Math.max(0, DIGITS - 1 - Math.floor(Math.log10(Math.abs(value))));
}
