/** One chart: a figure of the page and the uPlot that draws into it. */

import { rowAxis, timeAxis, valueAxis } from "./axes.js";
import { columns, isHeat } from "./drawing.js";
import { cellPlugin } from "./heatmap.js";
import { legendPlugin, namePlugin } from "./legend.js";
import { look, paint } from "./looks.js";
import { whenPlugin } from "./when.js";

/**
 * @typedef {import("./axes.js").Colors} Colors
 * @typedef {import("./drawing.js").Drawing} Drawing
 * @typedef {import("./drawing.js").HeatData} HeatData
 * @typedef {import("./drawing.js").LineData} LineData
 * @typedef {{ zoom: (start: number, end: number) => void, back: () => void }} Moves
 */

const HEIGHT = 200;
const NAMES_WIDTH = 30;
const LEAST_DRAG_PX = 5;
const HEADROOM = 1.08;

export class Chart {
  /**
   * @param {HTMLElement} figure
   * @param {Drawing} drawing
   * @param {Moves} moves
   */
  constructor(figure, drawing, moves) {
    this.figure = figure;
    this.key = /** @type {string} */ (figure.dataset.chart);
    this.holder = /** @type {HTMLElement} */ (figure.querySelector(".plot"));
    this.drawing = drawing;
    this.moves = moves;
    this.form = "";
    /** @type {any} */
    this.plot = null;
  }

  /** @returns {LineData | HeatData} */
  get data() {
    return this.drawing.charts[this.key];
  }

  /**
   * Draw new data; the lines stay the same objects where they are the same lines.
   * @param {Drawing} drawing
   * @param {Colors} colors
   */
  show(drawing, colors) {
    this.drawing = drawing;
    const form = this.#form();
    if (this.plot && this.form === form) {
      this.plot.setData(columns(drawing, this.data));
    } else {
      this.form = form;
      this.redraw(colors);
    }
  }

  /**
   * Draw afresh, as when the colours are others.
   * @param {Colors} colors
   */
  redraw(colors) {
    this.plot?.destroy();
    this.plot = new uPlot(this.#options(colors), columns(this.drawing, this.data), this.holder);
  }

  /** Take the room that the figure has now. */
  resize() {
    const width = this.holder.clientWidth;
    if (width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  /**
   * What must be the same for the old lines to take new data.
   * @returns {string}
   */
  #form() {
    const { data } = this;
    return isHeat(data) ? "heat" : [data.unit, ...data.lines.map((line) => line.label)].join();
  }

  /** @param {Colors} colors */
  #options(colors) {
    const heat = () => /** @type {HeatData} */ (this.data);
    const lines = () => /** @type {LineData} */ (this.data);
    const isHeatmap = isHeat(this.data);
    const names = !isHeatmap && !lines().stacked && lines().lines.length > 1;
    return {
      width: this.holder.clientWidth,
      height: HEIGHT,
      padding: [8, NAMES_WIDTH, 0, 0],
      legend: { show: false },
      series: [{}, ...(isHeatmap ? [{}] : lineSeries(lines(), colors))],
      bands: isHeatmap ? [] : bands(lines(), colors),
      scales: {
        x: { time: true, range: () => [this.drawing.start, this.drawing.end] },
        y: { range: isHeatmap ? () => [0, heat().bounds.length - 1] : fromZero },
      },
      axes: [
        timeAxis(colors),
        isHeatmap ? rowAxis(heat, colors) : valueAxis(this.data.unit, colors),
      ],
      cursor: this.#cursor(isHeatmap),
      hooks: { setSelect: [(/** @type {any} */ plot) => this.#select(plot)] },
      plugins: [
        whenPlugin(() => this.drawing.step),
        ...(isHeatmap ? [cellPlugin(heat, colors)] : [legendPlugin(this.figure, lines)]),
        ...(names ? [namePlugin(lines, colors)] : []),
      ],
    };
  }

  /** @param {boolean} isHeatmap */
  #cursor(isHeatmap) {
    const shared = (/** @type {string} */ event) => event === "mousemove" || event === "mouseleave";
    const doubleClick = () => () => {
      this.moves.back();
      return null;
    };
    return {
      sync: { key: "page", setSeries: false, filters: { pub: shared } },
      drag: { x: true, y: false, setScale: false },
      points: { show: !isHeatmap, size: 7 },
      y: false,
      bind: { dblclick: doubleClick },
    };
  }

  /** @param {any} plot */
  #select(plot) {
    const { left, width } = plot.select;
    if (width === 0) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (width < LEAST_DRAG_PX) return;
    this.moves.zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
  }
}

/**
 * @param {LineData} data
 * @param {Colors} colors
 */
const lineSeries = (data, colors) =>
  data.lines.map((line, i) => {
    const style = look(line.key);
    const bottom = data.stacked && i === data.lines.length - 1;
    return {
      label: line.label,
      stroke: colors(style.color),
      width: style.width,
      dash: style.dash,
      fill: bottom ? paint(style, colors) : undefined,
      points: { show: true, size: 5, width: 0, fill: colors(style.color), filter: isolated },
    };
  });

/**
 * What lies between each stacked line and the next one below.
 * @param {LineData} data
 * @param {Colors} colors
 */
const bands = (data, colors) =>
  data.stacked
    ? data.lines.slice(0, -1).map((line, i) => ({
        series: [i + 1, i + 2],
        fill: paint(look(line.key), colors),
      }))
    : [];

/**
 * Points are drawn where no line can be: at values without a neighbour.
 * @param {any} plot
 * @param {number} series
 * @returns {number[]} their places
 */
function isolated(plot, series) {
  /** @type {import("./drawing.js").Values} */
  const values = plot.data[series];
  const known = (/** @type {number} */ at) => typeof values[at] === "number";
  return values.flatMap((_, at) => (known(at) && !known(at - 1) && !known(at + 1) ? [at] : []));
}

/**
 * @param {unknown} _plot
 * @param {number | null} _low
 * @param {number | null} high
 */
const fromZero = (_plot, _low, high) => [0, high ? high * HEADROOM : 1];
