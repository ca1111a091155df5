// What helps at a place of the sheet: characters and words that fit it, why another does not, and
// other ways to write its line.

import { ask } from "./api.js";
import { byId, make, press } from "./dom.js";
import { inLanguage, language, percent, showWords } from "./language.js";
import { References } from "./references.js";
import { isAbort, showError } from "./refusal.js";
import { inScript, langOf } from "./script.js";

const LOOK_UPS = ["character", "rhyme", "find", "parallel"];
const PAUSE = 250; // milliseconds that a place is looked at before it is asked about

/** @typedef {import("./draft.js").At} At */

export class Advice {
  /** @type {AbortController | null} */
  #asking = null;
  #asked = ""; // what the answer on the panel is about
  #timer = 0;

  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.panel = byId("advice");
    this.references = new References(desk);
    byId("references").addEventListener("toggle", () => {
      if (!this.references.word.value) this.references.follow();
      byId("looked").scrollIntoView({ block: "nearest" });
    });
    for (const kind of LOOK_UPS) byId(`look-${kind}`).addEventListener("click", () => this.references.look(kind));
    this.loosened = byId("loosened", HTMLInputElement);
    this.why = byId("why", HTMLInputElement);
    this.loosened.addEventListener("change", () => this.show());
    byId("why-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#explain(this.why.value.trim());
    });
    const more = byId("advice-open");
    more.addEventListener("click", () => {
      const isOpen = byId("dock").classList.toggle("open");
      more.setAttribute("aria-expanded", String(isOpen));
    });
    byId("more-candidates").addEventListener("click", () => {
      this.#count = 36;
      this.show();
    });
  }

  #count = 12;

  /** Offer what fits the place that is selected, soon. */
  show() {
    const { sheet, at } = this.desk;
    const [line, place] = at;
    showWords(byId("advice-place"), "place", { line: line + 1, at: place + 1 });
    byId("advice-lock").setAttribute("aria-pressed", String(sheet.state.locked[line]));
    const about = JSON.stringify([
      sheet.rows.with(line, sheet.rows[line].slice(0, place) + sheet.rows[line].slice(place + 1)),
      at,
      this.loosened.checked,
      this.#count,
      language(),
      this.desk.settings.script,
      sheet.state.title,
    ]);
    this.references.follow();
    this.#mark();
    if (about === this.#asked) return;
    this.#asking?.abort();
    clearTimeout(this.#timer);
    this.panel.setAttribute("aria-busy", "true");
    this.#timer = setTimeout(() => this.#ask(about), PAUSE);
  }

  /** Mark the candidate that is written at the place. */
  #mark() {
    const own = this.desk.sheet.characterAt(this.desk.at);
    for (const button of byId("candidates").querySelectorAll("button"))
      button.setAttribute("aria-pressed", String([button.dataset.text, button.firstChild?.textContent].includes(own)));
  }

  /** @param {string} about */
  async #ask(about) {
    const asking = new AbortController();
    this.#asking = asking;
    const { desk } = this,
      at = desk.at,
      own = desk.sheet.characterAt(at);
    const body = { ...desk.place(at), loosened: this.loosened.checked, count: this.#count };
    try {
      const found = await ask("candidates", { ...body, ...(own ? { asked: own } : {}) }, asking.signal);
      if (asking.signal.aborted) return;
      this.#asked = about;
      showWords(byId("advice-problem"), "");
      await this.#offer("candidates", found.candidates, at);
      showWords(byId("allowed"), "allowed", { count: found.allowed });
      byId("more-candidates").hidden = this.#count > 12 || found.candidates.length < 12;
      this.#count = 12;
      this.#say(found.asked);
      const words =
        at[1] + 1 < desk.sheet.widths[at[0]]
          ? await ask("candidates", { ...body, length: 2, count: 8 }, asking.signal)
          : { candidates: [] };
      if (asking.signal.aborted) return;
      await this.#offer("words", words.candidates, at);
      byId("words-heading").hidden = !words.candidates.length;
    } catch (error) {
      if (isAbort(error)) return;
      this.#asked = "";
      showError(byId("advice-problem"), error);
    }
    this.panel.setAttribute("aria-busy", "false");
  }

  /** @param {string} id @param {CandidateText[]} candidates @param {At} at */
  async #offer(id, candidates, at) {
    const list = byId(id),
      within = list.contains(document.activeElement);
    const { script } = this.desk.settings;
    const shown = await Promise.all(candidates.map(({ text }) => inScript(text, script)));
    list.replaceChildren(
      ...candidates.map(({ text, tone, rhyme, probability }, n) => {
        const reading = tone && `${tone}${language() === "zh" ? "聲" : ""} ${rhyme}${language() === "zh" ? "韻" : ""}`;
        return make(
          "li",
          press(
            [
              make("span.glyph", { lang: langOf(script) }, shown[n]),
              make("small", tone === "平" ? "○" : tone ? "●" : ""),
            ],
            () => this.desk.takeWord(at, text),
            {
              className: "candidate",
              data: { text },
              aria: { pressed: false, label: [shown[n], reading, percent(probability)].filter(Boolean).join(" ") },
            },
          ),
        );
      }),
    );
    if (within) list.querySelector("button")?.focus();
    this.#mark();
  }

  /**
   * Say why a character is not among the candidates, or which of them it is.
   * @param {AskedAbout | null} asked
   */
  #say(asked) {
    const words = byId("reason");
    if (!asked) {
      showWords(words, "");
      return;
    }
    const { character, known, rank, reasons } = asked;
    words.classList.toggle("against", reasons.length > 0);
    if (reasons.length) {
      showWords(words, "");
      words.textContent = reasons.map((reason) => inLanguage(reason)).join("");
    } else showWords(words, rank ? "rank" : known ? "less-likely" : "unknown-to-model", { character, rank });
  }

  /** @param {string} character */
  async #explain(character) {
    if (!character) return;
    try {
      const body = { ...this.desk.place(this.desk.at), asked: [...character][0] };
      this.#say((await ask("candidates", body)).asked);
    } catch (error) {
      showError(byId("advice-problem"), error);
    }
  }
}
