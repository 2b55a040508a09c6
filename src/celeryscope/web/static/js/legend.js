/** The names of lines: in a legend with the values under the cursor, and at the lines' ends. */

import { amount } from "./format.js";
import { sample } from "./looks.js";

/** @typedef {import("./drawing.js").LineData} LineData */

const NAME_HEIGHT_PX = 14;

/**
 * @param {HTMLElement} figure
 * @param {() => LineData} data
 */
export function legendPlugin(figure, data) {
  const legend = /** @type {HTMLElement} */ (figure.querySelector(".legend"));
  const values = data().lines.map(() => document.createElement("b"));
  legend.replaceChildren(
    ...data().lines.map((line, i) => {
      const item = document.createElement("li");
      item.append(sample(line.key), line.label, values[i]);
      return item;
    }),
  );
  const read = (/** @type {any} */ plot) => {
    const at = plot.cursor.left < 0 ? null : plot.cursor.idx;
    data().lines.forEach((line, i) => {
      values[i].textContent = at === null ? "" : amount(line.values[at], data().unit);
    });
  };
  return { hooks: { setCursor: read } };
}

/**
 * @param {() => LineData} data
 * @param {(name: string) => string} colors
 */
export function namePlugin(data, colors) {
  const draw = (/** @type {any} */ plot) => {
    const { ctx, bbox } = plot;
    const pixels = devicePixelRatio;
    ctx.save();
    ctx.font = `${12 * pixels}px system-ui, sans-serif`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.fillStyle = colors("soft");
    const names = apart(endings(plot, data()), NAME_HEIGHT_PX * pixels, bbox.top);
    for (const { line, y } of names) {
      ctx.fillText(line.label, bbox.left + bbox.width + 5 * pixels, y);
    }
    ctx.restore();
  };
  return { hooks: { draw } };
}

/**
 * Where each line ends, in canvas pixels from the top.
 * @param {any} plot
 * @param {LineData} data
 */
const endings = (plot, data) =>
  data.lines.flatMap((line) => {
    const last = line.values.findLast((value) => value !== null);
    return typeof last === "number" ? [{ line, y: plot.valToPos(last, "y", true) }] : [];
  });

/**
 * Move names apart that would lie upon each other, upwards first and back below the top.
 * @template {{ y: number }} Name
 * @param {Name[]} names
 * @param {number} room
 * @param {number} top
 */
function apart(names, room, top) {
  const sorted = names.toReversed().toSorted((a, b) => a.y - b.y);
  for (let i = sorted.length - 2; i >= 0; i--) {
    sorted[i].y = Math.min(sorted[i].y, sorted[i + 1].y - room);
  }
  let free = top;
  for (const name of sorted) {
    name.y = Math.max(name.y, free);
    free = name.y + room;
  }
  return sorted;
}
