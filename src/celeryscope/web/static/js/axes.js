/** The axes of all charts: quiet rules, round steps, units at every line. */

import { tick, timeTick } from "./format.js";

/**
 * @typedef {(name: string) => string} Colors a custom property as a colour
 * @typedef {import("./drawing.js").HeatData} HeatData
 */

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const SIDE = 54;

const SUB_MINUTE_MS = [0.01, 0.1, 1, 10, 100, 1e3].flatMap((size) => [size, 2 * size, 5 * size]);
const LONGER_MS = [1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 144e5, 432e5, 864e5];
const DURATION_STEPS = [...SUB_MINUTE_MS, ...LONGER_MS];

/** @param {Colors} colors */
const ruled = (colors) => ({
  stroke: colors("soft"),
  font: FONT,
  grid: { stroke: colors("line"), width: 1 },
  ticks: { show: false },
});

/** @param {Colors} colors */
export const timeAxis = (colors) => ({
  ...ruled(colors),
  size: 27,
  gap: 8,
  space: 76,
  values: labels(timeTick),
});

/**
 * @param {string} unit
 * @param {Colors} colors
 */
export const valueAxis = (unit, colors) => ({
  ...ruled(colors),
  size: SIDE,
  gap: 6,
  space: 28,
  ...(unit === "ms" ? { incrs: DURATION_STEPS } : {}),
  values: labels((value, step) => tick(value, step, unit)),
});

/**
 * The rows of a heatmap, labelled at the powers of ten.
 * @param {() => HeatData} heat
 * @param {Colors} colors
 */
export const rowAxis = (heat, colors) => ({
  ...ruled(colors),
  grid: { show: false },
  size: SIDE,
  gap: 6,
  splits: () => heat().bounds.flatMap((bound, row) => (isPowerOfTen(bound) ? [row] : [])),
  values: (/** @type {unknown} */ _, /** @type {number[]} */ rows) =>
    rows.map((row) => tick(heat().bounds[row], heat().bounds[row], "ms")),
});

/**
 * @param {(value: number, step: number) => string} text
 * @returns {(plot: unknown, splits: number[], axis: number, space: number, step: number) => string[]}
 */
const labels = (text) => (_plot, splits, _axis, _space, step) =>
  splits.map((value) => text(value, step));

/** @param {number} number */
const isPowerOfTen = (number) => Math.abs(Math.log10(number) - Math.round(Math.log10(number))) < 1e-6;
