// 校律: the prosody of given poems, and ways to mend a fault.

import { ask } from "./api.js";
import { byId, make } from "./dom.js";
import { language, t, tell } from "./language.js";
import { tellError } from "./refusal.js";
import { FORMS, parse, written } from "./verse.js";

// 杜甫 春望 with one rhyme spoilt, so that there is something to mend.
const EXAMPLE = "國破山河在，城春草木深。\n感時花濺淚，恨別鳥驚間。\n烽火連三月，家書抵萬金。\n白頭搔更短，渾欲不勝簪。";

const marked = (lines) => written({ lines, marks: lines.map((_, n) => "，。"[n % 2]) });

export class Check {
  #reports = [];
  #models = [];
  #asking = null;

  /** @param onTake called with a poem that shall be worked on in 作詩. */
  constructor(onTake) {
    this.onTake = onTake;
    this.text = byId("check-text");
    byId("given").addEventListener("submit", (event) => { event.preventDefault(); this.check(this.text.value); });
    byId("check-example").addEventListener("click", () => this.check(EXAMPLE));
    document.addEventListener("language", () => this.#draw());
  }

  setModels(models) { this.#models = models; }

  /** Check the poems of a text. */
  async check(text) {
    this.text.value = text;
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    tell(byId("check-problem"), "");
    try {
      this.#reports = await ask("check", { text }, asking.signal);
      tell(byId("check-status"), "checked", { count: this.#reports.length });
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#reports = [];
      tell(byId("check-status"), "");
      tellError(byId("check-problem"), error);
    }
    this.#draw();
  }

  #draw() {
    byId("reports").replaceChildren(
      ...(this.#reports.length ? [make("p", { className: "legend" }, t("legend"))] : []),
      ...this.#reports.map((report, n) => this.#report(report, n)),
    );
  }

  #report(report, n) {
    const rhyme = report.rhyme === "-" ? t("no-rhyme") : t("rhyme-of", { rhyme: report.rhyme });
    const pattern = report.pattern === "-" ? report.first_line : t(`pattern_${report.pattern}`);
    const head = [report.form, pattern, rhyme].join(" · ");
    const verdict = make("span", { className: report.regulated ? "good" : "bad" }, t(report.regulated ? "regulated_yes" : "regulated_no"));
    const couplets = [];
    for (let line = 0; line < report.lines.length; line += 2) couplets.push(this.#couplet(report, line));
    const name = Object.keys(FORMS).find((form) => FORMS[form][0] === report.lines.length && FORMS[form][1] === report.lines[0].length);
    return make("article", { className: "report" },
      make("h2", {}, `${head} · `, verdict),
      make("div", { className: "verse", lang: "zh-Hant" }, ...couplets),
      this.#findings("faults", report, n),
      this.#findings("licences", report, n),
      this.#findings("warnings", report, n),
      name ? make("div", { className: "actions" }, make("button", { type: "button", on: { click: () => this.#take(report, name) } }, t("take-poem"))) : null,
    );
  }

  #take(report, form) {
    const { number, ...prosody } = report;
    this.onTake({ ...parse(marked(report.lines).replaceAll("\n", "")), form, title: "", model: "", rule: "", seed: null, number: 0, options: {}, prosody, changed: false });
  }

  /** Two lines, one under the other, what stands in antithesis joined. */
  #couplet(report, line) {
    const couplet = report.couplets.find(({ lines }) => lines[0] === line + 1);
    const rows = [this.#line(report, line)];
    if (line + 1 < report.lines.length) {
      const width = report.lines[line].length;
      const ties = Array.from({ length: width }, (_, at) => {
        const pair = couplet?.pairs.find(({ place }) => place === at + 1);
        const tie = make("span", { className: pair ? "tie joined" : "tie" });
        if (pair) { tie.title = `${pair.upper} ${pair.lower} ${pair.score.toFixed(2)}`; tie.style.opacity = Math.min(1, Math.max(0.35, pair.score)); }
        return tie;
      });
      rows.push(make("div", { className: "ties", aria: { hidden: true } }, ...ties), this.#line(report, line + 1));
    }
    const pairs = couplet?.pairs.map(({ upper, lower, score }) => `${upper}–${lower} ${score.toFixed(2)}`).join("　");
    const score = couplet && couplet.score !== null && (couplet.expected || couplet.pairs.length)
      ? make("p", { className: couplet.expected ? "antithesis expected" : "antithesis" },
        make("span", { lang: document.documentElement.lang }, `${t("couplet", { a: line + 1, b: line + 2, score: couplet.score.toFixed(2) })}${couplet.expected ? ` (${t("expected")})` : ""}`),
        pairs ? `　${pairs}` : "")
      : null;
    return make("div", { className: "couplet" }, make("div", { className: "pair-of-lines" }, ...rows), score);
  }

  #line(report, n) {
    const line = report.lines[n], tones = report.tones[n], type = report.line_types[n];
    const places = (findings) => new Set(findings.filter((f) => f.line === n + 1).flatMap((f) => f.places));
    const faulty = places(report.faults), licensed = places(report.licences);
    const chosen = new Set(report.readings.filter((r) => r.line === n + 1).map((r) => r.place));
    const cells = [...line].map((character, at) => {
      const place = at + 1;
      const sign = { P: "○◎", Z: "●◉" }[tones[at]][chosen.has(place) ? 1 : 0];
      const kind = faulty.has(place) ? "cell faulty" : licensed.has(place) ? "cell licensed" : "cell";
      return make("span", { className: kind }, make("span", { className: "glyph" }, character), make("span", { className: "sign" }, sign));
    });
    const said = [...tones].map((tone) => (tone === "P" ? "平" : "仄")).join("");
    return make("div", { className: "judged" },
      make("p", { className: "said" }, `${line} ${said} ${t(`type_${type}`)}`),
      make("div", { className: "cells", aria: { hidden: true } }, ...cells, make("span", { className: "type", title: t(`type_${type}`) }, type)));
  }

  #findings(name, report, n) {
    const findings = report[name];
    if (!findings.length) return name === "faults" ? make("p", { className: "none" }, t("none")) : null;
    return make("section", { className: name },
      make("h3", {}, t(name)),
      make("ul", {}, ...findings.map((finding) => this.#finding(name, finding, n))));
  }

  #finding(name, finding, n) {
    const sentence = language() === "zh" ? [finding.zh] : [finding.en];
    const item = make("li", {}, make("b", { lang: "zh-Hant" }, finding.kind), " ", ...sentence);
    if (name === "faults") {
      const found = make("div", { className: "mends" });
      item.append(" ", make("button", { type: "button", on: { click: () => this.#mend(finding, n, found) } }, t("mend")), found);
    }
    return item;
  }

  async #mend(finding, n, found) {
    const report = this.#reports[n];
    const text = marked(report.lines).replaceAll("\n", "");
    const form = Object.keys(FORMS).find((name) => FORMS[name][0] === report.lines.length && FORMS[name][1] === report.lines[0].length);
    const model = this.#models.find(({ forms }) => forms.includes(form))?.name;
    found.replaceChildren(make("p", { className: "status", role: "status" }, t("mending")));
    try {
      const mended = await ask("mend", { text, line: finding.line, kind: finding.kind, ...(model ? { model } : {}) });
      found.replaceChildren(make("p", { className: "status", role: "status" }, t("mends")), make("ul", { className: "others" },
        ...mended.map((way) => make("li", {}, make("button", { type: "button", lang: "zh-Hant", on: { click: () => this.#use(n, way) } }, ...changes(way))))));
      found.querySelector("button")?.focus();
    } catch (error) {
      const problem = make("p", { className: "problem", role: "alert" });
      found.replaceChildren(problem);
      tellError(problem, error);
    }
  }

  #use(n, way) {
    const texts = this.#reports.map((report, at) => marked(at === n ? way.lines : report.lines));
    this.check(texts.join("\n\n"));
  }
}

/** The lines that a suggestion changes, what is new in them marked. */
function changes({ lines, changed }) {
  const numbers = [...new Set(changed.map(([line]) => line))];
  return numbers.flatMap((number, n) => [
    n ? "，" : "",
    ...[...lines[number - 1]].map((character, at) =>
      (changed.some(([line, place]) => line === number && place === at + 1) ? make("em", {}, character) : character)),
  ]);
}
