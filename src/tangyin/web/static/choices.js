// Several ways to continue, side by side, to choose from.

import { byId, make, press } from "./dom.js";
import { t } from "./language.js";
import { inScript, langOf } from "./script.js";
import { BLANK } from "./verse.js";

/** @typedef {{ lines: string[], note: string, take: () => void, fresh?: boolean[][] }} Choice */

export class Choices {
  constructor() {
    this.box = byId("choices");
    this.list = byId("choices-list");
    byId("choices-close").addEventListener("click", () => this.close());
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  get isOpen() {
    return !this.box.hidden;
  }

  /**
   * Begin with an empty list.
   * @param {string} heading key of its words
   * @param {() => void} again asks for others
   */
  open(heading, again) {
    byId("choices-heading").dataset.t = heading;
    byId("choices-heading").textContent = t(heading);
    const more = byId("choices-again");
    more.replaceWith(press(t("others-again"), again, { id: "choices-again", data: { t: "others-again" } }));
    this.list.replaceChildren();
    this.box.hidden = false;
  }

  /**
   * Add one to choose.
   * @param {Choice} choice
   * @param {string} script
   */
  async add({ lines, note, take, fresh }, script) {
    const shown = (await inScript(lines.join("\n"), script)).split("\n");
    const button = press(
      [
        ...shown.map((line, n) =>
          make(
            "span.choice-line",
            ...[...line].map((c, at) => (fresh?.[n]?.[at] ? make("em", c) : c === BLANK ? "　" : c)),
          ),
        ),
        note ? make("small", note) : null,
      ],
      () => {
        this.close();
        take();
      },
      { className: "choice-card", lang: langOf(script) },
    );
    this.list.append(make("li", button));
    if (this.list.children.length === 1) this.box.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.box.hidden = true;
    this.list.replaceChildren();
  }
}
