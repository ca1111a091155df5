// The clipboard.

/**
 * Put a text on the clipboard.
 * @param {string} text
 * @returns the key of the words that say whether it worked
 */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch { return "cannot-copy"; }
}
