// Undo and redo.

export class History {
  /** @type {Poem[]} */
  #states;
  #at = 0;

  /** @param {Poem} state */
  constructor(state) { this.#states = [state]; }

  get current() { return this.#states[this.#at]; }
  get canUndo() { return this.#at > 0; }
  get canRedo() { return this.#at < this.#states.length - 1; }

  /**
   * Add a state; states that were undone are dropped.
   * @param {Poem} state
   */
  push(state) {
    this.#states = [...this.#states.slice(0, this.#at + 1), state].slice(-100);
    this.#at = this.#states.length - 1;
  }

  /**
   * Complete the current state; this is not a step of its own.
   * @param {Poem} state
   */
  amend(state) { this.#states[this.#at] = state; }

  undo() { if (this.canUndo) this.#at -= 1; }
  redo() { if (this.canRedo) this.#at += 1; }
}
