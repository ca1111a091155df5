// Both scripts. What is kept and sent is as it was typed; verse is shown in simplified characters by OpenCC's tables,
// which are loaded once, when they are first wanted.

import { ask, get } from "./api.js";
import { simplifiersOf } from "./simplify.js";

/** @type {Promise<ReturnType<typeof simplifiersOf>> | null} */
let loading = null;

/** What simplifies verse, and words of the interface. */
export function simplifiers() {
  loading ??= get("static/simplified.json").then(simplifiersOf, (error) => {
    loading = null; // the next time it may be had
    throw error;
  });
  return loading;
}

/** The language of verse in a script, by which the browser chooses a font. @param {string} script */
export const langOf = (script) => (script === "simplified" ? "zh-Hans" : "zh-Hant");

/**
 * The text in a script; the text itself where the tables cannot be had.
 * @param {string} text
 * @param {string} script
 */
export async function inScript(text, script) {
  if (script === "traditional" || !text) return text;
  return simplifiers().then(
    ({ verse }) => verse(text),
    () => text,
  );
}

/** What a person typed, in traditional characters; as it is where nobody answers. @param {string} text */
export async function inTraditional(text) {
  /** @type {string} */
  const found = await ask("script", { text, script: "traditional" }).then(
    (answer) => answer.text,
    () => text,
  );
  return [...found].length === [...text].length ? found : text;
}
