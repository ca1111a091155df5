// 學理: what the network computes, and how it looks while it reads.

import { ask } from "./api.js";
import { byId, make } from "./dom.js";
import { HeatMap } from "./heatmap.js";
import { language, t, showWords } from "./language.js";
import { equations, gradient, gradients } from "./mathematics.js";
import { isAbort, showError } from "./refusal.js";
import { FORMS, lengthOf, parse } from "./verse.js";

const POEM = "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。";
const QUANTITIES = ["f", "i", "g", "o", "c", "h"];

export class Study {
  #begun = false;
  /** @type {Trace | null} */
  #trace = null;
  /** @type {AbortController | undefined} */
  #asking;

  /** @param {Model[]} models */
  constructor(models) {
    this.models = models;
    this.root = byId("study-sheet");
    this.text = make("textarea", { rows: 3, maxLength: 400, lang: "zh-Hant", value: POEM });
    this.quantity = make("select", {});
    this.model = make("select", {});
    this.layer = make("select", {});
    this.sorted = make("input", { type: "checkbox", checked: true });
    this.problem = make("p", { className: "problem", role: "alert" });
    this.map = new HeatMap();
    for (const control of [this.quantity, this.layer]) control.addEventListener("change", () => this.read());
    this.model.addEventListener("change", () => { this.#fillLayers(); this.read(); });
    this.sorted.addEventListener("change", () => this.draw());
    document.addEventListener("language", () => { this.#build(); this.draw(); });
    this.#build();
  }

  /** Read the example when the page is first shown. */
  begin() {
    if (!this.#begun) this.read();
    this.#begun = true;
  }

  #fillLayers() {
    const layers = this.models.find(({ name }) => name === this.model.value)?.architecture.layers ?? 1;
    this.layer.replaceChildren(...Array.from({ length: layers }, (_, n) => make("option", { value: String(n + 1) }, n + 1)));
  }

  #build() {
    const [quantity, model] = [this.quantity.value || "f", this.model.value];
    this.quantity.replaceChildren(...QUANTITIES.map((name) => make("option", { value: name }, t(`q_${name}`))));
    this.quantity.value = quantity;
    this.model.replaceChildren(...this.models.map(({ name }) => make("option", { value: name }, name)));
    if (model) this.model.value = model;
    this.#fillLayers();
    /** @type {(words: string, control: HTMLElement) => HTMLElement} */
    const field = (words, control) => make("label", { className: "field" }, make("span", {}, t(words)), control);
    const form = make("form", { className: "live" },
      field("study-text", this.text),
      make("div", { className: "controls" }, field("quantity", this.quantity), field("layer", this.layer), field("model", this.model)),
      make("label", { className: "tick" }, this.sorted, make("span", {}, t("sort"))),
      make("div", { className: "actions" }, make("button", { className: "primary" }, t("study-read"))));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.read(); });
    this.root.replaceChildren(
      make("p", { className: "lead" }, t("study-intro")),
      make("section", {}, make("h2", {}, t("study-step")), equations(), make("p", { className: "note" }, t("study-step-note"))),
      make("section", {}, make("h2", {}, t("study-back")), gradients(), make("p", { className: "note" }, t("study-back-note"))),
      make("section", {}, make("h2", {}, t("study-why")), gradient(), make("p", { className: "note" }, t("study-why-note"))),
      make("section", {}, make("h2", {}, t("study-live")), form, this.problem, this.map.element),
      this.#figures(),
      make("section", {}, make("h2", {}, t("study-report")), make("p", {}, make("a", { href: "/report", target: "_blank" }, t("report-open"))),
        make("p", { className: "note" }, t("report-note"))),
    );
  }

  /** Request how the network reads the text, and draw it. */
  async read() {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const { lines } = parse(this.text.value);
    const forms = this.models.find(({ name }) => name === this.model.value)?.forms ?? [];
    /** @param {string} name */
    const fits = (name) => FORMS[name][1] === lengthOf(lines[0] ?? "") && FORMS[name][0] >= lines.length;
    const form = forms.find(fits);
    try {
      this.#trace = await ask("trace", {
        text: this.text.value.replaceAll("\n", ""), quantity: this.quantity.value, layer: Number(this.layer.value) || 1,
        ...(form ? { form } : {}), ...(this.model.value ? { model: this.model.value } : {}),
      }, asking.signal);
      showWords(this.problem, "");
      this.draw();
    } catch (error) {
      if (isAbort(error)) return;
      this.#trace = null;
      this.map.element.hidden = true; // it would show the reading of another text
      showError(this.problem, error);
    }
  }

  draw() { if (this.#trace) this.map.show(this.#trace, this.sorted.checked); }

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
