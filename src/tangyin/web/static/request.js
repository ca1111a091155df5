// What is asked of the model besides the sheet: the form of options, and the model.

import { byId } from "./dom.js";
import { t } from "./language.js";
import { Controls } from "./options.js";

/**
 * The number that the slider sets under a rule, its value at 0 … 20, and where the slider starts.
 * @type {Record<string, [string, (v: number) => number, number]>}
 */
const AMOUNTS = {
  "top-p": ["p", (v) => Number((0.5 + v * 0.025).toFixed(3)), 16],
  "random-k": ["k", (v) => v + 1, 4],
  temperature: ["temperature", (v) => Number((0.5 + v * 0.05).toFixed(2)), 10],
};

const amountInput = byId("amount-input", HTMLInputElement);

export class Wishes {
  /**
   * @param {Described[]} options
   * @param {Model[]} models the default one first
   * @param {() => void} onChange called when the model, the rules or the pattern change
   */
  constructor(options, models, onChange) {
    this.models = models;
    this.form = byId("request", HTMLFormElement);
    this.controls = new Controls(this.form, options);
    this.form.addEventListener("submit", (event) => event.preventDefault());
    // A browser can point to a wrong field only where it is visible.
    this.form.addEventListener(
      "invalid",
      (event) => {
        for (let at = event.target; at instanceof Element; at = at.parentElement)
          if (at instanceof HTMLDetailsElement) at.open = true;
      },
      true,
    );
    this.controls.offer(
      "model",
      models.map(({ name }) => name),
    );
    this.#control("rule").addEventListener("change", () => this.#showAmount(true));
    amountInput.addEventListener("input", () => this.#showAmount(false));
    for (const control of [
      this.#control("model"),
      this.#control("pattern"),
      ...this.form.querySelectorAll("[name=regulated]"),
    ]) {
      control.addEventListener("change", () => {
        this.#fit();
        onChange();
      });
    }
    this.form.addEventListener("input", () => this.#showActive());
    document.addEventListener("language", () => this.#showActive());
    this.#fit();
    this.#showAmount(true);
  }

  /** @param {string} name */
  #control(name) {
    return this.controls.control(name);
  }

  /** Whether regulated verse is requested. */
  get regulated() {
    return this.form.querySelector("[name=regulated]:checked")?.getAttribute("value") === "yes";
  }
  /** @param {SheetState} state */
  patternOf({ shape }) {
    return this.regulated && shape?.kind !== "詞" ? this.#control("pattern").value : "";
  }
  get rhyme() {
    return this.#control("rhyme");
  }

  /** The values that are possible, as the API takes them; null when a field is wrong. @returns {Given | null} */
  given() {
    if (!this.form.reportValidity()) return null;
    const { model, ...values } = this.controls.values();
    const [name, value] = AMOUNTS[this.#control("rule").value] ?? [];
    return {
      ...values,
      regulated: this.regulated && !this.#isFree,
      ...(name && value ? { [name]: value(Number(amountInput.value)) } : {}),
    };
  }

  /**
   * The model for a sheet, and the title if it takes one: the chosen model, or any that knows the form.
   * @param {SheetState} state
   */
  context({ form, shape, title }) {
    const able = this.models.filter(
      ({ forms, kinds }) => forms.includes(form) || (shape && kinds.includes(shape.kind)),
    );
    const model = able.find(({ name }) => name === this.#control("model").value) ?? able[0];
    return { ...(model ? { model: model.name } : {}), ...(title && model?.takes_title ? { title } : {}) };
  }

  #isTune = false;
  #isFree = false; // without patterns, whatever the options say

  /** Show the controls that a sheet has. @param {SheetState} state */
  fit({ shape }) {
    const isTune = shape?.kind === "詞",
      isFree = shape?.regulated === false;
    if (isTune === this.#isTune && isFree === this.#isFree) return;
    this.#isTune = isTune;
    this.#isFree = isFree;
    this.#fit();
  }

  #fit() {
    this.controls.fit(this.regulated && !this.#isFree, this.#isTune);
    this.#showActive();
  }

  /** What is requested, also where the panel is closed. */
  #showActive() {
    const usual = { model: this.models[0]?.name };
    byId("active-options").textContent = [...(this.regulated ? [] : [t("free")]), ...this.controls.said(usual)].join(
      "　",
    );
  }

  /** @param {boolean} reset whether the slider returns to its start */
  #showAmount(reset) {
    const [name, value, first] = AMOUNTS[this.#control("rule").value] ?? [];
    byId("amount-field").hidden = !name;
    if (!name || !value) return;
    if (reset) amountInput.value = String(first);
    const text = `${name} = ${value(Number(amountInput.value))}`;
    byId("amount").textContent = text;
    amountInput.setAttribute("aria-valuetext", text);
  }
}
