// What the checker says of the sheet while it is written.

import { ask } from "./api.js";
import { byId } from "./dom.js";

const PAUSE = 120; // milliseconds without a change before the sheet is checked
const RETRY = 4000; // milliseconds before a server that does not answer is asked again

export class Judge {
  /** @type {Judged | null} */
  said = null;
  isSimplified = false; // whether what is on the sheet was typed in simplified characters
  #number = 0; // of the latest check
  #timer = 0;

  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  /** The verdict, where it is on the form that is shown. */
  get shown() {
    const { said } = this;
    const { widths } = this.desk.sheet;
    const fits = said?.signs.length === widths.length && said.signs.every((signs, n) => signs.length === widths[n]);
    return this.desk.wishes.regulated && fits ? said : null;
  }

  /** Judge another sheet. */
  begin() {
    this.said = null;
    this.#check();
  }

  /** Judge what is written by then. */
  soon(pause = PAUSE) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), pause);
  }

  async #check() {
    const { desk } = this;
    this.#number += 1;
    const number = this.#number;
    const { form, rows, state } = desk.sheet;
    try {
      const said = await ask("sheet", { form, rows, pattern: desk.wishes.patternOf(state) });
      if (number !== this.#number) return;
      if (byId("status").dataset.t === "kept-while-lost") desk.say("");
      this.said = said;
      this.isSimplified = mostlySimplified(said.report);
      desk.judged();
    } catch (error) {
      if (number !== this.#number) return;
      if (!(error instanceof Error && error.message === "lost")) {
        desk.problem(error);
        return;
      }
      desk.say("kept-while-lost");
      this.soon(RETRY);
    }
  }
}

/**
 * Whether most lines are read in other characters than they were typed in: those of the traditional script.
 * @param {Judged["report"]} report
 */
function mostlySimplified(report) {
  const some = report?.lines.map((line, n) => [line, report.read_as[n]]).filter(([line]) => /[^□]/.test(line)) ?? [];
  return some.filter(([line, read]) => line !== read).length * 2 > some.length;
}
