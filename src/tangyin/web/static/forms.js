// The dialog of the forms beside the four: 詞 by its tunes, 排律 and 古體 by their lines, and 對聯, an
// answer to a line. Loaded when it is first opened.

import { ask, get } from "./api.js";
import { copied, make } from "./dom.js";
import { inLanguage, showWords, simplified, t } from "./language.js";
import { Refusal, showError } from "./refusal.js";
import { inScript, inTraditional } from "./script.js";
import { marksIn } from "./verse.js";

const SHOWN = 30; // tunes that are listed at once

/** @type {Record<string, Words>} */
const WORDS = {
  heading: { zh: "其他體裁", en: "Other forms" },
  close: { zh: "關閉", en: "Close" },
  tunes: { zh: "詞", en: "詞, to a tune" },
  search: { zh: "詞牌，本名別名都可以", en: "Tune, by any of its names" },
  none: { zh: "沒有這個詞牌。", en: "There is no such tune." },
  more: { zh: "還有 {count} 個；請多打一字。", en: "{count} more; type another character." },
  variant: { zh: "{name}的詞體", en: "Variant of {name}" },
  nth: { zh: "第{number}體　{count}字", en: "Variant {number}, {count} characters" },
  songs: { zh: "{hanzi}字　宋人 {songs} 首", en: "{hanzi} characters, {songs} Song poems" },
  long: { zh: "排律和古體", en: "As many lines as you like" },
  lines: { zh: "句數", en: "Lines" },
  couplet: { zh: "對聯", en: "Answer a line (對聯)" },
  upper: { zh: "上聯，四到二十字，句中可以停頓", en: "Upper line, 4 to 20 characters, with any pauses" },
  answer: { zh: "對下聯", en: "Answer" },
  again: { zh: "再對", en: "Other answers" },
  check: { zh: "校律", en: "Check" },
  copy: { zh: "複製", en: "Copy" },
  answering: { zh: "正在對……", en: "Answering…" },
};

/** @type {(key: string, values?: Values) => string} */
const say = (key, values = {}) => inLanguage(WORDS[key]).replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** @type {Promise<Tune[]> | undefined} */
let loading;

/** All tunes, those of most poems first. @returns {Promise<Tune[]>} */
const tunes = () => (loading ??= get("static/tunes.json").catch((error) => { loading = undefined; throw error; }));

/** The lines of a variant, such as 7。7。7。/7，7。7。 @param {string} lines @returns {FormShape} */
function shapeOf(lines) {
  /** @type {FormShape} */
  const shape = { kind: "詞", regulated: true, widths: [], marks: [], breaks: [] };
  for (const [, opens, width, mark] of lines.matchAll(/(\/?)(\d+)([、，。])/g)) {
    if (opens) shape.breaks.push(shape.widths.length);
    shape.widths.push(Number(width));
    shape.marks.push(mark);
  }
  return shape;
}

/** Characters of a variant. @param {string} lines */
const hanziOf = (lines) => shapeOf(lines).widths.reduce((sum, width) => sum + width, 0);

/**
 * The name of a variant as a form, by one of the names of the tune.
 * @param {Tune} tune
 * @param {number} number
 * @param {string} name
 */
const formOf = (tune, number, name) => (number === tune.usual ? name : `${name}·${number}`);

export class Forms {
  #count = 0; // of searches and answers

  /** @param {Shape[]} shapes @param {import("./desk.js").Desk} desk */
  constructor(shapes, desk) {
    this.shapes = shapes.filter((shape) => shape.most_lines);
    this.desk = desk;
    this.upper = "";
    this.dialog = make("dialog", { className: "shelf", id: "forms-dialog", aria: { labelledby: "forms-heading" } });
    document.body.append(this.dialog);
    document.addEventListener("language", () => { if (this.dialog.open) this.open(); });
  }

  async open() {
    this.#lay();
    if (!this.dialog.open) this.dialog.showModal();
    await this.#search("");
  }

  #lay() {
    const search = make("input", { type: "search", id: "tune-search", lang: "zh-Hant", autocomplete: "off", on: { input: () => this.#search(search.value) } });
    this.tunes = make("ul", { id: "tunes", className: "plain-list" });
    this.status = make("p", { className: "status", role: "status" });
    this.dialog.replaceChildren(
      make("form", { method: "dialog" }, make("button", { className: "close", aria: { label: say("close") } }, make("span", { aria: { hidden: true } }, "×"))),
      make("h2", { id: "forms-heading" }, say("heading")),
      make("h3", {}, say("tunes")),
      make("label", { className: "field" }, make("span", {}, say("search")), search),
      this.tunes, this.status,
      make("h3", {}, say("long")), this.#longer(),
      make("h3", {}, say("couplet")), this.#couplet());
  }

  /**
   * List the tunes with a name that has these characters, in either script.
   * @param {string} typed
   */
  async #search(typed) {
    const number = (this.#count += 1);
    try {
      const words = typed.replaceAll(/\s/g, ""), both = new Set([words, words && (await inTraditional(words).catch(() => words))]);
      const all = await tunes();
      if (number !== this.#count) return;
      /** @type {(tune: Tune) => string | undefined} */
      const nameIn = ({ names }) => [...both].map((part) => names.find((name) => name === part) ?? names.find((name) => name.includes(part))).find(Boolean);
      const found = all.flatMap((tune) => { const name = nameIn(tune); return name ? [{ tune, name }] : []; });
      // A name that is typed whole comes first.
      found.sort((a, b) => Number(both.has(b.name)) - Number(both.has(a.name)));
      this.tunes?.replaceChildren(...found.slice(0, SHOWN).map(({ tune, name }) => this.#tune(tune, name)));
      const left = found.length - SHOWN;
      if (this.status) this.status.textContent = !found.length ? say("none") : left > 0 ? say("more", { count: left }) : "";
    } catch (error) { if (this.status) showError(this.status, error); }
  }

  /**
   * @param {Tune} tune
   * @param {string} name the one that was found
   */
  #tune(tune, name) {
    const usual = tune.variants.find(([number]) => number === tune.usual) ?? tune.variants[0];
    const choose = (/** @type {[number, string]} */ [number, lines]) => { this.dialog.close(); this.desk.setForm(formOf(tune, number, name), shapeOf(lines)); };
    const others = tune.names.filter((other) => other !== name).slice(0, 4).join("、");
    const variants = make("select", { aria: { label: say("variant", { name: simplified(name) }) }, on: { change: () => choose(tune.variants[variants.selectedIndex]) } },
      ...tune.variants.map(([number, lines]) => make("option", { selected: number === tune.usual }, say("nth", { number, count: hanziOf(lines) }))));
    return make("li", { className: "tune" },
      make("button", { type: "button", data: { tune: name }, on: { click: () => choose(usual) } },
        make("b", { lang: "zh-Hant" }, simplified(name)), " ", make("small", {}, say("songs", { hanzi: hanziOf(usual[1]), songs: tune.songs }), " ", make("span", { lang: "zh-Hant" }, simplified(others)))),
      tune.variants.length > 1 && variants);
  }

  #longer() {
    const lines = make("input", { type: "number", id: "lines-wanted", value: "12", step: "2", min: String(Math.min(...this.shapes.map((shape) => shape.fewest_lines))), max: "200" });
    const buttons = this.shapes.map((shape) => make("button", {
      type: "button", lang: "zh-Hant", data: { form: shape.name }, on: { click: () => {
        const wanted = Math.round((Number(lines.value) || shape.lines) / 2) * 2;
        const count = Math.min(shape.most_lines, Math.max(shape.fewest_lines, wanted));
        this.dialog.close();
        this.desk.setForm(shape.name, {
          kind: shape.kind, regulated: shape.regulated, breaks: [],
          widths: Array(count).fill(shape.characters), marks: Array.from({ length: count }, (_, n) => "，。"[n % 2]),
        });
      } },
    }, simplified(shape.name)));
    return make("div", { className: "actions longer" }, make("label", { className: "field" }, make("span", {}, say("lines")), lines), ...buttons);
  }

  #couplet() {
    const upper = make("input", { id: "upper-line", value: this.upper, maxLength: 40, lang: "zh-Hant", autocomplete: "off", placeholder: "一徑竹陰雲滿地" });
    const answers = make("ul", { id: "answers", className: "plain-list", lang: "zh-Hant" }), said = make("p", { className: "status", role: "status" });
    const problem = make("p", { className: "problem", role: "alert" });
    const button = make("button", { type: "submit", className: "primary" }, say("answer"));
    let seed = 0;
    const answer = async (/** @type {Event} */ event) => {
      event.preventDefault();
      if (this.upper !== upper.value) seed = 0;
      this.upper = upper.value;
      showWords(problem, "");
      said.textContent = say("answering");
      try {
        const text = this.upper || upper.placeholder;
        /** @type {Answer[]} */
        const found = await ask("couplet", { upper: text, seed, model: this.desk.wishes.models.find(({ kinds }) => kinds.length)?.name });
        seed += 1;
        const shown = await Promise.all(found.map(({ text: both }) => inScript(both, this.desk.settings.script).catch(() => both)));
        answers.replaceChildren(...found.map((one, n) => make("li", { className: "answer" }, make("span", {}, shown[n]), " ",
          make("button", { type: "button", on: { click: () => { this.dialog.close(); this.desk.onCheck(one.text); } } }, say("check")), " ",
          make("button", { type: "button", on: { click: async () => { said.textContent = t(await copied(shown[n])); } } }, say("copy")))));
        button.textContent = say("again");
        said.textContent = "";
        answers.scrollIntoView({ block: "nearest" });
      } catch (error) { said.textContent = ""; showError(problem, error); }
    };
    return make("form", { id: "couplet", on: { submit: answer } },
      make("label", { className: "field" }, make("span", {}, say("upper")), upper), make("div", { className: "actions" }, button), problem, said, answers);
  }
}

/**
 * A pasted 詞 as a poem; null if it is none that has all its lines.
 * @param {string} text
 * @returns {Promise<Poem | null>}
 */
export async function pastedTune(text) {
  /** @type {Checked[]} */
  const [found, another] = await ask("check", { text });
  const isWhole = !another && found && "tune" in found && found.lines.every((line, n) => [...line].length === found.patterns[n].length);
  return isWhole ? poemOfTune(found, text) : null;
}

/**
 * A checked 詞, all of whose lines are as long as in its variant, as a poem of the sheet.
 * @param {CiReport} report
 * @param {string} text in which it is, with its marks
 * @returns {Promise<Poem>}
 * @throws {Refusal} the table of tunes cannot be had
 */
export async function poemOfTune({ tune: name, variant, lines, title }, text) {
  const tune = (await tunes()).find(({ names }) => names[0] === name), found = tune?.variants.find(([number]) => number === variant);
  if (!tune || !found) throw new Refusal("lost");
  const shape = shapeOf(found[1]), [head, ...rest] = title.split(/[·・\s]/);
  const isNamed = tune.names.includes(head && (await inTraditional(head).catch(() => head)));
  return { form: formOf(tune, variant, name), title: isNamed ? rest.join(" ") : title, model: "", seed: null, shape, lines, marks: marksIn(text, lines) };
}
