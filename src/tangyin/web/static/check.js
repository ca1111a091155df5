// 校律: the prosody of given poems, and fixes of their faults.

import { ask } from "./api.js";
import { byId, make } from "./dom.js";
import { language, t, showWords } from "./language.js";
import { isAbort, reportOf, showError } from "./refusal.js";
import { formOf, parse, written } from "./verse.js";

// 杜甫 春望 with one rhyme spoilt, so that there is something to fix.
const EXAMPLE = "國破山河在，城春草木深。\n感時花濺淚，恨別鳥驚間。\n烽火連三月，家書抵萬金。\n白頭搔更短，渾欲不勝簪。";

/** @type {Record<string, string>} tone signs; the second for a character with two readings */
const SIGNS = { P: "○◎", Z: "●◉" };

const status = (/** @type {string} */ words) => make("p", { className: "status", role: "status" }, t(words));

export class Check {
  /** @type {Checked[]} */
  #reports = [];
  /** @type {AbortController | undefined} */
  #asking;

  /**
   * @param {Model[]} models
   * @param {(poem: Poem) => void} onTake called with a poem to be worked on in 作詩
   */
  constructor(models, onTake) {
    this.models = models;
    this.onTake = onTake;
    this.text = byId("check-text", HTMLTextAreaElement);
    byId("given").addEventListener("submit", (event) => { event.preventDefault(); this.check(this.text.value); });
    byId("check-example").addEventListener("click", () => this.check(EXAMPLE));
    document.addEventListener("language", () => this.#draw());
  }

  /**
   * Check the poems of a text.
   * @param {string} text
   */
  async check(text) {
    this.text.value = text;
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    showWords(byId("check-problem"), "");
    try {
      this.#reports = await ask("check", { text }, asking.signal);
      if (this.#reports.length === 1) reportOf(this.#reports[0]);
      showWords(byId("check-status"), "checked", { count: this.#reports.length });
    } catch (error) {
      if (isAbort(error)) return;
      this.#reports = [];
      showWords(byId("check-status"), "");
      showError(byId("check-problem"), error);
    }
    this.#draw();
  }

  #draw() {
    byId("reports").replaceChildren(
      ...(this.#reports.length ? [make("p", { className: "legend" }, t("legend"))] : []),
      ...this.#reports.map((report, n) => (report.error ? refused(report) : this.#report(report, n))),
    );
  }

  /**
   * @param {PoemReport} report
   * @param {number} n
   */
  #report(report, n) {
    const rhyme = report.rhyme === "-" ? t("no-rhyme") : t("rhyme-of", { rhyme: report.rhyme });
    const pattern = report.pattern === "-" ? report.first_line : t(`pattern_${report.pattern}`);
    const head = [report.form, pattern, rhyme].join(" · ");
    const verdict = make("span", { className: report.regulated ? "good" : "bad" }, t(report.regulated ? "regulated_yes" : "regulated_no"));
    const couplets = [];
    for (let line = 0; line < report.lines.length; line += 2) couplets.push(coupletOf(report, line));
    const form = formOf(report.lines);
    return make("article", { className: "report" },
      make("h2", {}, `${head} · `, verdict),
      make("div", { className: "verse", lang: "zh-Hant" }, ...couplets),
      this.#findings("faults", report, n),
      this.#findings("licences", report, n),
      this.#findings("warnings", report, n),
      form && make("div", { className: "actions" }, make("button", { type: "button", on: { click: () => this.#take(report, form) } }, t("take-poem"))),
    );
  }

  /**
   * @param {PoemReport} report
   * @param {string} form
   */
  #take({ number: _, ...report }, form) {
    const prosody = { ...report, lines: report.read_as };
    this.onTake({ ...parse(written(prosody)), form, title: "", model: "", rule: "", seed: null, number: 0, options: {}, prosody, changed: false });
  }

  /**
   * @param {"faults" | "licences" | "warnings"} name
   * @param {PoemReport} report
   * @param {number} n
   */
  #findings(name, report, n) {
    const findings = report[name];
    if (!findings.length) return name === "faults" && make("p", { className: "none" }, t("none"));
    return make("section", { className: name },
      make("h3", {}, t(name)),
      make("ul", {}, ...findings.map((finding) => this.#finding(name, finding, n))));
  }

  /**
   * @param {string} name
   * @param {Finding} finding
   * @param {number} n
   */
  #finding(name, finding, n) {
    const item = make("li", {}, make("b", { lang: "zh-Hant" }, finding.kind), " ", finding[language()]);
    if (name === "faults") {
      const found = make("div", { className: "fixes" });
      item.append(" ", make("button", { type: "button", on: { click: () => this.#fix(finding, n, found) } }, t("fix")), found);
    }
    return item;
  }

  /**
   * @param {Finding} finding
   * @param {number} n
   * @param {HTMLElement} found where the fixes are shown
   */
  async #fix({ line, kind }, n, found) {
    const { lines } = reportOf(this.#reports[n]);
    const model = this.models.find(({ forms }) => forms.includes(formOf(lines) ?? ""))?.name;
    found.replaceChildren(status("fixing"));
    try {
      /** @type {Fix[]} */
      const fixes = await ask("fix", { text: written({ lines }), line, kind, ...(model ? { model } : {}) });
      found.replaceChildren(status("fixes"), make("ul", { className: "others" },
        ...fixes.map((way) => make("li", {}, make("button", { type: "button", lang: "zh-Hant", on: { click: () => this.#use(n, way) } }, ...changes(way))))));
      found.querySelector("button")?.focus();
    } catch (error) {
      const problem = make("p", { className: "problem", role: "alert" });
      found.replaceChildren(problem);
      showError(problem, error);
    }
  }

  /**
   * @param {number} n
   * @param {Fix} way
   */
  #use(n, way) {
    const texts = this.#reports.map((report, at) => (at === n ? written(way) : report.error ? report.text : written(report)));
    this.check(texts.join("\n\n"));
  }
}

/** @param {RefusedPoem} poem */
const refused = ({ text, error }) => make("article", { className: "report" },
  make("p", { className: "verse", lang: "zh" }, text), make("p", { className: "problem", role: "alert" }, error.message));

/**
 * Two lines, one below the other, with characters in antithesis joined.
 * @param {PoemReport} report
 * @param {number} line
 */
function coupletOf(report, line) {
  const couplet = report.couplets.find(({ lines }) => lines[0] === line + 1);
  const rows = [lineOf(report, line)];
  if (line + 1 < report.lines.length) {
    const ties = [...report.lines[line]].map((_, at) => {
      const pair = couplet?.pairs.find(({ place }) => place === at + 1);
      const tie = make("span", { className: pair ? "tie joined" : "tie" });
      if (pair) { tie.title = `${pair.upper} ${pair.lower} ${pair.score.toFixed(2)}`; tie.style.opacity = String(Math.min(1, Math.max(0.35, pair.score))); }
      return tie;
    });
    rows.push(make("div", { className: "ties", aria: { hidden: true } }, ...ties), lineOf(report, line + 1));
  }
  return make("div", { className: "couplet" }, make("div", { className: "pair-of-lines" }, ...rows), couplet && antithesis(couplet));
}

/** @param {Couplet} couplet */
function antithesis({ lines: [a, b], expected, score, pairs }) {
  if (score === null || !(expected || pairs.length)) return null;
  const words = `${t("couplet", { a, b, score: score.toFixed(2) })}${expected ? ` (${t("expected")})` : ""}`;
  const joined = pairs.map((pair) => `${pair.upper}–${pair.lower} ${pair.score.toFixed(2)}`).join("　");
  return make("p", { className: expected ? "antithesis expected" : "antithesis" },
    make("span", { lang: document.documentElement.lang }, words), joined ? `　${joined}` : "");
}

/**
 * @param {PoemReport} report
 * @param {number} n
 */
function lineOf(report, n) {
  const line = report.lines[n], tones = report.tones[n], type = report.line_types[n];
  /** @param {Finding[]} findings */
  const places = (findings) => new Set(findings.filter((f) => f.line === n + 1).flatMap((f) => f.places));
  const faulty = places(report.faults), licensed = places(report.licences);
  const chosen = new Set(report.readings.filter((r) => r.line === n + 1).map((r) => r.place));
  const cells = [...line].map((character, at) => {
    const place = at + 1;
    const kind = faulty.has(place) ? "cell faulty" : licensed.has(place) ? "cell licensed" : "cell";
    return make("span", { className: kind }, make("span", { className: "glyph" }, character),
      make("span", { className: "sign" }, SIGNS[tones[at]][chosen.has(place) ? 1 : 0]));
  });
  const said = [...tones].map((tone) => (tone === "P" ? "平" : "仄")).join("");
  return make("div", { className: "judged" },
    make("p", { className: "said" }, `${line} ${said} ${t(`type_${type}`)}`),
    make("div", { className: "cells", aria: { hidden: true } }, ...cells, make("span", { className: "type", title: t(`type_${type}`) }, type)));
}

/**
 * The lines that a fix changes, with the new characters marked.
 * @param {Fix} way
 */
function changes({ lines, changed }) {
  const numbers = [...new Set(changed.map(([line]) => line))];
  return numbers.flatMap((number, n) => [
    n ? "，" : "",
    ...[...lines[number - 1]].map((character, at) =>
      (changed.some(([line, place]) => line === number && place === at + 1) ? make("em", {}, character) : character)),
  ]);
}
