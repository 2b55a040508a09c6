/** Draws `drawing.json`: a dashboard with its data, laid out on Grafana's grid. */

import { drawBars } from "./bars.js";
import { element } from "./element.js";
import { drawHeat } from "./heat.js";
import { drawLines } from "./lines.js";
import { drawStat } from "./stat.js";

const KINDS = { bargauge: drawBars, heatmap: drawHeat, stat: drawStat, timeseries: drawLines };

const board = await (await fetch("drawing.json")).json();
const main = document.querySelector("main");
document.getElementById("title").textContent = board.title;
document.getElementById("range").append(
  element("b", { text: `${board.time.from} to ${board.time.to}` }),
  element("span", { text: `⟳ ${board.refresh}` }),
);
document.getElementById("variables").append(
  ...board.variables.map(({ label, text }) =>
    element("span", { className: "control" }, element("b", { text: label }), element("span", { text })),
  ),
);
for (const row of board.rows) main.append(placed(row, element("h2", { text: row.title })));
for (const panel of board.panels) draw(panel);
document.documentElement.dataset.drawn = "";

function draw(panel) {
  const body = element("div", { className: "body" });
  const title = element("h3", { text: panel.title });
  const section = placed(panel, element("section", {}, title, body));
  section.dataset.chart = panel.title;
  main.append(section);
  if (panel.series.some(({ values }) => values.some((value) => value !== null))) {
    KINDS[panel.type](panel, board, body);
  } else {
    const text = panel.fieldConfig.defaults.noValue ?? "No data";
    body.append(element("p", { className: "none", text }));
  }
}

function placed({ gridPos: { x, y, w, h } }, made) {
  Object.assign(made.style, { gridColumn: `${x + 1} / span ${w}`, gridRow: `${y + 1} / span ${h}` });
  return made;
}
