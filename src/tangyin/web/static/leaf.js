// A poem set on its leaf, its characters to be touched.

import { byId, make } from "./dom.js";
import { language, t } from "./language.js";
import { BLANK, FORMS, lengthOf } from "./verse.js";

/** @type {Record<string, string>} */
const SIGNS = { P: "○", Z: "●" };

/** @typedef {[number, number]} At line and place, both from 0 */

/** Shows a poem, each character of which can be selected. */
export class Leaf {
  /** @type {At} */
  #focus = [0, 0];

  /** @param {(line: number, at: number) => void} onTouch */
  constructor(onTouch) {
    this.frame = byId("frame");
    this.poem = byId("poem");
    this.poem.addEventListener("click", (event) => {
      const button = event.target instanceof Element && event.target.closest(".hanzi");
      if (button instanceof HTMLElement) onTouch(Number(button.dataset.line), Number(button.dataset.at));
    });
    this.poem.addEventListener("keydown", (event) => this.#move(event));
    this.poem.addEventListener("focusin", (event) => {
      if (!(event.target instanceof HTMLElement)) return;
      const { line, at } = event.target.dataset;
      if (line !== undefined) this.#rove(Number(line), Number(at));
    });
  }

  /**
   * An empty leaf of a form, ruled for its lines.
   * @param {string} form
   * @param {string} hint
   */
  showEmpty(form, hint) {
    this.#shape(form);
    byId("poem-title").replaceChildren();
    byId("colophon").textContent = "";
    const [count] = FORMS[form];
    this.poem.replaceChildren(...Array.from({ length: count }, (_, n) =>
      make("p", { className: "line blank-line" }, n === 0 && hint ? make("span", { className: "hint" }, hint) : "")));
    this.frame.classList.add("empty");
  }

  /**
   * The title and the colophon.
   * @param {Poem} poem
   */
  #dress(poem) {
    byId("poem-title").replaceChildren(poem.title || t("untitled"), make("small", {}, poem.form));
    const number = poem.seed === null ? "" : `№ ${poem.seed}${poem.number ? `·${poem.number}` : ""}`;
    byId("colophon").textContent = [poem.model, number].filter(Boolean).join("　");
  }

  /**
   * Fit the size of characters to a form, and to lines that are longer.
   * @param {string} form
   * @param {string[]} lines
   */
  #shape(form, lines = []) {
    const [count, width] = FORMS[form];
    this.frame.style.setProperty("--columns", String(Math.max(count, 5)));
    this.frame.style.setProperty("--rows", String(Math.max(width, ...lines.map(lengthOf))));
    this.frame.classList.remove("empty");
  }

  /**
   * Show a poem.
   * @param {Poem} poem the poem, in the script that is shown
   * @param {{ touched?: At | null, fresh?: number }} [options] the selected place; the first line that is new
   */
  show(poem, { touched = null, fresh = Infinity } = {}) {
    this.#shape(poem.form, poem.lines);
    this.#dress(poem);
    const [count] = FORMS[poem.form];
    const within = this.poem.contains(document.activeElement);
    const rows = poem.lines.map((line, n) => this.#line(poem, line, n, touched, n >= fresh));
    while (rows.length < count) rows.push(make("p", { className: "line blank-line" }));
    this.poem.replaceChildren(...rows);
    this.#rove(...(touched ?? this.#focus));
    if (within) this.#at(...this.#focus)?.focus({ preventScroll: true });
    this.frame.classList.toggle("empty", !poem.lines.length);
  }

  /**
   * @param {Poem} poem
   * @param {string} line
   * @param {number} n
   * @param {At | null} touched
   * @param {boolean} fresh
   */
  #line(poem, line, n, touched, fresh) {
    const tones = poem.prosody?.tones?.[n] ?? "";
    const characters = [...line].map((character, at) => {
      const pressed = touched !== null && touched[0] === n && touched[1] === at;
      const sign = SIGNS[tones[at]] ?? "";
      return make("button", {
        type: "button", className: character === BLANK ? "hanzi blank" : "hanzi", tabIndex: -1,
        data: { line: n, at, sign },
        aria: { pressed, label: `${character} ${this.#where(n, at, tones[at])}` },
      }, character);
    });
    const row = make("p", { className: fresh ? "line new" : "line" }, ...characters,
      make("span", { className: "mark" }, poem.marks[n] ?? ""));
    return row;
  }

  /**
   * @param {number} line
   * @param {number} at
   * @param {string} tone
   */
  #where(line, at, tone) {
    const place = t("place", { line: line + 1, at: at + 1 });
    return tone ? `${place}${language() === "zh" ? "，" : ", "}${t(tone === "P" ? "level" : "oblique")}` : place;
  }

  /**
   * @param {number} line
   * @param {number} at
   */
  #at(line, at) { return this.#button(`[data-line="${line}"][data-at="${at}"]`); }

  /**
   * @param {string} selector
   * @returns {HTMLElement | null}
   */
  #button(selector) { return this.poem.querySelector(selector); }

  /**
   * Make a character the one that Tab reaches.
   * @param {number} line
   * @param {number} at
   */
  #rove(line, at) {
    const last = this.#button('.hanzi[tabindex="0"]');
    if (last) last.tabIndex = -1;
    const button = this.#at(line, at) ?? this.#button(".hanzi");
    if (!button) return;
    button.tabIndex = 0;
    this.#focus = [Number(button.dataset.line), Number(button.dataset.at)];
  }

  /** Scroll to the leaf if little of it is visible. */
  reveal() {
    const { top, bottom } = byId("leaf").getBoundingClientRect();
    if (top < 0 || Math.min(bottom, innerHeight) - top < (bottom - top) * 0.9) byId("leaf").scrollIntoView({ block: "start" });
  }

  /**
   * @param {number} line
   * @param {number} at
   */
  focus(line, at) { this.#at(line, at)?.focus(); }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const across = byId("leaf").classList.contains("across");
    /** @type {Record<string, At>} */
    const steps = across
      ? { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [2, 0], ArrowUp: [-2, 0] }
      : { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowLeft: [1, 0], ArrowRight: [-1, 0] };
    const step = steps[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [line, at] = this.#focus;
    let next = this.#at(line + step[0], at + step[1]);
    // After the end of a line comes the beginning of the next.
    if (!next && step[1] === 1) next = this.#at(line + 1, 0);
    if (!next && step[1] === -1) next = this.#button(`p:nth-child(${line}) .hanzi:nth-last-child(2)`);
    next?.focus();
  }
}
