// The panel about a character that was touched.

import { ask } from "./api.js";
import { byId, make } from "./dom.js";
import { percent, t, showWords } from "./language.js";
import { isAbort, showError } from "./refusal.js";
import { BLANK, parse, textOf, textUpTo } from "./verse.js";

const TONES = { 平: "○", 上: "●", 去: "●", 入: "●" };
/** @param {number} level */
const sign = (level) => (level > 0.95 ? "○" : level < 0.05 ? "●" : "◎");

/** Options that a revision does not take, or that follow from the poem. */
const OF_POEMS = ["start", "form", "acrostic", "include", "title", "model", "rhyme", "pattern", "count", "particles"];

export class Touch {
  /** @type {AbortController | undefined} */
  #asking;

  /** @param {import("./compose.js").Compose} compose */
  constructor(compose) {
    this.compose = compose;
    this.panel = byId("touch");
    this.panel.addEventListener("keydown", (event) => { if (event.key === "Escape") this.leave(); });
  }

  get isOpen() { return !this.panel.hidden; }

  close() {
    this.#asking?.abort();
    this.panel.hidden = true;
  }

  leave() {
    this.close();
    this.compose.untouch();
  }

  /**
   * Describe the character at a place (line and character from 0), and offer others.
   * @param {Poem} poem
   * @param {number} line
   * @param {number} at
   */
  async open(poem, line, at) {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const character = poem.lines[line]?.[at];
    if (!character) { this.close(); return; }
    // The focus stays in the panel when its contents change.
    const within = this.panel.hidden || this.panel.contains(document.activeElement);
    const heading = make("h2", { tabIndex: -1, lang: "zh-Hant" }, character, make("small", {}, t("place", { line: line + 1, at: at + 1 })));
    const about = make("div", {});
    const others = make("div", {});
    const problem = make("p", { className: "problem", role: "alert" });
    const revise = (/** @type {number | null} */ place) => this.#revise(poem, line, place, others, problem);
    this.panel.replaceChildren(
      make("button", { type: "button", className: "close", aria: { label: t("close") }, on: { click: () => this.leave() } }, make("span", { aria: { hidden: true } }, "×")),
      heading, about,
      make("h3", {}, t("rewrite")),
      make("div", { className: "actions" },
        this.#action("rewrite-character", () => revise(at)),
        this.#action("rewrite-line", () => revise(null)),
        this.#action("rewrite-after", () => this.compose.rewriteAfter(line, at))),
      problem, others,
    );
    this.panel.hidden = false;
    if (within) heading.focus({ preventScroll: true });
    const text = textUpTo(poem, line, at);
    if (text.includes(BLANK)) return; // the model cannot read open places
    try {
      const body = { text, form: poem.form, line: line + 1, character: at + 1, count: 10 };
      const found = await ask("place", { ...body, ...this.compose.context(poem) }, asking.signal);
      about.replaceChildren(...this.#about(found, line, at));
    } catch (error) { showError(problem, error); }
  }

  /**
   * @param {string} words
   * @param {() => unknown} act
   */
  #action(words, act) { return make("button", { type: "button", on: { click: act } }, t(words)); }

  /**
   * @param {Place} found
   * @param {number} line
   * @param {number} at
   */
  #about(found, line, at) {
    const readings = found.readings.map(({ tone, rhyme, share }) => make("li", {},
      make("b", { lang: "zh-Hant" }, `${TONES[tone]} ${tone}聲 ${rhyme}韻`), t(`tone_${tone}`), make("span", {}, t("of-places", { share: percent(share) }))));
    const thought = found.known ? t("probability", { share: percent(found.probability), rank: found.rank }) : t("unknown-to-model");
    const most = found.candidates[0].probability;
    const candidates = found.candidates.map(({ character, probability, level }) => make("li", {},
      make("button", { type: "button", disabled: character === found.character, on: { click: () => this.compose.replace(line, at, character) } },
        make("span", { className: "glyph", lang: "zh-Hant" }, character),
        make("span", { className: "sign" }, sign(level)),
        make("progress", { max: most, value: probability, aria: { hidden: true } }),
        make("span", { className: "share" }, percent(probability)))));
    return [
      make("ul", { className: "readings" }, ...(readings.length ? readings : [make("li", {}, t("no-readings"))])),
      make("h3", {}, t("thought")), make("p", { className: "status" }, thought),
      make("h3", {}, t("candidates")), make("ul", { className: "candidates" }, ...candidates),
    ];
  }

  /**
   * Offer other ways to write a line, or one character of it.
   * @param {Poem} poem
   * @param {number} line
   * @param {number | null} at
   * @param {HTMLElement} others
   * @param {HTMLElement} problem
   */
  async #revise(poem, line, at, others, problem) {
    showWords(problem, "");
    others.replaceChildren(make("p", { className: "status", role: "status" }, t("writing")));
    const { seed, ...given } = this.compose.given();
    for (const name of OF_POEMS) delete given[name];
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    try {
      const found = await ask("revise", {
        ...given, ...this.compose.context(poem), text: textOf(poem), line: line + 1, count: 6,
        seed: seed ?? Math.floor(Math.random() * 2 ** 32), ...(at === null ? {} : { character: at + 1 }),
      }, asking.signal);
      others.replaceChildren(
        make("h3", {}, t(found.length ? "others" : "no-others")),
        make("ul", { className: "others" }, ...found.map((/** @type {Verse} */ verse) => make("li", {},
          make("button", { type: "button", lang: "zh-Hant", on: { click: () => this.compose.use(verse.text) } },
            ...[...parse(verse.text).lines[line]].map((c, n) => (c === poem.lines[line][n] ? c : make("em", {}, c))))))),
      );
      others.querySelector("button")?.focus();
    } catch (error) {
      if (isAbort(error)) return;
      others.replaceChildren();
      showError(problem, error);
    }
  }
}
