/** A uPlot plugin that draws a panel's thresholds, and lines where something happened. */

import { named } from "./palette.js";

const DASH_PX = [5, 4];

/**
 * @param {any} panel
 * @param {any} board
 */
export function marksPlugin(panel, board) {
  const { custom, thresholds } = panel.fieldConfig.defaults;
  const steps = custom.thresholdsStyle ? thresholds.steps.filter(({ value }) => value !== null) : [];
  return {
    hooks: {
      draw: (plot) => {
        const { left, top, width, height } = plot.bbox;
        for (const { value, color } of steps) {
          const y = plot.valToPos(value, "y", true);
          if (y >= top) rule(plot.ctx, named(color), [left, y], [left + width, y]);
        }
        for (const { when, color } of board.events) {
          const x = plot.valToPos(when, "x", true);
          rule(plot.ctx, named(color), [x, top], [x, top + height]);
        }
      },
    },
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} color
 * @param {[number, number]} from
 * @param {[number, number]} to
 */
function rule(ctx, color, from, to) {
  ctx.save();
  ctx.strokeStyle = color;
  ctx.setLineDash(DASH_PX);
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.restore();
}
