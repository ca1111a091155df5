// 學理: what the network computes, and how it looks while it reads.

import { alone, ask } from "./api.js";
import { Cell, named } from "./cell.js";
import { byId, make } from "./dom.js";
import { HeatMap } from "./heatmap.js";
import { language, percent, showWords, t } from "./language.js";
import { equations, gradient, gradients } from "./mathematics.js";
import { isAbort, showError } from "./refusal.js";
import "./terms.js";
import { FORMS, lengthOf, parse } from "./verse.js";

// Only this part of the page needs its style sheet; the one for print keeps the last word.
const sheet = make("link", { rel: "stylesheet", href: "static/study.css" });
document.querySelector('link[media="print"]')?.before(sheet);
await new Promise((loaded) => { sheet.onload = sheet.onerror = loaded; });

const POEM = "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。";
const QUANTITIES = ["f", "i", "g", "o", "c", "h"];
/** Keys of the presentation, and how many steps each goes. @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowLeft: -1, PageDown: 1, PageUp: -1, " ": 1, Home: -1000, End: 1000 };

export class Study {
  #begun = false;
  #step = 0;
  #unit = 1;
  /** @type {Trace | null} */
  #trace = null;
  /** @type {AbortController | undefined} */
  #asking;
  cell = new Cell();
  verse = make("p", { className: "verse-read", lang: "zh", aria: { hidden: true } });
  said = make("p", { className: "status", role: "status" });
  units = make("div", { className: "units", role: "group" });
  slider = make("input", { type: "range", min: "0", value: "0" });
  story = make("div", { className: "story", hidden: true });

  /** @param {Model[]} models */
  constructor(models) {
    this.models = models;
    this.root = byId("study-sheet");
    this.text = make("textarea", { rows: 3, lang: "zh", value: POEM });
    this.quantity = make("select", {});
    this.model = make("select", {});
    this.layer = make("select", {});
    this.unit = make("input", { type: "number", min: "1", value: "1", required: true });
    this.sorted = make("input", { type: "checkbox", checked: true });
    this.problem = make("p", { className: "problem", role: "alert" });
    this.map = new HeatMap();
    for (const control of [this.quantity, this.layer]) control.addEventListener("change", () => this.read());
    this.unit.addEventListener("change", () => { if (this.unit.reportValidity()) { this.#unit = Number(this.unit.value); this.read(); } });
    this.model.addEventListener("change", () => { this.#fitModel(); this.read(); });
    this.sorted.addEventListener("change", () => this.draw());
    document.addEventListener("language", () => { this.#build(); this.draw(); });
    this.slider.addEventListener("input", () => this.#go(Number(this.slider.value)));
    document.addEventListener("keydown", (event) => this.#press(event));
    // In Chromium the page is still one of the screen, and perhaps dark, when the first of them comes.
    for (const event of ["beforeprint", "afterprint"]) addEventListener(event, () => { this.map.isOnPaper = event === "beforeprint"; this.draw(); });
    this.#build();
    this.#fitModel();
  }

  /** Read the example when the page is first shown. */
  begin() { if (!this.#begun) this.read(); }

  /** Read a poem from elsewhere. @param {string} text */
  readPoem(text) {
    this.text.value = text;
    this.#step = 0;
    this.read();
  }

  get #model() { return this.models.find(({ name }) => name === this.model.value); }

  /** Offer the layers of the chosen model, and begin with the first of its known units. */
  #fitModel() {
    const layers = this.#model?.architecture.layers ?? 1;
    this.layer.replaceChildren(...Array.from({ length: layers }, (_, n) => make("option", { value: String(n + 1) }, n + 1)));
    const [known] = this.#model?.units ?? [];
    this.#unit = known?.unit ?? 1;
    this.layer.value = String(known?.layer ?? 1);
    this.unit.max = String(this.#model?.architecture.hidden_size ?? 1);
    this.#drawUnits();
  }

  #build() {
    const [quantity, model, layer] = [this.quantity.value || "f", this.model.value, this.layer.value];
    this.quantity.replaceChildren(...QUANTITIES.map((name) => make("option", { value: name }, t(`q_${name}`))));
    this.quantity.value = quantity;
    this.model.replaceChildren(...this.models.map(({ name }) => make("option", { value: name }, name)));
    if (model) this.model.value = model;
    if (layer) this.layer.value = layer;
    this.cell = new Cell();
    this.units.setAttribute("aria-label", t("units"));
    this.slider.setAttribute("aria-label", t("step"));
    /** @type {(words: string, control: HTMLElement) => HTMLElement} */
    const field = (words, control) => make("label", { className: "field" }, make("span", {}, t(words)), control);
    /** @type {(words: string, act: () => void) => HTMLElement} */
    const button = (words, click) => make("button", { type: "button", on: { click } }, t(words));
    const form = make("form", { className: "live" },
      field("study-text", this.text),
      make("div", { className: "controls" }, field("model", this.model), field("layer", this.layer), field("unit", this.unit)),
      make("div", { className: "actions" }, make("button", { className: "primary" }, t("study-read"))));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.readPoem(this.text.value); });
    this.story.replaceChildren(
      this.verse, this.cell.element, this.said,
      make("div", { className: "actions" }, button("step-back", () => this.#go(this.#step - 1)), this.slider,
        button("step-on", () => this.#go(this.#step + 1)), button("present", () => this.present(!this.#presenting))),
      make("p", { className: "note" }, t("story-keys")));
    this.root.replaceChildren(
      make("p", { className: "lead" }, t("study-intro")),
      make("section", { id: "story-section" }, make("h2", {}, t("study-live")), form, this.problem, this.units, this.story),
      make("section", { className: "whole" }, make("h2", {}, t("study-map")),
        make("div", { className: "controls" }, field("quantity", this.quantity)),
        make("label", { className: "tick" }, this.sorted, make("span", {}, t("sort"))), this.map.element),
      make("section", {}, make("h2", {}, t("study-step")), equations(), make("p", { className: "note" }, t("study-step-note"))),
      make("section", {}, make("h2", {}, t("study-back")), gradients(), make("p", { className: "note" }, t("study-back-note"))),
      make("section", {}, make("h2", {}, t("study-why")), gradient(), make("p", { className: "note" }, t("study-why-note"))),
      this.#figures(),
      ...(alone ? [] : [make("section", {}, make("h2", {}, t("study-report")), make("p", {}, make("a", { href: "/report", target: "_blank" }, t("report-open"))),
        make("p", { className: "note" }, t("report-note")))]),
    );
    this.#drawUnits();
  }

  /** The units of the model that follow something, to choose from. */
  #drawUnits() {
    const known = this.#model?.units ?? [];
    const within = this.units.contains(document.activeElement);
    this.units.hidden = !known.length;
    this.units.replaceChildren(make("h3", {}, t("units")), ...known.map((one) => {
      const click = () => this.#watch(one);
      return make("button", { type: "button", aria: { pressed: one === this.#known }, on: { click } }, t(`unit_${one.property}`),
        make("small", {}, t("unit-figures", { quantity: one.quantity, layer: one.layer, unit: one.unit, tested: one.tested.toFixed(2), poems: one.poems })));
    }), make("p", { className: "note" }, t("units-note")));
    if (within) this.#pressed?.focus();
  }

  /** What is known of the unit that is watched. */
  get #known() { return this.#model?.units.find((one) => one.unit === this.#unit && String(one.layer) === this.layer.value); }

  /** @returns {HTMLElement | null} */
  get #pressed() { return this.units.querySelector("[aria-pressed=true]"); }

  /** @param {Unit} one */
  #watch(one) {
    this.#unit = one.unit;
    this.layer.value = String(one.layer);
    if (one.quantity !== this.quantity.value) this.quantity.value = one.quantity;
    this.read();
  }

  /** Request how the network reads the text, and draw it. */
  async read() {
    this.#begun = true;
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const { lines } = parse(this.text.value);
    const forms = this.#model?.forms ?? [];
    /** @param {string} name */
    const fits = (name) => FORMS[name][1] === lengthOf(lines[0] ?? "") && FORMS[name][0] >= lines.length;
    const form = forms.find(fits);
    this.map.wait();
    this.#drawUnits();
    try {
      this.#trace = await ask("trace", {
        text: this.text.value.replaceAll("\n", ""), quantity: this.quantity.value, layer: Number(this.layer.value) || 1, unit: this.#unit,
        ...(form ? { form } : {}), ...(this.model.value ? { model: this.model.value } : {}),
      }, asking.signal);
      showWords(this.problem, "");
      this.draw();
    } catch (error) {
      if (isAbort(error)) return;
      this.#trace = null;
      this.story.hidden = this.map.element.hidden = true; // they would show the reading of another text
      showError(this.problem, error);
    }
  }

  draw() {
    const trace = this.#trace;
    if (!trace) return;
    this.map.show(trace, this.sorted.checked);
    this.story.hidden = false;
    this.unit.value = String(this.#unit);
    this.slider.max = String(trace.text.length);
    this.verse.replaceChildren(...[...trace.text].map((character) => make("span", {}, character)));
    this.#go(this.#step);
  }

  /** Show a step of the story. @param {number} step */
  #go(step) {
    const trace = this.#trace;
    if (!trace) return;
    const at = (this.#step = Math.min(trace.text.length, Math.max(0, step)));
    this.slider.value = String(at);
    this.cell.show(trace, at);
    const shown = this.#known?.quantity ?? "h", most = Math.max(1e-6, ...trace.cell[shown].map(Math.abs));
    // What has been read is coloured by the unit.
    [...this.verse.children].forEach((span, n) => {
      if (!(span instanceof HTMLElement)) return;
      span.className = n === at - 1 ? "now" : n < at ? "read" : "";
      const value = trace.cell[shown][n + 1] / most;
      span.style.setProperty("--strength", n < at ? `${Math.round(70 * Math.abs(value))}%` : "0%");
      span.classList.toggle("negative", value < 0);
    });
    const [first] = trace.expected[at];
    const words = { character: at ? trace.text[at - 1] : t("begin"), next: named(first.character), share: percent(first.probability) };
    this.slider.setAttribute("aria-valuetext", words.character);
    const value = (/** @type {string} */ name) => trace.cell[name]?.[at]?.toFixed(2) ?? "–";
    this.said.textContent = t("story-said", { ...words, f: value("f"), i: value("i"), o: value("o"), c: value("c"), h: value("h") });
  }

  get #presenting() { return document.documentElement.classList.contains("presenting"); }

  /** Show the story alone, in large type, or no more. @param {boolean} on */
  present(on) {
    document.documentElement.classList.toggle("presenting", on);
    if (on) { document.documentElement.requestFullscreen?.().catch(() => undefined); this.slider.focus(); }
    else if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
  }

  /** The keys of the presentation. @param {KeyboardEvent} event */
  #press(event) {
    if (!this.#presenting || event.altKey || event.ctrlKey || event.metaKey) return;
    const known = this.#model?.units ?? [], at = known.findIndex((one) => one === this.#known);
    const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.present(false);
    else if (event.key in STEPS) this.#go(this.#step + STEPS[event.key]);
    else if (turn && known.length) this.#watch(known[(at + turn + known.length) % known.length]);
    else return;
    event.preventDefault();
  }

  #figures() {
    /** @type {(model: Model, name: string) => string} */
    const figure = (model, name) => { const value = model.figures?.dev?.all?.[name]; return typeof value === "number" ? value.toFixed(2) : "–"; };
    const head = ["col-model", "col-parameters", "col-forms", "col-dev", "col-closed"].map((key) => make("th", { scope: "col" }, t(key)));
    const rows = this.models.map((model) => make("tr", {},
      make("th", { scope: "row" }, model.name), make("td", {}, model.parameters.toLocaleString(language())),
      make("td", { lang: "zh-Hant" }, model.forms.join(" ")), make("td", {}, figure(model, "per_token")), make("td", {}, figure(model, "per_token_closed"))));
    return make("section", {}, make("h2", {}, t("study-figures")),
      make("div", { className: "wide", tabIndex: 0, role: "region", aria: { label: t("study-figures") } },
        make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))),
      make("p", { className: "note" }, t("figures-note")));
  }
}
