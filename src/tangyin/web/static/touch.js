// The panel about a character that was touched.

import { ask } from "./api.js";
import { byId, make } from "./dom.js";
import { percent, t, tell } from "./language.js";
import { tellError } from "./refusal.js";
import { BLANK, parse, textOf, textUpTo } from "./verse.js";

const TONES = { 平: "○", 上: "●", 去: "●", 入: "●" };
const sign = (level) => (level > 0.95 ? "○" : level < 0.05 ? "●" : "◎");

export class Touch {
  #asking = null;

  /** @param compose the page whose poem is touched. */
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

  /** Say what stands at a place (line and character from 0), and offer what else might. */
  async open(poem, line, at) {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const character = poem.lines[line]?.[at];
    if (!character) return this.close();
    // Who is in the panel, or comes to it, stays there when its contents change.
    const within = this.panel.hidden || this.panel.contains(document.activeElement);
    const heading = make("h2", { tabIndex: -1, lang: "zh-Hant" }, character, make("small", {}, t("place", { line: line + 1, at: at + 1 })));
    const about = make("div", {});
    this.others = make("div", {});
    this.problem = make("p", { className: "problem", role: "alert" });
    this.panel.replaceChildren(
      make("button", { type: "button", className: "close", aria: { label: t("close") }, on: { click: () => this.leave() } }, make("span", { aria: { hidden: true } }, "×")),
      heading, about,
      make("h3", {}, t("rewrite")),
      make("div", { className: "actions" },
        this.#action("rewrite-character", () => this.#revise(poem, line, at)),
        this.#action("rewrite-line", () => this.#revise(poem, line, null)),
        this.#action("rewrite-after", () => this.compose.rewriteAfter(line, at))),
      this.problem, this.others,
    );
    this.panel.hidden = false;
    if (within) heading.focus({ preventScroll: true });
    const text = textUpTo(poem, line, at);
    if (text.includes(BLANK)) return undefined; // nobody has read what is left open
    try {
      const body = { text, form: poem.form, line: line + 1, character: at + 1, count: 10 };
      const found = await ask("place", { ...body, ...this.compose.context(poem) }, asking.signal);
      about.replaceChildren(...this.#about(found, line, at));
    } catch (error) { tellError(this.problem, error); }
    return undefined;
  }

  #action(words, act) { return make("button", { type: "button", on: { click: act } }, t(words)); }

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

  /** Offer other ways to write a line, or one character of it, in its context. */
  async #revise(poem, line, at) {
    tell(this.problem, "");
    this.others.replaceChildren(make("p", { className: "status", role: "status" }, t("writing")));
    // Rhyme and pattern are those of the other lines, whatever the next poem is to have.
    const { start, form, acrostic, include, title, model, rhyme, pattern, seed, ...wishes } = this.compose.wishes();
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    try {
      const found = await ask("revise", {
        ...wishes, ...this.compose.context(poem), text: textOf(poem), line: line + 1, count: 6,
        seed: seed ?? Math.floor(Math.random() * 2 ** 32), ...(at === null ? {} : { character: at + 1 }),
      }, asking.signal);
      this.others.replaceChildren(
        make("h3", {}, t(found.length ? "others" : "no-others")),
        make("ul", { className: "others" }, ...found.map((verse) => make("li", {},
          make("button", { type: "button", lang: "zh-Hant", on: { click: () => this.compose.use(verse.text) } },
            ...[...parse(verse.text).lines[line]].map((c, n) => (c === poem.lines[line][n] ? c : make("em", {}, c))))))),
      );
      this.others.querySelector("button")?.focus();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.others.replaceChildren();
      tellError(this.problem, error);
    }
  }
}
