// The dialog of the forms beside the four: 詞 by its tunes, 排律 and 古體 by their lines, and 對聯, an
// answer to a line.

import { get } from "./api.js";
import { coupletForm } from "./couplet.js";
import { make, press } from "./dom.js";
import { simplified, t } from "./language.js";
import { showError } from "./refusal.js";
import { inTraditional } from "./script.js";

const SHOWN = 30; // tunes that are listed at once

/** @type {(key: string, values?: Values) => string} */
const say = (key, values = {}) => t(`forms-${key}`, values);

/** @type {Promise<Tune[]> | undefined} */
let loading;

/** All tunes, those of most poems first. @returns {Promise<Tune[]>} */
const tunes = () =>
  (loading ??= get("static/tunes.json").catch((error) => {
    loading = undefined;
    throw error;
  }));

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
    this.dialog = make("dialog.shelf", { id: "forms-dialog", aria: { labelledby: "forms-heading" } });
    document.body.append(this.dialog);
    document.addEventListener("language", () => {
      if (this.dialog.open) this.open();
    });
  }

  async open() {
    this.#lay();
    if (!this.dialog.open) this.dialog.showModal();
    await this.#search("");
  }

  #lay() {
    const search = make("input", {
      type: "search",
      id: "tune-search",
      lang: "zh-Hant",
      autocomplete: "off",
      on: { input: () => this.#search(search.value) },
    });
    this.tunes = make("ul.plain-list", { id: "tunes" });
    this.status = make("p.status", { role: "status" });
    this.dialog.replaceChildren(
      make(
        "form",
        { method: "dialog" },
        make("button.close", { aria: { label: say("close") } }, make("span", { aria: { hidden: true } }, "×")),
      ),
      make("h2", { id: "forms-heading" }, say("heading")),
      make("h3", say("tunes")),
      make("label.field", make("span", say("search")), search),
      this.tunes,
      this.status,
      make("h3", say("long")),
      this.#longer(),
      make("h3", say("couplet")),
      coupletForm(this.desk, () => this.dialog.close()),
    );
  }

  /**
   * List the tunes with a name that has these characters, in either script.
   * @param {string} typed
   */
  async #search(typed) {
    this.#count += 1;
    const number = this.#count;
    try {
      const words = typed.replaceAll(/\s/g, ""),
        both = new Set([words, words && (await inTraditional(words))]);
      const all = await tunes();
      if (number !== this.#count) return;
      /** @type {(tune: Tune) => string | undefined} */
      const nameIn = ({ names }) =>
        [...both]
          .map((part) => names.find((name) => name === part) ?? names.find((name) => name.includes(part)))
          .find(Boolean);
      const found = all.flatMap((tune) => {
        const name = nameIn(tune);
        return name ? [{ tune, name }] : [];
      });
      // A name that is typed whole comes first.
      found.sort((a, b) => Number(both.has(b.name)) - Number(both.has(a.name)));
      this.tunes?.replaceChildren(...found.slice(0, SHOWN).map(({ tune, name }) => this.#tune(tune, name)));
      const left = found.length - SHOWN;
      if (this.status)
        this.status.textContent = !found.length ? say("none") : left > 0 ? say("more", { count: left }) : "";
    } catch (error) {
      if (this.status) showError(this.status, error);
    }
  }

  /**
   * @param {Tune} tune
   * @param {string} name the one that was found
   */
  #tune(tune, name) {
    const usual = tune.variants.find(([number]) => number === tune.usual) ?? tune.variants[0];
    const choose = (/** @type {[number, string]} */ [number, lines]) => {
      this.dialog.close();
      this.desk.setForm(formOf(tune, number, name), shapeOf(lines));
    };
    const others = tune.names
      .filter((other) => other !== name)
      .slice(0, 4)
      .join("、");
    const variants = make(
      "select",
      {
        aria: { label: say("variant", { name: simplified(name) }) },
        on: { change: () => choose(tune.variants[variants.selectedIndex]) },
      },
      ...tune.variants.map(([number, lines]) =>
        make("option", { selected: number === tune.usual }, say("nth", { number, count: hanziOf(lines) })),
      ),
    );
    return make(
      "li.tune",
      press(
        [
          make("b", { lang: "zh-Hant" }, simplified(name)),
          " ",
          make(
            "small",
            say("songs", { hanzi: hanziOf(usual[1]), songs: tune.songs }),
            " ",
            make("span", { lang: "zh-Hant" }, simplified(others)),
          ),
        ],
        () => choose(usual),
        { data: { tune: name } },
      ),
      tune.variants.length > 1 && variants,
    );
  }

  #longer() {
    const lines = make("input", {
      type: "number",
      id: "lines-wanted",
      value: "12",
      step: "2",
      min: String(Math.min(...this.shapes.map((shape) => shape.fewest_lines))),
      max: "200",
    });
    const buttons = this.shapes.map((shape) =>
      press(
        simplified(shape.name),
        () => {
          const wanted = Math.round((Number(lines.value) || shape.lines) / 2) * 2;
          const count = Math.min(shape.most_lines, Math.max(shape.fewest_lines, wanted));
          this.dialog.close();
          this.desk.setForm(shape.name, {
            kind: shape.kind,
            regulated: shape.regulated,
            breaks: [],
            widths: Array(count).fill(shape.characters),
            marks: Array.from({ length: count }, (_, n) => "，。"[n % 2]),
          });
        },
        { lang: "zh-Hant", data: { form: shape.name } },
      ),
    );
    return make("div.actions.longer", make("label.field", make("span", say("lines")), lines), ...buttons);
  }
}
