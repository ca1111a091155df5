// What cannot be, in words that follow the language.

import { tell } from "./language.js";

/** An error that is told by a key of the interface's words and its values. */
export class Refusal extends Error {
  constructor(key, values = {}) {
    super(values.sentence ?? key);
    [this.key, this.values] = [key, values];
  }
}

/** Tell an error in an element; nothing of one that we brought about ourselves. */
export function tellError(element, error) {
  if (error.name === "AbortError") return;
  tell(element, error.key ?? "server", error.values ?? { sentence: error.message });
}
