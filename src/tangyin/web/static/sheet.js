// The sheet: a poem of a form, finished or not, and everything that is done to it.
// A place is a line and a character, both from 0; "" is an open place. Nothing here touches the page.

import { History } from "./history.js";
import { BLANK, FORMS, isMark } from "./verse.js";

const KEPT = 60; // steps of the history that are saved with a draft

/** @typedef {[number, number]} At line and place, both from 0 */

/**
 * A sheet of a form without anything on it.
 * @param {string} form
 * @returns {SheetState}
 */
export function blank(form) {
  const [lines, width] = FORMS[form];
  return {
    form, title: "", made: null,
    rows: Array.from({ length: lines }, () => Array(width).fill("")),
    marks: Array.from({ length: lines }, (_, n) => "，。"[n % 2]),
    locked: Array(lines).fill(false),
  };
}

/**
 * A poem as a state of the sheet; what does not fit its form is left out.
 * @param {Poem} poem
 * @returns {SheetState}
 */
export function stateOf(poem) {
  const state = blank(poem.form);
  const { model, rule, seed, number, options, changed } = poem;
  state.title = poem.title;
  state.made = seed === null ? null : { model, rule, seed, number, options, changed };
  poem.lines.slice(0, state.rows.length).forEach((line, n) => {
    [...line].slice(0, state.rows[n].length).forEach((c, at) => { state.rows[n][at] = c === BLANK ? "" : c; });
    if (poem.marks[n]) state.marks[n] = poem.marks[n];
  });
  return state;
}

/** A line with □ for what is open. @param {string[]} row */
const lineOf = (row) => row.map((c) => c || BLANK).join("");

export class Sheet {
  /** @type {History<SheetState>} */
  #history;

  /**
   * @param {SheetState} state
   * @param {(sheet: Sheet) => void} onChange called after every change
   * @param {{ states: SheetState[], at: number }} [kept] a history that was saved
   */
  constructor(state, onChange, kept) {
    this.#history = new History(state, kept);
    this.onChange = onChange;
  }

  get state() { return this.#history.current; }
  get canUndo() { return this.#history.canUndo; }
  get canRedo() { return this.#history.canRedo; }
  /** What is saved of it. */
  get kept() { return this.#history.last(KEPT); }

  get form() { return this.state.form; }
  get width() { return FORMS[this.form][1]; }
  get length() { return FORMS[this.form][0]; }
  get isEmpty() { return this.state.rows.every((row) => row.every((c) => !c)) && !this.state.title; }
  get isWhole() { return this.state.rows.every((row) => row.every(Boolean)); }
  get rows() { return this.state.rows.map(lineOf); }

  /** The poem, without the open lines at its end. @returns {Poem} */
  get poem() {
    const { form, title, marks, made } = this.state;
    let last = this.length;
    while (last && this.state.rows[last - 1].every((c) => !c)) last -= 1;
    const lines = this.rows.slice(0, last);
    return { form, title, lines, marks: marks.slice(0, last), model: "", seed: null, ...made };
  }

  /** The text of all places, with □ for those that are open, as the server takes it. */
  get text() { return this.rows.map((line, n) => line + this.state.marks[n]).join(""); }

  /**
   * The place a number of characters after another; null beyond the poem.
   * @param {At} from
   * @param {number} by
   * @returns {At | null}
   */
  after([line, at], by) {
    const place = line * this.width + at + by;
    return place < 0 || place >= this.length * this.width ? null : [Math.floor(place / this.width), place % this.width];
  }

  /** @param {At} at */
  characterAt([line, at]) { return this.state.rows[line]?.[at] ?? ""; }

  /**
   * Write characters from a place on, as on squared paper; a mark closes the line before the place.
   * @param {At} from
   * @param {string} text characters and marks; □ opens a place
   * @returns {{ next: At, left: number }} the place behind, and how many characters found none
   */
  write(from, text) {
    const rows = this.state.rows.map((row) => [...row]), marks = [...this.state.marks];
    /** @type {At | null} */
    let place = from;
    let left = 0;
    let last = from;
    for (const character of text) {
      if (isMark(character)) {
        const closed = place ? place[0] - Number(place[1] === 0) : this.length - 1;
        const ends = !place || place[1] === 0;
        if (ends && closed >= 0) marks[closed] = character;
      } else if (place) {
        rows[place[0]][place[1]] = character === BLANK ? "" : character;
        last = place;
        place = this.after(place, 1);
      } else left += 1;
    }
    this.#step({ rows, marks });
    return { next: place ?? last, left };
  }

  /**
   * Fill open places of the lines that are not locked with those of a poem of the same form.
   * @param {string[]} lines
   * @param {{ marks?: string[], made?: Made | null, over?: number[] }} [given] marks; how it was made; lines to be written over
   */
  fill(lines, { marks = [], made = null, over = [] } = {}) {
    const open = this.state.rows.map((row) => row.every((c) => !c));
    const rows = this.state.rows.map((row, n) => {
      const line = [...(lines[n] ?? "")];
      return row.map((c, at) => (!c || over.includes(n) ? line[at] ?? c : c)).map((c) => (c === BLANK ? "" : c));
    });
    // A mark belongs to a line that is new.
    this.#step({ rows, marks: this.state.marks.map((mark, n) => ((open[n] || over.includes(n)) && marks[n]) || mark), made: made ?? this.state.made });
  }

  /** Open a place. @param {At} place */
  erase(place) { if (this.characterAt(place)) this.write(place, BLANK); }

  /** @param {string} title */
  entitle(title) {
    // A title is one step, however many letters it has.
    if (this.#history.canUndo && this.#titling) this.#history.amend({ ...this.state, title });
    else this.#history.push({ ...this.state, title });
    this.#titling = true;
    this.onChange(this);
  }

  #titling = false;

  /** @param {number} line */
  lock(line) { this.#step({ locked: this.state.locked.with(line, !this.state.locked[line]) }); }

  /** @param {SheetState} state */
  replace(state) { this.#step(state); }

  undo() { this.#titling = false; this.#history.undo(); this.onChange(this); }
  redo() { this.#titling = false; this.#history.redo(); this.onChange(this); }

  /** @param {Partial<SheetState>} change */
  #step(change) {
    this.#titling = false;
    const before = this.state;
    const next = { ...before, ...change };
    if (JSON.stringify(next) === JSON.stringify(before)) return;
    if (next.made && next.made === before.made) next.made = { ...next.made, changed: true };
    this.#history.push(next);
    this.onChange(this);
  }
}

/**
 * The state in another form; null if characters of it would be lost.
 * @param {SheetState} state
 * @param {string} form
 * @returns {SheetState | null}
 */
export function inForm(state, form) {
  const next = { ...blank(form), title: state.title };
  for (const [line, row] of state.rows.entries()) {
    for (const [at, c] of row.entries()) {
      if (!c) continue;
      if (next.rows[line]?.[at] === undefined) return null;
      next.rows[line][at] = c;
    }
    if (line < next.marks.length) { next.marks[line] = state.marks[line]; next.locked[line] = state.locked[line]; }
  }
  return next;
}
