// Undo and redo.

export class History {
  #states = [];
  #at = -1;

  get current() { return this.#states[this.#at] ?? null; }
  get canUndo() { return this.#at > 0; }
  get canRedo() { return this.#at < this.#states.length - 1; }

  /** A new state; what was undone before is forgotten. */
  push(state) {
    this.#states = [...this.#states.slice(0, this.#at + 1), state].slice(-100);
    this.#at = this.#states.length - 1;
  }

  /** The current state with something found out about it; no step of its own. */
  amend(state) { this.#states[this.#at] = state; }

  undo() { if (this.canUndo) this.#at -= 1; }
  redo() { if (this.canRedo) this.#at += 1; }
}
