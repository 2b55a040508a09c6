/** A label under each chart with the time at the cursor. */

import { moment } from "./format.js";

/** @param {() => number} step seconds in one interval */
export function whenPlugin(step) {
  const label = document.createElement("div");
  label.className = "when";
  label.hidden = true;
  const place = (/** @type {any} */ plot) => {
    const { idx, left } = plot.cursor;
    label.hidden = idx === null || idx === undefined || left < 0;
    if (label.hidden) return;
    label.textContent = moment(plot.data[0][idx], step());
    const rightmost = plot.over.clientWidth - label.offsetWidth;
    const centred = left - label.offsetWidth / 2;
    label.style.left = `${Math.max(0, Math.min(centred, rightmost))}px`;
  };
  return {
    hooks: { init: (/** @type {any} */ plot) => plot.over.append(label), setCursor: place },
  };
}
