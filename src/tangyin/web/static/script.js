// Showing verse in simplified characters. What is kept and sent is traditional.

import { ask } from "./api.js";

const known = new Map();

/** The text in a script, of the same length; the text itself where that cannot be. */
export async function inScript(text, script) {
  if (script === "traditional" || !text) return text;
  if (!known.has(text)) {
    const { text: found } = await ask("script", { text, script });
    if (known.size > 500) known.clear();
    known.set(text, [...found].length === [...text].length ? found : text);
  }
  return known.get(text);
}
