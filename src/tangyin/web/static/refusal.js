// Errors as words.

import { showWords } from "./language.js";

/** An error with the key of the interface's words for it, or "server" with the server's `message`. */
export class Refusal extends Error {
  /** @param {string} key @param {Values} values */
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

/** @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/**
 * Show an error in an element, unless the page itself aborted the request.
 * @param {HTMLElement} element
 * @param {unknown} error
 */
export function showError(element, error) {
  if (isAbort(error)) return;
  const known = error instanceof Refusal ? error : new Refusal("server", { message: String(error) });
  showWords(element, known.key, known.values);
}
