// The clipboard.

import { t } from "./language.js";

/** Put a text on the clipboard; the sentence that says how it went. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return t("copied");
  } catch { return t("cannot-copy"); }
}
