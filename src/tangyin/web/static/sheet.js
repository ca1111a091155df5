// The sheet: a poem of a form, finished or not, and everything that is done to it.
// A place is a line and a character, both from 0; "" is an open place. Nothing here touches the page.

import { History } from "./history.js";
import { BLANK, FORMS, isMark, placeAfter } from "./verse.js";

const KEPT = 60; // steps of the history that are saved with a draft

/** @typedef {[number, number]} At line and place, both from 0 */

/**
 * A sheet of a form without anything on it.
 * @param {string} form
 * @param {FormShape} [shape] of a form that is not one of `FORMS`
 * @returns {SheetState}
 */
export function blank(form, shape) {
  const widths = shape?.widths ?? Array(FORMS[form][0]).fill(FORMS[form][1]);
  return {
    form, title: "", made: null, ...(shape ? { shape } : {}),
    rows: widths.map((width) => Array(width).fill("")),
    marks: widths.map((_, n) => shape?.marks[n] ?? "，。"[n % 2]),
    locked: Array(widths.length).fill(false),
  };
}

/**
 * A poem as a state of the sheet; what does not fit its form is left out.
 * @param {Poem} poem
 * @returns {SheetState}
 */
export function stateOf(poem) {
  const state = blank(poem.form, poem.shape);
  const { model, rule, seed, number, options, changed } = poem;
  state.title = poem.title;
  state.made = seed === null ? null : { model, rule, seed, number, options, changed };
  poem.lines.slice(0, state.rows.length).forEach((line, n) => {
    [...line].slice(0, state.rows[n].length).forEach((c, at) => { state.rows[n][at] = c === BLANK ? "" : c; });
    if (poem.marks[n]) state.marks[n] = poem.marks[n];
  });
  return state;
}

/**
 * A shape that came from outside as it should be; undefined if it is none.
 * @param {any} shape
 * @returns {FormShape | undefined}
 */
export function soundShape(shape) {
  const { widths, marks, breaks, kind, regulated } = shape ?? {};
  if (![widths, marks, breaks].every(Array.isArray) || !widths.length || widths.length > 400) return undefined;
  if (!widths.every((/** @type {unknown} */ width) => Number.isInteger(width) && Number(width) > 0 && Number(width) < 30)) return undefined;
  return {
    widths, kind: String(kind).slice(0, 4), regulated: regulated !== false, breaks: breaks.filter(Number.isInteger),
    marks: widths.map((/** @type {number} */ _, /** @type {number} */ n) => (isMark(marks[n] || "-") ? marks[n] : "，。"[n % 2])),
  };
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
  get widths() { return this.state.rows.map((row) => row.length); }
  get length() { return this.state.rows.length; }
  /** Characters and marks of the whole poem. */
  get places() { return this.widths.reduce((sum, width) => sum + width + 1, 0); }
  get isEmpty() { return this.state.rows.every((row) => row.every((c) => !c)) && !this.state.title; }
  get isWhole() { return this.state.rows.every((row) => row.every(Boolean)); }
  get rows() { return this.state.rows.map(lineOf); }

  /** The poem, without the open lines at its end. @returns {Poem} */
  get poem() {
    const { form, title, marks, made, shape } = this.state;
    let last = this.length;
    while (last && this.state.rows[last - 1].every((c) => !c)) last -= 1;
    const lines = this.rows.slice(0, last);
    return { form, title, lines, marks: marks.slice(0, last), model: "", seed: null, ...made, ...(shape ? { shape } : {}) };
  }

  /** The text of all places, with □ for those that are open, as the server takes it. */
  get text() { return this.rows.map((line, n) => line + this.state.marks[n]).join(""); }

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
        place = placeAfter(this.widths, place, 1);
      } else left += 1;
    }
    this.#step({ rows, marks });
    return { next: place ?? last, left };
  }

  /**
   * Fill open places of the lines that are not locked with those of a poem of the same form.
   * @param {string[]} lines
   * @param {{ marks?: string[], made?: Made | null, over?: number[], title?: string }} [given] marks; how it was made; lines to be written over
   */
  fill(lines, { marks = [], made = null, over = [], title = this.state.title } = {}) {
    const open = this.state.rows.map((row) => row.every((c) => !c));
    const rows = this.state.rows.map((row, n) => {
      const line = [...(lines[n] ?? "")];
      return row.map((c, at) => (!c || over.includes(n) ? line[at] ?? c : c)).map((c) => (c === BLANK ? "" : c));
    });
    // A mark belongs to a line that is new.
    this.#step({ rows, marks: this.state.marks.map((mark, n) => ((open[n] || over.includes(n)) && marks[n]) || mark), made: made ?? this.state.made, title });
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
 * @param {FormShape} [shape]
 * @returns {SheetState | null}
 */
export function inForm(state, form, shape) {
  const next = { ...blank(form, shape), title: state.title };
  for (const [line, row] of state.rows.entries()) {
    for (const [at, c] of row.entries()) {
      if (!c) continue;
      if (next.rows[line]?.[at] === undefined) return null;
      next.rows[line][at] = c;
    }
    if (line < next.marks.length) { if (!shape && !state.shape) next.marks[line] = state.marks[line]; next.locked[line] = state.locked[line]; }
  }
  return next;
}
