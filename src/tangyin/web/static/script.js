// Showing verse in simplified characters. What is kept and sent is traditional.

import { ask } from "./api.js";

/** @type {Map<string, string>} */
const known = new Map();

/**
 * @param {string} text
 * @param {string} script
 * @returns {Promise<string>}
 */
async function converted(text, script) {
  const { text: found } = await ask("script", { text, script });
  return [...found].length === [...text].length ? found : text;
}

/**
 * The text in a script; the text itself where its length would change.
 * @param {string} text
 * @param {string} script
 */
export async function inScript(text, script) {
  if (script === "traditional" || !text) return text;
  const found = known.get(text) ?? (await converted(text, script));
  if (known.size > 500) known.clear();
  known.set(text, found);
  return found;
}

/** What a person typed, in traditional characters. @param {string} text */
export const inTraditional = (text) => converted(text, "traditional");
