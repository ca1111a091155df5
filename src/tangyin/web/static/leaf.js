// A poem set on its leaf, its characters to be touched.

import { byId, make } from "./dom.js";
import { language, t } from "./language.js";
import { BLANK, FORMS } from "./verse.js";

const SIGNS = { P: "○", Z: "●" };

/** Sets poems into the leaf and tells which character is touched. */
export class Leaf {
  #focus = [0, 0];

  /** @param onTouch called with line and place, both from 0. */
  constructor(onTouch) {
    this.frame = byId("frame");
    this.poem = byId("poem");
    this.poem.addEventListener("click", (event) => {
      const button = event.target.closest(".hanzi");
      if (button) onTouch(Number(button.dataset.line), Number(button.dataset.at));
    });
    this.poem.addEventListener("keydown", (event) => this.#move(event));
    this.poem.addEventListener("focusin", (event) => {
      const { line, at } = event.target.dataset;
      if (line !== undefined) this.#rove(Number(line), Number(at));
    });
  }

  /** An empty leaf of a form, ruled for its lines. */
  showEmpty(form, hint) {
    this.#shape(form);
    byId("poem-title").replaceChildren();
    byId("colophon").textContent = "";
    const [count] = FORMS[form];
    this.poem.replaceChildren(...Array.from({ length: count }, (_, n) =>
      make("p", { className: "line blank-line" }, n === 0 && hint ? make("span", { className: "hint" }, hint) : "")));
    this.frame.classList.add("empty");
  }

  /** The title and what stands at the end. */
  #dress(poem) {
    byId("poem-title").replaceChildren(poem.title || t("untitled"), make("small", {}, poem.form));
    byId("colophon").textContent = [poem.model, poem.seed !== null && poem.seed !== undefined ? `№ ${poem.seed}${poem.number ? `·${poem.number}` : ""}` : ""].filter(Boolean).join("　");
  }

  #shape(form) {
    const [count, width] = FORMS[form];
    this.frame.dataset.lines = count;
    this.frame.dataset.characters = width;
    this.frame.classList.remove("empty");
  }

  /**
   * Set a poem.
   * @param poem the poem, in the script that is read.
   * @param options touched: [line, place] or null; fresh: the first line that is new.
   */
  show(poem, { touched = null, fresh = Infinity } = {}) {
    this.#shape(poem.form);
    this.#dress(poem);
    const [count, width] = FORMS[poem.form];
    const within = this.poem.contains(document.activeElement);
    const rows = poem.lines.map((line, n) => this.#line(poem, line, n, touched, n >= fresh));
    while (rows.length < count) rows.push(make("p", { className: "line blank-line" }));
    this.poem.replaceChildren(...rows);
    this.#rove(...(touched ?? this.#focus));
    if (within) this.#at(...this.#focus)?.focus({ preventScroll: true });
    this.frame.classList.toggle("empty", !poem.lines.length);
    this.frame.dataset.characters = Math.max(width, ...poem.lines.map((line) => line.length)) > 5 ? 7 : 5;
  }

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

  #where(line, at, tone) {
    const place = t("place", { line: line + 1, at: at + 1 });
    return tone ? `${place}${language() === "zh" ? "，" : ", "}${t(tone === "P" ? "level" : "oblique")}` : place;
  }

  #at(line, at) { return this.poem.querySelector(`[data-line="${line}"][data-at="${at}"]`); }

  #rove(line, at) {
    for (const button of this.poem.querySelectorAll('.hanzi[tabindex="0"]')) button.tabIndex = -1;
    const button = this.#at(line, at) ?? this.poem.querySelector(".hanzi");
    if (!button) return;
    button.tabIndex = 0;
    this.#focus = [Number(button.dataset.line), Number(button.dataset.at)];
  }

  /** Bring the leaf to the top where little of it can be seen. */
  reveal() {
    const { top, bottom } = byId("leaf").getBoundingClientRect();
    if (top < 0 || Math.min(bottom, innerHeight) - top < (bottom - top) * 0.9) byId("leaf").scrollIntoView({ block: "start" });
  }

  focus(line, at) { this.#at(line, at)?.focus(); }

  #move(event) {
    const across = byId("leaf").classList.contains("across");
    const steps = across
      ? { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [2, 0], ArrowUp: [-2, 0] }
      : { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowLeft: [1, 0], ArrowRight: [-1, 0] };
    const step = steps[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [line, at] = this.#focus;
    let next = this.#at(line + step[0], at + step[1]);
    // Past the end of a line comes the next line's beginning.
    if (!next && step[1] === 1) next = this.#at(line + 1, 0);
    if (!next && step[1] === -1) next = [...this.poem.querySelectorAll(`[data-line="${line - 1}"]`)].at(-1);
    next?.focus();
  }
}
