// What the model does at the desk: it completes the sheet, and offers lines, poems and other rhymes.

import { ask, listen } from "./api.js";
import { byId } from "./dom.js";
import { t } from "./language.js";
import { isAbort } from "./refusal.js";
import { BLANK, laid } from "./verse.js";

const SIDE_BY_SIDE = 3; // ways to continue that are offered together
const TAIL = 3; // characters at the end of a line that a change of rhyme rewrites

export class Composer {
  /** @type {AbortController | null} of what is being written */
  #writing = null;
  /** @type {Coming | null} the poem that is being written */
  coming = null;
  #frame = 0;

  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  stop() {
    this.#writing?.abort();
  }

  /** The first line with an open place after the selected one, or from the beginning. */
  get nextLine() {
    const { sheet, at } = this.desk;
    const open = sheet.state.rows
      .map((row, n) => (row.some((c) => !c) && !sheet.state.locked[n] ? n : -1))
      .filter((n) => n >= 0);
    return open.find((n) => n > at[0]) ?? open[0] ?? (at[0] + 1) % sheet.length;
  }

  /**
   * Offer ways to write a line.
   * @param {number} line
   */
  async lines(line) {
    const { desk } = this;
    const { locked, rows } = desk.sheet.state;
    if (locked[line]) {
      desk.say("is-locked", { n: line + 1 });
      return;
    }
    desk.select([
      line,
      Math.max(
        0,
        rows[line].findIndex((c) => !c),
      ),
    ]);
    await this.#during(async (signal) => {
      const { place: _, ...body } = desk.place([line, 0]);
      const found = await ask(
        "lines",
        { ...body, count: SIDE_BY_SIDE, seed: Math.floor(Math.random() * 2 ** 32) },
        signal,
      );
      desk.choices.open(found.length ? "choose-line" : "no-others", () => this.lines(line));
      for (const { text, parallel } of found) {
        const note = parallel === null ? "" : t("parallel", { score: parallel.toFixed(2) });
        await desk.choices.add({ lines: [text], note, take: () => this.#takeLine(line, text) }, desk.settings.script);
      }
    });
  }

  /** @param {number} line @param {string} text */
  async #takeLine(line, text) {
    const { desk } = this;
    const typed = await desk.asTyped(text);
    desk.keepVersion();
    desk.sheet.fill(desk.sheet.rows.with(line, typed), { over: [line] });
    desk.keepVersion();
    desk.select([line, desk.sheet.widths[line] - 1]);
  }

  /** Complete the sheet, or write another poem when nothing is open. */
  async write() {
    const over = this.over();
    if (over === null) this.desk.beginAnother();
    const { sheet } = this.desk;
    const start = this.#start(over ?? []);
    const take = async (/** @type {Poem} */ poem) => {
      if (this.desk.sheet === sheet) await this.#fill(poem, over ?? []);
    };
    await this.#during((signal) => this.#poems(start, {}, signal, take, over ?? []));
  }

  /** Offer several ways to complete the sheet. */
  async several() {
    const every = this.over() ?? [...this.desk.sheet.rows.keys()];
    await this.#offerPoems("choose-poem", every, {}, () => this.several());
  }

  /** Offer the poem in another rhyme: the ends of its rhyming lines, or these lines, rewritten. */
  async changeRhyme() {
    const { sheet, wishes, judge } = this.desk;
    const rhyme = wishes.rhyme.value;
    const own = judge.said?.report?.rhyme ?? "-";
    if (!rhyme || Array.isArray(own) || own === "-" || own === rhyme) return;
    const lines = (judge.said?.rhyming ?? []).map((line) => line - 1).filter((line) => !sheet.state.locked[line]);
    const opened = (/** @type {number} */ from) =>
      sheet.rows.map((row, n) => (lines.includes(n) ? row.slice(0, from) + BLANK.repeat(row.length - from) : row));
    for (const from of [sheet.widths[0] - TAIL, 0]) {
      if (await this.#offerPoems("choose-rhyme", lines, { rhyme }, () => this.changeRhyme(), opened(from))) return;
    }
  }

  /**
   * Offer poems that keep all lines but some; whether there are any.
   * @param {string} heading
   * @param {number[]} over the lines that may be written over
   * @param {Given} options
   * @param {() => void} again
   * @param {string[]} [rows]
   */
  async #offerPoems(heading, over, options, again, rows) {
    const { desk } = this;
    const start = rows ? this.#joined(rows) : this.#start(over);
    const before = desk.sheet.rows;
    let some = false;
    const add = async (/** @type {Poem} */ poem) => {
      if (!some) desk.choices.open(heading, again);
      some = true;
      const fresh = poem.lines.map((line, n) => [...line].map((c, at) => before[n][at] !== c));
      await desk.choices.add(
        { lines: poem.lines, fresh, note: "", take: () => this.#fill(poem, over) },
        desk.settings.script,
      );
    };
    await this.#during((signal) => this.#poems(start, { count: SIDE_BY_SIDE, ...options }, signal, add));
    return some;
  }

  /** The lines to write over: none while places are open, those not locked when some are; null for all. */
  over() {
    const { sheet } = this.desk;
    if (!sheet.isDone) return [];
    const { locked } = sheet.state;
    return locked.some(Boolean) ? [...locked.keys()].filter((n) => !locked[n]) : null;
  }

  /** @param {number[]} over */
  #start(over) {
    return this.#joined(
      this.desk.sheet.rows.map((row, n) => (over.includes(n) ? BLANK.repeat(row.length) : row)),
      over,
    );
  }

  /**
   * @param {string[]} rows
   * @param {number[]} [over]
   */
  #joined(rows, over = []) {
    const { marks } = this.desk.sheet.state;
    // The mark of a line that is not written yet is the model's.
    return rows.map((row, n) => row + (over.includes(n) || row.includes(BLANK) ? "" : marks[n])).join("");
  }

  /** @param {Poem} poem @param {number[]} over */
  async #fill(poem, over) {
    const { desk } = this;
    const lines = (await desk.asTyped(poem.lines.join("\n"))).split("\n");
    const { marks, model, rule, seed, number, options } = poem;
    const drawn = poem.title_drawn ? { title: poem.title } : {};
    const made = { model, rule, seed, number, options, changed: false, drawn: drawn.title };
    desk.keepVersion();
    desk.sheet.fill(lines, { marks, over, made, ...drawn });
    desk.keepVersion();
  }

  /**
   * Request poems; show how far they are, and the beginning of the first on the sheet.
   * @param {string} start
   * @param {Given} more
   * @param {AbortSignal} signal
   * @param {(poem: Poem) => unknown} take
   * @param {number[]} [over] lines that the first is shown over; without them it is not shown
   */
  async #poems(start, more, signal, take, over) {
    const { desk } = this;
    const given = desk.wishes.given();
    if (!given) return;
    const { form, state, places, widths } = desk.sheet;
    const lines = state.shape && state.shape.kind !== "詞" ? { lines: widths.length } : {};
    /** @type {Given} */
    const body = { ...given, ...more, ...desk.wishes.context(state), form, start, ...lines };
    if (start.replaceAll(BLANK, "")) delete body.seed;
    else body.start = "";
    const wanted = body.count ?? 1;
    const progress = byId("working", HTMLProgressElement);
    let count = 0;
    await listen(
      "write",
      body,
      async (name, value) => {
        if (name === "draft") {
          progress.value = value.text.length / places / wanted;
          if (over) this.#come({ lines: laid(value.text, widths).lines, settled: value.settled, over });
        } else if (name === "poem") {
          count += 1;
          progress.value = count / wanted;
          this.coming = null;
          await take({ ...value, ...laid(value.text, widths), options: body });
        }
      },
      signal,
    );
    await desk.draw();
    desk.say("written", { count });
  }

  /** Show the beginning of a poem, once a frame. @param {Coming} coming */
  #come(coming) {
    this.coming = coming;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.desk.draw());
  }

  /**
   * Do what takes its time, with a button to stop it.
   * @param {(signal: AbortSignal) => Promise<void>} work
   */
  async #during(work) {
    const { desk } = this;
    this.end();
    const writing = new AbortController();
    this.#writing = writing;
    showBusy(true);
    desk.problem(null);
    desk.say("writing");
    try {
      await work(writing.signal);
      if (this.#writing === writing && byId("status").dataset.t === "writing") desk.say("");
    } catch (error) {
      if (this.#writing !== writing) return; // the desk does something else by now
      desk.say(isAbort(error) ? "stopped" : "");
      desk.problem(error);
    }
    if (this.#writing === writing) this.end();
    desk.draw();
  }

  /** End what is being written. */
  end() {
    this.#writing?.abort();
    this.#writing = null;
    this.coming = null;
    showBusy(false);
  }
}

/** @param {boolean} busy */
function showBusy(busy) {
  // The one is in the place of the other, with the keyboard too.
  const [here, there] = busy ? [byId("stop"), byId("write")] : [byId("write"), byId("stop")];
  const focused = document.activeElement === there;
  here.hidden = false;
  there.hidden = true;
  if (focused) here.focus();
  byId("working").hidden = !busy;
  byId("working").removeAttribute("value");
  byId("leaf").setAttribute("aria-busy", String(busy));
}
