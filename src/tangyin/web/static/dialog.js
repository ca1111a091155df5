// A question that the page asks before it does something.

import { make } from "./dom.js";
import { t } from "./language.js";

/**
 * Ask a person to choose; null for none of the choices. The first has the keyboard.
 * @param {string} heading
 * @param {(Node | string)[]} said
 * @param {string[]} choices keys of their words
 * @returns {Promise<string | null>}
 */
export function choose(heading, said, choices) {
  return new Promise((resolve) => {
    const buttons = [...choices, "cancel"].map((key, n) =>
      make("button", { value: key, className: n ? "" : "primary", autofocus: n === 0, data: { choice: key } }, t(key)),
    );
    const dialog = make(
      "dialog.question",
      { aria: { label: heading } },
      make("form", { method: "dialog" }, make("h2", heading), ...said, make("div.actions", ...buttons)),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(choices.includes(dialog.returnValue) ? dialog.returnValue : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
