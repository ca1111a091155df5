// Several ways to continue, side by side, to choose from.

import { byId, make } from "./dom.js";
import { t } from "./language.js";
import { inScript } from "./script.js";
import { BLANK } from "./verse.js";

/** @typedef {{ lines: string[], note: string, take: () => void, fresh?: boolean[][] }} Choice */

export class Choices {
  constructor() {
    this.box = byId("choices");
    this.list = byId("choices-list");
    byId("choices-close").addEventListener("click", () => this.close());
    this.box.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
  }

  get isOpen() { return !this.box.hidden; }

  /**
   * Begin with an empty list.
   * @param {string} heading key of its words
   * @param {() => void} again asks for others
   */
  open(heading, again) {
    byId("choices-heading").dataset.t = heading;
    byId("choices-heading").textContent = t(heading);
    const more = byId("choices-again");
    more.replaceWith(make("button", { type: "button", id: "choices-again", data: { t: "others-again" }, on: { click: again } }, t("others-again")));
    this.list.replaceChildren();
    this.box.hidden = false;
  }

  /**
   * Add one to choose.
   * @param {Choice} choice
   * @param {string} script
   */
  async add({ lines, note, take, fresh }, script) {
    const shown = (await inScript(lines.join("\n"), script).catch(() => lines.join("\n"))).split("\n");
    const button = make("button", { type: "button", className: "choice-card", lang: "zh-Hant", on: { click: () => { this.close(); take(); } } },
      ...shown.map((line, n) => make("span", { className: "choice-line" }, ...[...line].map((c, at) => (fresh?.[n]?.[at] ? make("em", {}, c) : c === BLANK ? "　" : c)))),
      note ? make("small", {}, note) : null);
    this.list.append(make("li", {}, button));
    if (this.list.children.length === 1) this.box.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.box.hidden = true;
    this.list.replaceChildren();
  }
}
