/** How each line looks: colour, weight and dash, so that colour is never alone. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {{ color: string, width: number, dash?: number[], fill?: number, hatch?: boolean }} Look
 * `color` names a custom property, `fill` is the opacity under the line.
 */

/** @type {Record<string, Look>} */
const LOOKS = {
  success: { color: "ok", width: 1.25, fill: 0.32 },
  retry: { color: "warn", width: 1.25, dash: [5, 3], fill: 0.55 },
  failure: { color: "bad", width: 1.5, fill: 0.8, hatch: true },
  p50: { color: "p50", width: 1.5 },
  p95: { color: "p95", width: 1.75 },
  p99: { color: "p99", width: 1 },
  e0: { color: "e0", width: 1.25, fill: 0.7, hatch: true },
  e1: { color: "e1", width: 1.25, dash: [5, 3], fill: 0.6 },
  e2: { color: "e2", width: 1.25, fill: 0.5 },
  e3: { color: "e3", width: 1.25, dash: [2, 2], fill: 0.5 },
  e4: { color: "e4", width: 1.25, fill: 0.3 },
};

/** @param {string} key */
export const look = (key) => LOOKS[key] ?? LOOKS.p95;

/**
 * What a canvas fills an area with: a plain tint, or stripes upon it.
 * @param {Look} style
 * @param {(name: string) => string} colors
 * @returns {string | CanvasPattern}
 */
export function paint(style, colors) {
  const color = colors(style.color);
  if (!style.hatch) return faded(color, style.fill ?? 0);
  const size = 6;
  const tile = new OffscreenCanvas(size, size);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (tile.getContext("2d"));
  context.fillStyle = faded(color, style.fill ?? 0);
  context.fillRect(0, 0, size, size);
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift - 1, size + 1);
    context.lineTo(shift + size + 1, -1);
  }
  context.stroke();
  return /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
}

/**
 * @param {string} color as getComputedStyle writes it: `rgb(r, g, b)`
 * @param {number} opacity
 */
export const faded = (color, opacity) =>
  color.replace(/^rgb\(([^)]+)\)$/, (_, channels) => `rgba(${channels}, ${opacity})`);

/**
 * A legend's sample of a line, as SVG; its class gives it colour and dash.
 * @param {string} key
 */
export function sample(key) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 14 10");
  svg.setAttribute("class", `swatch ${key}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", "M0 5h14");
  svg.append(path);
  return svg;
}
