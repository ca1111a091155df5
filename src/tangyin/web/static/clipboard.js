// The clipboard.

/** Put a text on the clipboard; the key of the words that say how it went. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch { return "cannot-copy"; }
}
