// A gate or state of every unit at every character, as colours.

import { make } from "./dom.js";
import { t } from "./language.js";
import "./terms.js";

const SIGNED = new Set(["g", "c", "h"]);
/** @typedef {number[][]} Scale three colours, each red, green and blue */

/** @param {string} hex */
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** Share of the values within the ends of the colour scale: a few large ones would wash out all others. */
const WITHIN = 0.98;

/** Most units that can be distinguished at a time; a slider shows the others. */
const UNITS = 128;

/** Colours from the smallest value to the largest; for signed quantities the middle is zero. */
const SCALES = {
  light: { signed: ["#28518c", "#faf5ea", "#a8301f"].map(rgb), plain: ["#faf5ea", "#dcbd96", "#98452c"].map(rgb) },
  dark: { signed: ["#7fb0ee", "#221d18", "#ec8674"].map(rgb), plain: ["#221d18", "#8a4a35", "#ffc9a8"].map(rgb) },
};

/** @param {Scale} scale @param {number} share */
function colourOf(scale, share) {
  const at = Math.min(1.999, Math.max(0, share * 2));
  const [low, high] = [scale[Math.floor(at)], scale[Math.floor(at) + 1]];
  return low.map((value, n) => Math.round(value + (high[n] - value) * (at % 1)));
}

/** @param {number[]} values @param {number} share */
const quantile = (values, share) => Math.max(1e-6, values.sort((a, b) => a - b)[Math.floor(share * (values.length - 1))]);

export class HeatMap {
  isOnPaper = false;
  #step = 0;
  #row = 0; // of all units, in the order in which they are shown
  #first = 0; // the uppermost row that is shown
  /** @type {Trace} */
  trace = { quantity: "", text: "", values: [], nll: [], cell: {}, expected: [] };
  /** @type {number[]} units in the order in which they are shown */
  order = [];

  constructor() {
    this.canvas = make("canvas", { tabIndex: 0, role: "img" });
    this.characters = make("div", { className: "characters", lang: "zh", aria: { hidden: true } });
    this.surprises = make("div", { className: "surprises", aria: { hidden: true } });
    this.cursor = make("span", { className: "cursor", aria: { hidden: true } });
    this.scroll = make("div", { className: "heat", tabIndex: 0, role: "region" },
      make("div", { className: "sheet" }, this.characters, make("div", { className: "field-of-heat" }, this.canvas, this.cursor), this.surprises));
    this.value = make("p", { className: "status", role: "status" });
    this.scale = make("p", { className: "scale", aria: { hidden: true } });
    this.table = make("details", {});
    this.range = make("input", { type: "range", min: "0", value: "0" });
    this.shown = make("span", {});
    this.window = make("label", { className: "field" }, this.shown, this.range);
    this.range.addEventListener("input", () => this.#turn(Number(this.range.value)));
    this.element = make("div", { className: "map", hidden: true }, this.window, this.scroll, this.scale, this.value, this.table);
    this.canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.#point(event));
    this.canvas.addEventListener("keydown", (event) => this.#move(event));
  }

  /**
   * Draw a trace.
   * @param {Trace} trace
   * @param {boolean} sorted put the units that change most on top, instead of in their own order
   */
  show(trace, sorted) {
    this.trace = trace;
    const steps = trace.values.length, units = trace.values[0].length;
    /** @param {number} unit */
    const spread = (unit) => {
      const column = trace.values.map((row) => row[unit]);
      const mean = column.reduce((a, b) => a + b) / steps;
      return column.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    };
    this.order = Array.from({ length: units }, (_, unit) => unit);
    if (sorted) {
      const spreads = this.order.map(spread);
      this.order.sort((a, b) => spreads[b] - spreads[a]);
    }
    this.window.hidden = units <= UNITS;
    this.range.max = String(Math.max(0, units - UNITS));
    this.#label(steps, units);
    this.#turn(Math.min(this.#first, units - this.#rows));
    this.element.removeAttribute("aria-busy");
    this.element.hidden = false;
  }

  /** Say that another reading is on its way, and show the old one no longer. */
  wait() {
    this.element.setAttribute("aria-busy", "true");
    this.value.textContent = t("reading");
  }

  /** How many units are shown. */
  get #rows() { return Math.min(UNITS, this.order.length); }

  /**
   * Show the units from a row on.
   * @param {number} first
   */
  #turn(first) {
    this.#first = first;
    this.range.value = String(first);
    const words = t("units-shown", { from: first + 1, to: first + this.#rows, units: this.order.length });
    this.shown.textContent = words;
    this.range.setAttribute("aria-valuetext", words);
    this.#paint(this.trace.values.length, this.#rows);
    this.#select(Math.min(this.#step, this.trace.values.length - 1), Math.min(first + this.#rows - 1, Math.max(first, this.#row)));
  }

  /** @param {number} steps @param {number} rows */
  #paint(steps, rows) {
    const { trace } = this;
    const signed = SIGNED.has(trace.quantity);
    const largest = signed ? quantile(trace.values.flat().map(Math.abs), WITHIN) : 1;
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark" && !this.isOnPaper;
    const scale = SCALES[dark ? "dark" : "light"][signed ? "signed" : "plain"];
    this.canvas.width = steps;
    this.canvas.height = rows;
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    const image = pen.createImageData(steps, rows);
    const units = this.order.slice(this.#first, this.#first + rows);
    trace.values.forEach((row, step) => units.forEach((unit, at) => {
      const share = signed ? (row[unit] / largest + 1) / 2 : row[unit];
      image.data.set([...colourOf(scale, share), 255], 4 * (at * steps + step));
    }));
    pen.putImageData(image, 0, 0);
    const swatches = Array.from({ length: 9 }, (_, n) => {
      const swatch = make("i", {});
      swatch.style.background = `rgb(${colourOf(scale, n / 8).join(" ")})`;
      return swatch;
    });
    const ends = signed ? [`≤ −${largest.toFixed(2)}`, `≥ ${largest.toFixed(2)}`] : ["0", "1"];
    this.scale.replaceChildren(ends[0], make("span", {}, ...swatches), ends[1]);
  }

  /** @param {number} steps @param {number} units */
  #label(steps, units) {
    const { trace } = this;
    const read = [t("begin"), ...trace.text];
    this.scroll.style.setProperty("--steps", String(steps));
    this.characters.replaceChildren(...["·", ...trace.text].map((character) => make("span", {}, character)));
    const most = Math.max(...trace.nll, 1);
    // The cost of a character is below the step that predicts it.
    this.surprises.replaceChildren(...[...trace.nll, 0].map((nats) => {
      const bar = make("span", { title: nats ? `${nats.toFixed(2)}` : "" });
      bar.style.height = `${(nats / most) * 3}rem`;
      return bar;
    }));
    const label = t("heat-label", { quantity: t(`q_${trace.quantity}`), units, steps });
    this.canvas.setAttribute("aria-label", label);
    this.scroll.setAttribute("aria-label", label);
    /** @param {number[]} row */
    const mean = (row) => (row.reduce((a, b) => a + b) / units).toFixed(3);
    this.table.replaceChildren(make("summary", {}, t("heat-table")), make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, ""), make("th", { scope: "col" }, t("mean")), make("th", { scope: "col" }, t("surprise")))),
      make("tbody", {}, ...read.map((character, n) => make("tr", {}, make("th", { scope: "row", lang: "zh-Hant" }, character),
        make("td", {}, mean(trace.values[n])), make("td", {}, n ? trace.nll[n - 1].toFixed(2) : "–"))))));
  }

  /** @param {number} step @param {number} row */
  #select(step, row) {
    [this.#step, this.#row] = [step, row];
    const steps = this.trace.values.length, rows = this.#rows, unit = this.order[row];
    this.value.textContent = t("at-unit", {
      character: step ? this.trace.text[step - 1] : t("begin"), unit: unit + 1, value: this.trace.values[step][unit].toFixed(3),
    });
    Object.assign(this.cursor.style, {
      left: `${(step / steps) * 100}%`, width: `${100 / steps}%`, top: `${((row - this.#first) / rows) * 100}%`, height: `max(3px, ${100 / rows}%)`,
    });
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    /** @type {(share: number, count: number) => number} */
    const within = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    this.#select(within((event.clientX - box.left) / box.width, this.trace.values.length), this.#first + within((event.clientY - box.top) / box.height, this.#rows));
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    /** @type {(value: number, count: number) => number} */
    const clamp = (value, count) => Math.min(count - 1, Math.max(0, value));
    const row = clamp(this.#row + step[1], this.order.length);
    if (row < this.#first || row >= this.#first + this.#rows) this.#turn(this.#first + step[1]);
    this.#select(clamp(this.#step + step[0], this.trace.values.length), row);
  }
}
