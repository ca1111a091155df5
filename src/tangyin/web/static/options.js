// The controls of a request's options, made from the server's description of them.

import { make } from "./dom.js";
import { has, inLanguage, simplified, t } from "./language.js";

/** Options that are shown in another way than by a control of their own, or not at all. */
const ELSEWHERE = new Set([
  "start",
  "title",
  "form",
  "lines",
  "variant",
  "count",
  "regulated",
  "k",
  "certainty",
  "temperature",
  "p",
  "particles",
  "script",
]);

/** Options whose choices depend on the models; `Controls.offer` sets them. */
const OF_MODELS = new Set(["model"]);

/** The parts of 詞林正韻. */
const PARTS = [..."一二三四五六七八九十", ...[..."一二三四五六七八九"].map((digit) => `十${digit}`)].map(
  (number) => `第${number}部`,
);

/** @typedef {HTMLInputElement | HTMLSelectElement} Control */

export class Controls {
  /** @type {Map<string, { option: Described, control: Control, label: HTMLElement, slot: HTMLElement }>} */
  #made = new Map();

  /**
   * Fill the places of a form: `data-option` names the option that a place is for, and the place
   * with `data-option="*"` gets all that have none.
   * @param {HTMLElement} form
   * @param {Described[]} options
   */
  constructor(form, options) {
    for (const option of options.filter(({ name }) => !ELSEWHERE.has(name))) {
      const label = make("span"),
        control = controlOf(option);
      const field = option.kind === "bool" ? make("label.tick", control, label) : make("label.field", label, control);
      const slot =
        form.querySelector(`[data-option="${option.name}"]`) ??
        form.querySelector('[data-option="*"]')?.appendChild(make("div"));
      if (!(slot instanceof HTMLElement)) continue;
      slot.append(field);
      this.#made.set(option.name, { option, control, label, slot });
    }
    this.#label();
    document.addEventListener("language", () => this.#label());
  }

  /** @param {string} name */
  control(name) {
    const made = this.#made.get(name);
    if (!made) throw new Error(`there is no option ${name}`);
    return made.control;
  }

  /**
   * @param {boolean} regulated whether the options of regulated verse are shown
   * @param {boolean} tune whether it is 詞, which has no line types
   */
  fit(regulated, tune) {
    for (const { option, slot } of this.#made.values())
      if (option.regulated) slot.hidden = !regulated || (tune && option.patterned);
    if (this.#isTune !== tune) {
      this.#isTune = tune;
      this.#label();
    }
  }

  #isTune = false;

  /** The values of the options that are shown and are not left as they were. */
  values() {
    /** @type {Given} */
    const given = {};
    for (const { option, control, slot } of this.#made.values()) {
      const value = slot.hidden ? undefined : valueIn(option, control);
      if (value !== undefined && value !== option.default) given[option.name] = value;
    }
    return given;
  }

  /** The options that are not left as they were, in words. @param {Given} usual more values that are the usual ones */
  said(usual) {
    const given = this.values();
    return [...this.#made.values()]
      .filter(({ option: { name } }) => name in given && given[name] !== usual[name])
      .map(({ option }) => [inLanguage(option.label), given[option.name]].flat())
      .map(([label, ...values]) =>
        values[0] === true ? label : `${label} ${values.map((value) => simplified(String(value))).join("、")}`,
      );
  }

  /**
   * Replace the choices of an option, and keep the one that is chosen if it is still there.
   * @param {string} name
   * @param {string[]} values
   * @param {(value: string) => string} [words]
   */
  offer(name, values, words = (value) => wordsOf(name, value)) {
    const control = this.control(name),
      chosen = control.value;
    control.replaceChildren(...values.map((value) => make("option", { value }, words(value))));
    if (values.includes(chosen)) control.value = chosen;
  }

  #label() {
    for (const { option, control, label } of this.#made.values()) {
      label.textContent = inLanguage(option.label);
      control.title = inLanguage(option.help);
      const hint = `${option.name}-hint`;
      if (control instanceof HTMLInputElement && has(hint)) control.placeholder = t(hint);
      const offered = this.#isTune && option.name === "rhyme" ? ["", ...PARTS] : offeredBy(option);
      if (offered.length) this.offer(option.name, offered);
    }
  }
}

/** @param {Described} option */
function offeredBy({ choices, offered, default: value }) {
  const all = choices.length ? choices : offered;
  return all.length && (value === null || value === "") ? ["", ...all] : all;
}

/** @param {string} name @param {string} value */
const wordsOf = (name, value) => (value === "" ? t("any") : has(`${name}_${value}`) ? t(`${name}_${value}`) : value);

/** @param {Described} option */
function controlOf(option) {
  const { name, kind, minimum, maximum, longest, default: value } = option;
  const offered = offeredBy(option);
  if (offered.length || OF_MODELS.has(name)) {
    const select = make("select", { name, lang: "zh-Hant" });
    for (const choice of offered) select.append(make("option", { value: choice }));
    if (typeof value === "string") select.value = value;
    return select;
  }
  if (kind === "bool") return make("input", { name, type: "checkbox", checked: value === true });
  if (kind === "str")
    return make("input", {
      name,
      lang: "zh-Hant",
      maxLength: longest ?? 200,
      value: typeof value === "string" ? value : "",
    });
  const input = make("input", {
    name,
    type: "number",
    step: kind === "int" ? "1" : "any",
    value: value === null ? "" : String(value),
    required: value !== null,
  });
  if (minimum !== null) input.min = String(minimum);
  if (maximum !== null) input.max = String(Math.min(maximum, Number.MAX_SAFE_INTEGER));
  return input;
}

/** @param {Described} option @param {Control} control */
function valueIn({ kind, many }, control) {
  if (control instanceof HTMLInputElement && kind === "bool") return control.checked;
  if (control.value === "") return undefined;
  if (kind === "int" || kind === "float") return Number(control.value);
  if (!many) return control.value;
  const words = control.value.split(/[\s，、,]+/).filter(Boolean);
  return words.length ? words : undefined;
}
