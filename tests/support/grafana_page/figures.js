/** What a series comes to in one number, by Grafana's names. */

/** @typedef {(number | null)[]} Values */

/** @type {Record<string, [string, (known: number[]) => number]>} */
const FIGURES = {
  mean: ["Mean", (known) => known.reduce((sum, value) => sum + value, 0) / known.length],
  max: ["Max", (known) => Math.max(...known)],
  lastNotNull: ["Last *", (known) => known[known.length - 1]],
};

/** @param {string} name */
export const heading = (name) => FIGURES[name][0];

/**
 * @param {string} name
 * @param {Values} values
 * @returns {number | null} null if there is no value at all
 */
export function figure(name, values) {
  const known = values.filter((value) => value !== null);
  return known.length ? FIGURES[name][1](known) : null;
}
