// The words of the interface (`words.json`), in Chinese and English.

import WORDS from "./words.json";

/** The words of each key, in Chinese and in English. @type {Record<string, string[]>} */
const words = WORDS;

/** @type {"zh" | "en"} */
let current = "zh";
/** What simplifies words, where that is wanted. @type {((zh: string) => string) | null} */
let simplify = null;

export const language = () => current;

/**
 * Chinese words of the interface in the reader's script; what is quoted in 「」 stays as it is.
 * @param {string} zh
 */
export const simplified = (zh) =>
  zh.replace(/「[^」]*」|[^「]+/g, (part) => (simplify && !part.startsWith("「") ? simplify(part) : part));

/** The words in the language of the interface. @param {Words} of */
export const inLanguage = ({ zh, en }) => (current === "en" ? en : simplified(zh));

/** @param {string} key */
export const has = (key) => key in words;

/**
 * The words for a key, with {names} replaced by values; "server" is a message of the server.
 * @param {string} key
 * @param {Values} values
 */
export function t(key, values = {}) {
  if (key === "server") return simplified(String(values.message));
  const [zh, en] = words[key];
  return inLanguage({ zh, en }).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * Put words into an element that follow the language from then on; none for the key "".
 * @param {HTMLElement} element
 * @param {string} key
 * @param {Values} values
 */
export function showWords(element, key, values = {}) {
  element.dataset.t = key;
  element.dataset.values = JSON.stringify(values);
  relabel(element);
}

/** @param {HTMLElement} element */
function relabel(element) {
  const { t: key, values = "{}" } = element.dataset;
  element.textContent = key ? t(key, JSON.parse(values)) : "";
}

/**
 * Give every labelled element its words in a language.
 * @param {string} tag zh-Hant, zh-Hans or en
 * @param {((zh: string) => string) | null} [by] what simplifies Chinese words
 */
export function setLanguage(tag, by = null) {
  current = tag === "en" ? "en" : "zh";
  simplify = by;
  document.documentElement.lang = tag;
  for (const element of document.querySelectorAll("[data-t], [data-t-label]")) {
    if (!(element instanceof HTMLElement)) continue;
    if (element.dataset.t !== undefined) relabel(element);
    if (element.dataset.tLabel) element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
  for (const area of document.querySelectorAll("textarea, input")) {
    if (!(area instanceof HTMLTextAreaElement || area instanceof HTMLInputElement)) continue;
    if (area.dataset.tPlaceholder) area.placeholder = t(area.dataset.tPlaceholder);
  }
  document.dispatchEvent(new CustomEvent("language"));
}

/** @param {number} share */
export const percent = (share) =>
  share >= 0.1 ? `${Math.round(share * 100)}%` : share >= 0.001 ? `${(share * 100).toFixed(1)}%` : "<0.1%";
