// Showing verse in simplified characters. What is kept and sent is traditional.

import { ask } from "./api.js";

const known = new Map();

async function converted(text, script) {
  const { text: found } = await ask("script", { text, script });
  return [...found].length === [...text].length ? found : text;
}

/** The text in a script, of the same length; the text itself where that cannot be. */
export async function inScript(text, script) {
  if (script === "traditional" || !text) return text;
  if (!known.has(text)) {
    if (known.size > 500) known.clear();
    known.set(text, await converted(text, script));
  }
  return known.get(text);
}

/** What a person typed, in traditional characters. */
export const inTraditional = (text) => converted(text, "traditional");
