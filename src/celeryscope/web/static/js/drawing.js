/** What the server asks the page to draw. */

/**
 * @typedef {(number | null)[]} Values
 * @typedef {{ key: string, label: string, values: Values }} Line
 * @typedef {{ unit: string, stacked: boolean, lines: Line[] }} LineData
 * `bounds` are milliseconds; a cell is its column, its row and its runs.
 * @typedef {{ unit: "runs", start: number, width: number, bounds: number[], cells: [number, number, number][] }} HeatData
 * Times are Unix seconds; `follows` tells whether the page's time ends now.
 * @typedef {{ start: number, end: number, step: number, follows: boolean, times: number[], charts: Record<string, LineData | HeatData> }} Drawing
 */

/**
 * @param {LineData | HeatData} data
 * @returns {data is HeatData}
 */
export const isHeat = (data) => "cells" in data;

/**
 * Read a page's drawing; null on a page without charts.
 * @param {Document} page
 * @returns {Drawing | null}
 */
export function readDrawing(page) {
  const text = page.getElementById("drawing")?.textContent;
  return text ? JSON.parse(text) : null;
}

/**
 * A chart's data as uPlot takes it; a stacked line lies upon all that follow it.
 * @param {Drawing} drawing
 * @param {LineData | HeatData} data
 * @returns {Values[]}
 */
export function columns(drawing, data) {
  if (isHeat(data)) return [drawing.times, drawing.times.map(() => null)];
  const lines = data.lines.map((line) => line.values);
  if (data.stacked) {
    for (let i = lines.length - 2; i >= 0; i--) lines[i] = upon(lines[i], lines[i + 1]);
  }
  return [drawing.times, ...lines];
}

/**
 * @param {Values} values
 * @param {Values} below
 */
const upon = (values, below) =>
  values.map((value, at) => (value === null ? null : value + (below[at] ?? 0)));
