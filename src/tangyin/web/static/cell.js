// One cell of an LSTM as a drawing that steps: gates, state, and the next characters.

import { make } from "./dom.js";
import { percent, t } from "./language.js";
import "./terms.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
function draw(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** @type {(x: number, y: number, words: string, name?: string) => SVGElement} */
const text = (x, y, words, name = "") => draw("text", { x, y, class: name }, words);

/** Where the gates are, from left to right, and what each lets through. @type {[string, number][]} */
const GATES = [["f", 110], ["i", 230], ["g", 340], ["o", 460]];
const TOP = 190, HEIGHT = 80; // of the bars that show how far a gate is open

export class Cell {
  /** @type {Map<string, SVGElement>} */
  #bars = new Map();
  /** @type {Map<string, SVGElement>} */
  #values = new Map();

  constructor() {
    const wires = [
      "M20 70H98M122 70H273M297 70H580", // c, along the top
      "M110 190V82", "M230 190V118H273M340 190V118H297M285 106V82", // f; i ⊙ g
      "M400 70V92M400 124V150H448M460 190V162M472 150H580", // tanh of c, o
      "M20 300H480M110 300V270M230 300V270M340 300V270M460 300V270", // z, along the bottom
    ];
    this.drawing = draw("svg", { viewBox: "0 40 600 290", class: "cell-drawing", role: "img" },
      draw("title", {}, t("cell-drawing")),
      ...wires.map((d) => draw("path", { d, class: "wire" })),
      this.#operation(110, 70, "×"), this.#operation(285, 70, "+"), this.#operation(285, 118, "×"), this.#operation(460, 150, "×"),
      draw("rect", { x: 370, y: 92, width: 60, height: 32, rx: 16, class: "operation" }), text(400, 114, "tanh", "name"),
      ...GATES.flatMap(([name, x]) => this.#gate(name, x)),
      text(20, 58, "cₜ₋₁", "name start"), this.#value("before", 20, 92, "start"),
      text(580, 58, "cₜ", "name end"), this.#value("c", 580, 92, "end"),
      text(580, 138, "hₜ", "name end"), this.#value("h", 580, 172, "end"),
      text(20, 324, "zₜ = [hₜ₋₁, xₜ]", "name start"), this.#value("x", 490, 308, "read"),
    );
    this.next = make("ol", { className: "next" });
    this.element = make("div", { className: "cell-and-next" }, this.drawing,
      make("div", {}, make("h3", {}, t("next-characters")), this.next));
  }

  /** @type {(x: number, y: number, sign: string) => SVGElement} */
  #operation(x, y, sign) {
    return draw("g", {}, draw("circle", { cx: x, cy: y, r: 12, class: "operation" }), text(x, y + 5, sign, "name"));
  }

  /** @type {(name: string, x: number) => SVGElement[]} */
  #gate(name, x) {
    const bar = draw("rect", { x: x - 15, width: 30, class: `level ${name}` });
    this.#bars.set(name, bar);
    return [
      draw("rect", { x: x - 16, y: TOP, width: 32, height: HEIGHT, class: "gate" }), bar,
      text(x + 22, TOP + 16, name, "name gate-name"), this.#value(name, x + 22, TOP + 44, "start"),
    ];
  }

  /** @type {(name: string, x: number, y: number, place: string) => SVGElement} */
  #value(name, x, y, place) {
    const found = text(x, y, "", `value ${place}`);
    this.#values.set(name, found);
    return found;
  }

  /**
   * Show a step.
   * @param {Trace} trace with a unit
   * @param {number} step 0 is before the first character
   */
  show(trace, step) {
    for (const [name, element] of this.#values) {
      const series = trace.cell[name === "before" ? "c" : name], at = name === "before" ? step - 1 : step;
      const value = series?.[at];
      element.textContent = name === "x" ? (trace.text[step - 1] ?? t("begin")) : value === undefined ? "–" : value.toFixed(2);
    }
    for (const [name, bar] of this.#bars) {
      const value = trace.cell[name]?.[step] ?? 0;
      const signed = name === "g", size = Math.abs(value) * (signed ? HEIGHT / 2 : HEIGHT);
      bar.setAttribute("height", String(size));
      bar.setAttribute("y", String(signed ? TOP + HEIGHT / 2 - (value > 0 ? size : 0) : TOP + HEIGHT - size));
    }
    this.drawing.classList.toggle("without-gates", !trace.cell.f);
    const actual = trace.text[step];
    const most = trace.expected[step][0].probability;
    this.next.replaceChildren(...trace.expected[step].map(({ character, probability }) => {
      const bar = make("span", { className: "bar" });
      bar.style.inlineSize = `${(100 * probability) / most}%`;
      return make("li", { className: character === actual ? "actual" : "" },
        make("span", { className: character.startsWith("<") ? "glyph named" : "glyph", lang: "zh" }, named(character)), make("span", { className: "track" }, bar), make("span", { className: "share" }, percent(probability)));
    }));
  }
}

/** A character or mark as it is shown; what is neither has a name. @param {string} token */
export const named = (token) => (token.startsWith("<") ? t(token === "<eos>" ? "token-end" : "token-other") : token);
