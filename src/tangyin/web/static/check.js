// 校律: the prosody of given poems, fixes of their faults, and the way back.

import { ask } from "./api.js";
import { byId, make, press } from "./dom.js";
import { inLanguage, showWords, simplified, t } from "./language.js";
import { couplet, legend, signs } from "./prosody.js";
import { isAbort, showError } from "./refusal.js";
import { keep, recall } from "./settings.js";
import { MOST, replaceLines, written } from "./verse.js";

// 杜甫 春望 with one rhyme spoilt, so that there is something to fix.
const EXAMPLE =
  "國破山河在，城春草木深。\n感時花濺淚，恨別鳥驚間。\n烽火連三月，家書抵萬金。\n白頭搔更短，渾欲不勝簪。";

const status = (/** @type {string} */ words) => make("p.status", { role: "status" }, t(words));

export class Check {
  /** @type {Checked[]} */
  #items = [];
  #checked = ""; // the text that the items are about
  /** @type {string[]} texts before fixes, and those that were undone */
  #past = [];
  /** @type {string[]} */
  #future = [];
  /** @type {AbortController | undefined} */
  #asking;

  /**
   * @param {Model[]} models
   * @param {(text: string) => Promise<void>} onTake called with the text of a poem to be worked on in 作詩
   */
  constructor(models, onTake) {
    this.models = models;
    this.onTake = onTake;
    this.text = byId("check-text", HTMLTextAreaElement);
    this.text.value = recall("check", "");
    this.text.addEventListener("input", () => keep("check", this.text.value));
    const given = byId("given", HTMLFormElement);
    given.addEventListener("submit", (event) => {
      event.preventDefault();
      this.check(this.text.value);
    });
    for (const choice of given.querySelectorAll("[name=convention], [name=book]"))
      choice.addEventListener("change", () => this.#again());
    byId("check-example").addEventListener("click", () => this.check(EXAMPLE));
    byId("check-undo").addEventListener("click", () => this.#turn(this.#past, this.#future));
    byId("check-redo").addEventListener("click", () => this.#turn(this.#future, this.#past));
    document.addEventListener("language", () => this.#draw());
    this.#draw();
  }

  get #convention() {
    return byId("given", HTMLFormElement).querySelector("[name=convention]:checked")?.getAttribute("value");
  }

  get #book() {
    return byId("given", HTMLFormElement).querySelector("select")?.value ?? "";
  }

  /** Check the text that is there, when the page is shown and nothing has been checked. */
  begin() {
    if (!this.#checked) this.#again();
  }

  #again() {
    if (this.text.value.trim()) this.check(this.text.value);
  }

  /**
   * Check the poems of a text.
   * @param {string} text
   */
  async check(text) {
    if (text !== this.#checked && this.#checked) {
      this.#past.push(this.#checked);
      this.#future = [];
    }
    await this.#show(text);
  }

  /**
   * Go one text back or forth.
   * @param {string[]} from
   * @param {string[]} to
   */
  #turn(from, to) {
    const text = from.pop();
    if (text === undefined) return;
    to.push(this.#checked);
    this.#show(text);
  }

  /** @param {string} text */
  async #show(text) {
    this.text.value = this.#checked = text;
    keep("check", text);
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const problem = byId("check-problem"),
      said = byId("check-status");
    showWords(problem, "");
    byId("reports").ariaBusy = "true"; // they are of the text before
    const count = [...text].length;
    try {
      if (count > MOST) this.#items = [];
      else this.#items = await ask("check", { text, convention: this.#convention, book: this.#book }, asking.signal);
      if (count > MOST) showWords(problem, "text-too-long", { count, most: MOST });
      const faulty = this.#items.filter((item) => !("regulated" in item && item.regulated)).length;
      if (this.#items.length)
        showWords(said, faulty ? "checked-faulty" : "checked", { count: this.#items.length, faulty });
      else showWords(said, "");
    } catch (error) {
      if (isAbort(error)) return;
      this.#items = [];
      showWords(said, "");
      showError(problem, error);
    }
    this.#draw();
  }

  #draw() {
    byId("reports").ariaBusy = "false";
    byId("check-undo", HTMLButtonElement).disabled = !this.#past.length;
    byId("check-redo", HTMLButtonElement).disabled = !this.#future.length;
    byId("reports").replaceChildren(
      ...(this.#items.some((item) => "lines" in item) ? [legend()] : []),
      ...this.#items.map((item, n) =>
        item.error ? broken(item) : "tune" in item ? this.#ci(item, n) : this.#report(item, n),
      ),
    );
  }

  /** @param {PoemReport} report @param {number} n */
  #report(report, n) {
    const rhyme = report.rhyme === "-" ? t("no-rhyme") : t("rhyme-of", { rhyme: simplified(report.rhyme) });
    const pattern = report.pattern === "-" ? simplified(report.first_line) : t(`pattern_${report.pattern}`);
    const couplets = [];
    for (let line = 0; line < report.lines.length; line += 2) couplets.push(couplet(report, line));
    const article = this.#article(
      report,
      n,
      [simplified(report.form), pattern, rhyme],
      make("div.verse", { lang: "zh" }, ...couplets),
      report.lines.length > 2 ? [this.#take(n)] : [],
    );
    article.style.setProperty("--columns", String([...report.lines[0]].length));
    return article;
  }

  /**
   * A 詞: its lines with their tones, and where they depart from the tune.
   * @param {CiReport} report
   * @param {number} n
   */
  #ci(report, n) {
    const lines = report.lines.map((line, at) =>
      make("li", [line || "□", signs(report.tones[at]), simplified(report.patterns[at] + report.ends[at])].join("　")),
    );
    const isWhole = report.lines.every((line, at) => [...line].length === report.patterns[at].length);
    return this.#article(
      report,
      n,
      [report.form, `${report.tune} ${report.variant}/${report.variants}`, report.rhyme.join(" ")].map(simplified),
      make("ol.ci", { lang: "zh" }, ...lines),
      isWhole ? [this.#take(n)] : [],
    );
  }

  /**
   * A report: its verdict and heading, the verse, what is said of it, and what can be done with it.
   * @param {PoemReport | CiReport} report
   * @param {number} n
   * @param {string[]} heading
   * @param {HTMLElement} verse
   * @param {HTMLElement[]} actions
   */
  #article(report, n, heading, verse, actions) {
    const verdict = make(
      "span",
      { className: report.regulated ? "good" : "bad" },
      t(report.regulated ? "regulated_yes" : "regulated_no"),
    );
    return make(
      "article.report",
      make("h2", { tabIndex: -1 }, verdict, ` · ${heading.join(" · ")}`),
      report.title &&
        make("p.heading-of-poem", { lang: "zh" }, [report.title, report.author].filter(Boolean).join("　")),
      verse,
      held(report),
      this.#findings("faults", report.faults, n),
      "licences" in report && this.#findings("licences", report.licences, n),
      this.#findings("warnings", report.warnings, n),
      actions.length > 0 && make("div.actions", ...actions),
    );
  }

  /** What takes a poem to 作詩. @param {number} n */
  #take(n) {
    const take = () => this.onTake(this.#textOf(n)).catch((error) => showError(byId("check-problem"), error));
    return press(t("take-poem"), take);
  }

  /** A poem as it is in the text. @param {number} n */
  #textOf(n) {
    const next = this.#items[n + 1];
    return this.#checked
      .split("\n")
      .slice(this.#items[n].line - 1, next && next.line - 1)
      .join("\n");
  }

  /** @param {string} name @param {Finding[]} findings @param {number} n */
  #findings(name, findings, n) {
    if (!findings.length) return name === "faults" && make("p.none", t("none"));
    return make(
      "section",
      { className: name },
      make("h3", t(name)),
      make("ul", ...findings.map((finding) => this.#finding(name, finding, n))),
    );
  }

  /** @param {string} name @param {Finding} finding @param {number} n */
  #finding(name, finding, n) {
    const item = make("li", make("b", { lang: "zh" }, simplified(finding.kind)), " ", inLanguage(finding));
    // Only what breaks the usual rules can be fixed: what a strict reader or another book forbids is not a fault to the server.
    const judged = this.#items[n];
    if (
      name === "faults" &&
      this.#convention !== "strict" &&
      !("tune" in judged) &&
      !judged.error &&
      judged.book === "平水韻"
    ) {
      const found = make("div.fixes");
      item.append(
        " ",
        press(t("fix"), () => this.#fix(finding, n, found)),
        found,
      );
    }
    return item;
  }

  /**
   * @param {Finding} finding
   * @param {number} n
   * @param {HTMLElement} found where the fixes are shown
   */
  async #fix({ line, kind }, n, found) {
    const { lines } = /** @type {PoemReport} */ (this.#items[n]);
    const { form } = /** @type {PoemReport} */ (this.#items[n]);
    const model = this.models.find(({ forms }) => forms.includes(form))?.name;
    found.replaceChildren(status("fixing"));
    try {
      /** @type {Fix[]} */
      const fixes = await ask("fix", { text: written({ lines }), line, kind, ...(model ? { model } : {}) });
      found.replaceChildren(
        status("fixes"),
        make(
          "ul.others",
          ...fixes.map((way) =>
            make(
              "li",
              press([...changes(way)], () => this.#use(n, way), { lang: "zh" }),
            ),
          ),
        ),
      );
      found.querySelector("button")?.focus();
    } catch (error) {
      const problem = make("p.problem", { role: "alert" });
      found.replaceChildren(problem);
      showError(problem, error);
    }
  }

  /**
   * Put a fix into the text, and leave all else of it as it is.
   * @param {number} n
   * @param {Fix} way
   */
  async #use(n, way) {
    const report = /** @type {PoemReport} */ (this.#items[n]);
    await this.check(replaceLines(this.#checked, report.line, report.lines, way.lines) ?? this.#rebuilt(n, way));
    byId("reports").querySelectorAll("h2")[n]?.focus();
  }

  /**
   * All poems again, for a text in which the lines of one cannot be found.
   * @param {number} n
   * @param {Fix} way
   */
  #rebuilt(n, way) {
    return this.#items.map((_, at) => (at === n ? `${written(way)}\n` : this.#textOf(at))).join("\n");
  }
}

/**
 * By which rhyme books a poem holds.
 * @param {{ books: ByBook[] }} report
 */
function held({ books }) {
  const said = (/** @type {string} */ key, /** @type {ByBook[]} */ found) =>
    found.length && t(key, { books: found.map(({ book }) => simplified(book)).join("、") });
  const parts = [
    said(
      "holds-by",
      books.filter(({ rhyme, tones }) => rhyme && tones),
    ),
    said(
      "rhymes-by",
      books.filter(({ rhyme, tones }) => rhyme && !tones),
    ),
  ];
  return make("p.none.books", parts.filter(Boolean).join(" · "));
}

/** @param {RefusedPoem} item */
const broken = ({ number, text, error }) =>
  make(
    "article.report.broken",
    make("h2", { tabIndex: -1 }, make("span.bad", t("poem-number", { number }))),
    make("p", { lang: "zh" }, text),
    make("p.problem", simplified(error.message)),
  );

/**
 * The lines that a fix changes, with the new characters marked.
 * @param {Fix} way
 */
function changes({ lines, changed }) {
  const numbers = [...new Set(changed.map(([line]) => line))];
  return numbers.flatMap((number, n) => [
    n ? "，" : "",
    ...[...lines[number - 1]].map((character, at) =>
      changed.some(([line, place]) => line === number && place === at + 1) ? make("em", character) : character,
    ),
  ]);
}
