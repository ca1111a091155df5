// References beside the sheet: readings, rhymes, lines of poets, what they set opposite a word.

import { ask } from "./api.js";
import { byId, make, press } from "./dom.js";
import { language, percent, showWords, t } from "./language.js";
import { showError } from "./refusal.js";

/** @typedef {(found: any, references: References) => (Node | string)[]} Drawing */

/** @type {Record<string, Drawing>} */
const DRAWN = {
  character: ({ characters }) =>
    characters.flatMap((/** @type {any} */ { character, readings }) => [
      make("h4", character),
      make(
        "ul.plain-list",
        ...readings.map((/** @type {any} */ { tone, rhyme, share, words }) =>
          make(
            "li",
            make("b", `${tone === "平" ? "○" : "●"} ${tone} ${rhyme}`),
            ` ${percent(share)}　`,
            words
              .slice(0, 6)
              .map((/** @type {any} */ { word }) => word)
              .join("　"),
          ),
        ),
      ),
    ]),
  rhyme: ({ rhymes }, { take }) =>
    rhymes.flatMap((/** @type {any} */ { name, number, characters }) => [
      make("h4", `${name}　${number}`),
      chips(
        characters.map((/** @type {any} */ { character }) => character),
        take,
      ),
    ]),
  find: ({ count, poems, lines }, references) => [
    make("p.status", t("found-lines", { count, poems })),
    make(
      "ul.plain-list",
      ...lines.map((/** @type {any} */ line) =>
        make(
          "li",
          press([line.text, make("small", `${line.author}《${line.title}》`)], () => references.poem(line.id), {
            className: "quoted",
          }),
        ),
      ),
    ),
  ],
  parallel: ({ often, telling, candidates }, { face }) =>
    [
      ["opposite-often", often],
      ["opposite-telling", telling],
      ["opposite-model", candidates],
    ].flatMap(([heading, words]) =>
      words.length
        ? [
            make("h4", t(heading)),
            chips(
              words.map((/** @type {any} */ { word }) => word),
              face,
            ),
          ]
        : [],
    ),
};

/** @param {string[]} words @param {(word: string) => void} take */
const chips = (words, take) =>
  make(
    "ul.candidates.chips",
    ...words.map((word) =>
      make(
        "li",
        press(word, () => take(word), { className: "candidate", lang: "zh-Hant" }),
      ),
    ),
  );

export class References {
  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.word = byId("look-word", HTMLInputElement);
    this.found = byId("looked");
  }

  /** Write a character at the place. */
  take = (/** @type {string} */ word) => this.desk.takeWord(this.desk.at, word);
  /** Write a word in the other line of the couplet. */
  face = (/** @type {string} */ word) => {
    const [line, place] = this.desk.at,
      other = line ^ 1;
    if (place < this.desk.sheet.widths[other]) this.desk.takeWord([other, place], word);
  };

  /** Name the word at the place that is selected. */
  follow() {
    const { sheet, at } = this.desk,
      first = sheet.characterAt(at),
      second = sheet.characterAt([at[0], at[1] + 1]);
    if (first && document.activeElement !== this.word) this.word.value = first + second;
  }

  /** @param {string} kind a key of `DRAWN` */
  async look(kind) {
    const word = kind === "find" || kind === "parallel" ? this.word.value : [...this.word.value].slice(0, 1).join("");
    if (!word) return;
    try {
      const { script } = this.desk.settings;
      const found = await ask(
        `${kind}?${new URLSearchParams({ word, script, count: kind === "character" ? "3" : "16" })}`,
      );
      this.found.replaceChildren(
        ...DRAWN[kind](found, this),
        make(
          "p.status",
          found.source.map((/** @type {Words} */ source) => source[language() === "en" ? "en" : "zh"]).join(" "),
        ),
      );
      showWords(byId("look-problem"), "");
    } catch (error) {
      showError(byId("look-problem"), error);
    }
    this.found.scrollIntoView({ block: "nearest" });
  }

  /** Show a poem of the corpus. @param {string} id */
  async poem(id) {
    try {
      const { title, author, text } = await ask(
        `poem?${new URLSearchParams({ id, script: this.desk.settings.script })}`,
      );
      this.found.prepend(make("p.quoted-poem", make("b", `${title}　${author}`), make("span", text)));
      this.found.scrollIntoView({ block: "nearest" });
    } catch (error) {
      showError(byId("look-problem"), error);
    }
  }
}
