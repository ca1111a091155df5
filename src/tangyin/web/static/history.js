// Undo and redo.

/** @template S */
export class History {
  /** @type {S[]} */
  #states;
  #at;

  /**
   * @param {S} state
   * @param {{ states: S[], at: number }} [kept] a history that was kept, instead
   */
  constructor(state, kept) {
    this.#states = kept?.states.length ? kept.states : [state];
    this.#at = Math.min(kept?.at ?? 0, this.#states.length - 1);
  }

  get current() { return this.#states[this.#at]; }
  get canUndo() { return this.#at > 0; }
  get canRedo() { return this.#at < this.#states.length - 1; }

  /** The last states, to be kept. @param {number} most */
  last(most) {
    const from = Math.max(0, this.#at + 1 - most);
    return { states: this.#states.slice(from, from + most), at: this.#at - from };
  }

  /**
   * Add a state; states that were undone are dropped.
   * @param {S} state
   */
  push(state) {
    this.#states = [...this.#states.slice(0, this.#at + 1), state].slice(-100);
    this.#at = this.#states.length - 1;
  }

  /**
   * Complete the current state; this is not a step of its own.
   * @param {S} state
   */
  amend(state) { this.#states[this.#at] = state; }

  undo() { if (this.canUndo) this.#at -= 1; }
  redo() { if (this.canRedo) this.#at += 1; }
}
