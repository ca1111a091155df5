// A draft: a poem of a form, finished or not, everything that is done to it, and the way back.
// A place is a line and a character, both from 0; "" is an open place. Nothing here touches the page.
// Whatever is done, a locked line stays as it is until it is unlocked: `#step` sees to it.

import { BLANK, FORMS, isMark, placeAfter } from "./verse.js";

const STEPS = 1000; // of the history
const KEPT = 60; // of those, saved with a draft

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
    form,
    title: "",
    author: "",
    made: null,
    ...(shape ? { shape } : {}),
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
  state.author = poem.author ?? "";
  state.made = seed === null ? null : { model, rule, seed, number, options, changed };
  for (const [n, line] of poem.lines.slice(0, state.rows.length).entries()) {
    for (const [at, c] of [...line].slice(0, state.rows[n].length).entries()) state.rows[n][at] = c === BLANK ? "" : c;
    if (poem.marks[n]) state.marks[n] = poem.marks[n];
  }
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
  if (!widths.every((/** @type {any} */ width) => Number.isInteger(width) && width > 0 && width < 30)) return undefined;
  return {
    widths,
    kind: String(kind).slice(0, 4),
    regulated: regulated !== false,
    breaks: breaks.filter(Number.isInteger),
    marks: [...widths.keys()].map((n) => (isMark(marks[n] || "-") ? marks[n] : "，。"[n % 2])),
  };
}

/**
 * The lines of a state that a form has too, in that form; null if there are none, or a locked one is not among them.
 * @param {SheetState} state
 * @param {string} form
 * @param {FormShape} [shape]
 * @returns {SheetState | null}
 */
export function inForm(state, form, shape) {
  const next = { ...blank(form, shape), title: state.title, author: state.author };
  let some = false;
  for (const [n, row] of state.rows.entries()) {
    const fits = next.rows[n]?.length === row.length;
    if (!fits && state.locked[n]) return null;
    if (!fits || !row.some(Boolean)) continue;
    some = true;
    next.rows[n] = row;
    next.locked[n] = state.locked[n];
    if (!shape && !state.shape) next.marks[n] = state.marks[n];
  }
  return some ? next : null;
}

/** @param {SheetState} state @param {SheetState} other */
const isSame = (state, other) => JSON.stringify(state) === JSON.stringify(other);

export class Sheet {
  /** @type {SheetState[]} */
  #states;
  #at;
  #naming = ""; // the name that is being typed

  /**
   * @param {SheetState} state
   * @param {(sheet: Sheet) => void} onChange called after every change
   * @param {{ states: SheetState[], at: number }} [kept] a history that was saved
   */
  constructor(state, onChange, kept) {
    this.#states = kept?.states.length ? kept.states : [state];
    this.#at = Math.min(kept?.at ?? 0, this.#states.length - 1);
    this.onChange = onChange;
  }

  get state() {
    return this.#states[this.#at];
  }
  get canUndo() {
    return this.#at > 0;
  }
  get canRedo() {
    return this.#at < this.#states.length - 1;
  }
  /** What is saved of it. */
  get kept() {
    const from = Math.max(0, this.#at + 1 - KEPT);
    return { states: this.#states.slice(from, from + KEPT), at: this.#at - from };
  }

  get form() {
    return this.state.form;
  }
  get widths() {
    return this.state.rows.map((row) => row.length);
  }
  get length() {
    return this.state.rows.length;
  }
  /** Characters and marks of the whole poem. */
  get places() {
    return this.widths.reduce((sum, width) => sum + width + 1, 0);
  }
  /** Whether no character is written. */
  get isBare() {
    return this.state.rows.every((row) => row.every((c) => !c));
  }
  get isEmpty() {
    return this.isBare && !this.state.title && !this.state.author;
  }
  get isWhole() {
    return this.state.rows.every((row) => row.every(Boolean));
  }
  /** Whether nothing is open that may be written. */
  get isDone() {
    return this.state.rows.every((row, n) => this.state.locked[n] || row.every(Boolean));
  }
  get rows() {
    return this.state.rows.map((row) => row.map((c) => c || BLANK).join(""));
  }

  /** The poem, without the open lines at its end. @returns {Poem} */
  get poem() {
    const { form, title, author, marks, made, shape } = this.state;
    const last = this.state.rows.findLastIndex((row) => row.some(Boolean)) + 1;
    const lines = this.rows.slice(0, last);
    const rest = { ...made, ...(shape ? { shape } : {}) };
    return { form, title, author, lines, marks: marks.slice(0, last), model: "", seed: null, ...rest };
  }

  /** @param {At} at */
  characterAt([line, at]) {
    return this.state.rows[line]?.[at] ?? "";
  }

  /**
   * Write characters from a place on, as on squared paper, past locked lines; a mark closes the line before the place.
   * @param {At} from
   * @param {string} text characters and marks; □ opens a place
   * @returns {{ next: At, left: number }} the place behind, and how many characters found none
   */
  write(from, text) {
    const { locked } = this.state;
    const rows = this.state.rows.map((row) => [...row]);
    const marks = [...this.state.marks];
    /** @type {At | null} */
    let place = locked[from[0]] ? null : from;
    let left = 0;
    let last = from;
    for (const character of text) {
      if (isMark(character)) {
        const closed = this.#closedBefore(place);
        if (closed >= 0) marks[closed] = character;
      } else if (place) {
        rows[place[0]][place[1]] = character === BLANK ? "" : character;
        last = place;
        place = this.#after(place);
      } else left += 1;
    }
    this.#step({ rows, marks });
    return { next: place ?? last, left };
  }

  /** The line that ends before a place; -1 inside a line. @param {At | null} place */
  #closedBefore(place) {
    if (!place) return this.length - 1;
    return place[1] ? -1 : place[0] - 1;
  }

  /** The next place that may be written. @param {At} from */
  #after(from) {
    let place = placeAfter(this.widths, from, 1);
    while (place && this.state.locked[place[0]]) place = placeAfter(this.widths, place, this.widths[place[0]]);
    return place;
  }

  /**
   * Fill open places with those of a poem of the same form.
   * @param {string[]} lines
   * @param {{ marks?: string[], made?: Made | null, over?: number[], title?: string }} [given] marks; how it was made;
   *   lines to be written over
   */
  fill(lines, { marks = [], made = null, over = [], title = this.state.title } = {}) {
    const open = this.state.rows.map((row) => row.every((c) => !c));
    const rows = this.state.rows.map((row, n) => {
      const line = [...(lines[n] ?? "")];
      return row.map((c, at) => (!c || over.includes(n) ? (line[at] ?? c) : c)).map((c) => (c === BLANK ? "" : c));
    });
    // A mark belongs to a line that is new.
    const changed = this.state.marks.map((mark, n) => ((open[n] || over.includes(n)) && marks[n]) || mark);
    this.#step({ rows, marks: changed, made: made ?? this.state.made, title });
  }

  /** Open a place. @param {At} place */
  erase(place) {
    if (this.characterAt(place)) this.write(place, BLANK);
  }

  /** Set the title or the author. A name is one step, however many letters it has. @param {"title" | "author"} what @param {string} name */
  name(what, name) {
    const next = { ...this.state, [what]: name };
    if (this.#naming === what && this.canUndo && !this.canRedo) this.#states[this.#at] = next;
    else this.#push(next);
    this.#naming = what;
    this.onChange(this);
  }

  /** Lock a line, or unlock it. @param {number} line */
  lock(line) {
    const { locked } = this.state;
    this.#push({ ...this.state, locked: locked.with(line, !locked[line]) });
    this.onChange(this);
  }

  /**
   * Put another state in the place of this one: of this form, or of another that has room for every locked line.
   * @param {SheetState} state
   * @returns whether it could be
   */
  replace(state) {
    return this.#step(state);
  }

  /** Whether a state has room for every locked line. @param {SheetState} state */
  admits(state) {
    return this.state.rows.every((row, n) => !this.state.locked[n] || state.rows[n]?.length === row.length);
  }

  undo() {
    this.#turn(this.#at - 1);
  }
  redo() {
    this.#turn(this.#at + 1);
  }

  /** @param {number} to */
  #turn(to) {
    this.#naming = "";
    if (this.#states[to]) this.#at = to;
    this.onChange(this);
  }

  /** @param {Partial<SheetState>} change */
  #step(change) {
    this.#naming = "";
    const before = this.state;
    const next = { ...before, ...change };
    // A change to another form has the lines of that form, or none.
    if (change.form && !change.shape) delete next.shape;
    if (!this.admits(next)) return false;
    const isLocked = (/** @type {number} */ n) => before.locked[n];
    next.rows = next.rows.map((row, n) => (isLocked(n) ? before.rows[n] : row));
    next.marks = next.marks.map((mark, n) => (isLocked(n) ? before.marks[n] : mark));
    next.locked = next.locked.map((locked, n) => isLocked(n) || locked);
    if (isSame(next, before)) return true;
    if (next.made && next.made === before.made) next.made = { ...next.made, changed: true };
    this.#push(next);
    this.onChange(this);
    return true;
  }

  /** States that were undone are dropped. @param {SheetState} state */
  #push(state) {
    this.#naming = "";
    this.#states = [...this.#states.slice(0, this.#at + 1), state].slice(-STEPS);
    this.#at = this.#states.length - 1;
  }
}
