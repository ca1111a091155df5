// The sheet as it is seen and typed on: a cell for each place, in columns or across.

import { byId, make } from "./dom.js";
import { has, inLanguage, language, simplified, t } from "./language.js";
import { langOf } from "./script.js";
import { onlyVerse, placeAfter } from "./verse.js";

/** @typedef {import("./draft.js").At} At */

/**
 * What happens on the paper.
 * @typedef {{
 *   write: (at: At, text: string) => void, erase: (at: At) => void, clear: () => void, text: () => string, paste: (at: At | null, text: string) => void,
 *   select: (at: At) => void, lock: (line: number) => void, name: (what: "title" | "author", name: string) => void,
 * }} Hands
 */

const SIDE_BY_SIDE = 12; // lines of a long poem

/** Signs of the pattern behind an empty place, and of the tones of characters. @type {Record<string, string>} */
const SIGNS = { 平: "○", 仄: "●", 中: "◎", P: "○", Z: "●", "": "" };
/** @type {Record<string, string>} */
const WORDS = { 平: "level", 仄: "oblique", 中: "either", P: "level", Z: "oblique" };

/** @type {Judged} */
const UNJUDGED = { report: null, pattern: "", signs: [], rhyming: [], open: 0 };

export class Paper {
  /** @type {HTMLInputElement[][]} */
  #cells = [];
  /** @type {{ mark: HTMLElement, foot: HTMLElement, lock: HTMLButtonElement, row: HTMLElement }[]} */
  #ends = [];
  #shape = "";
  #composing = false;

  /** @param {Hands} hands */
  constructor(hands) {
    this.hands = hands;
    this.grid = byId("poem");
    this.names = { title: byId("poem-title", HTMLInputElement), author: byId("poem-author", HTMLInputElement) };
    this.#listenToName("title", this.names.title, this.names.author);
    this.#listenToName("author", this.names.author, null);
    const grid = this.grid;
    grid.addEventListener("compositionstart", (event) => this.#compose(event, true));
    grid.addEventListener("compositionend", (event) => {
      this.#compose(event, false);
      this.#commit(event, true);
    });
    grid.addEventListener("input", (event) => {
      if (!this.#composing) this.#commit(event);
    });
    grid.addEventListener("keydown", (event) => this.#key(event));
    grid.addEventListener("copy", (event) => this.#copyAll(event));
    grid.addEventListener("cut", (event) => {
      if (this.#copyAll(event)) this.hands.clear();
      this.#selectAll(false);
    });
    grid.addEventListener("focusout", () => this.#selectAll(false));
    grid.addEventListener("pointerdown", () => this.#selectAll(false));
    grid.addEventListener("paste", (event) => {
      const at = placeOf(event);
      if (!at) return;
      event.preventDefault();
      hands.paste(at, event.clipboardData?.getData("text") ?? "");
    });
    grid.addEventListener("focusin", (event) => {
      const at = placeOf(event);
      if (!at) return;
      this.#cell(at)?.select();
      hands.select(at);
    });
    // A click puts the caret beside the character, where typing would not replace it.
    grid.addEventListener("pointerup", (event) => {
      const at = placeOf(event);
      if (at) this.#cell(at)?.select();
    });
    grid.addEventListener("click", (event) => {
      const button = event.target instanceof Element && event.target.closest(".lock");
      if (button instanceof HTMLElement) hands.lock(Number(button.dataset.line));
    });
  }

  /** @param {"title" | "author"} what @param {HTMLInputElement} input @param {HTMLInputElement | null} next */
  #listenToName(what, input, next) {
    input.addEventListener("input", () => this.hands.name(what, input.value));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      if (next) next.focus();
      else this.focus([0, 0]);
    });
    // A poem that is pasted here is a poem, and not a long title.
    input.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text").trim() ?? "";
      if (!/[\n，。,.；;]/.test(text)) return;
      event.preventDefault();
      this.hands.paste(null, text);
    });
  }

  /** Show title and author. @param {{ title: string, author?: string }} names */
  showNames({ title, author }) {
    this.names.title.value = title;
    this.names.author.value = author ?? "";
  }

  /** @param {At} at */
  #cell([line, at]) {
    return this.#cells[line]?.[at];
  }

  /** @param {Event} event @param {boolean} composing */
  #compose(event, composing) {
    this.#composing = composing;
    if (event.target instanceof Element) event.target.closest(".square")?.classList.toggle("composing", composing);
  }

  /** Take what was typed into a cell. @param {Event} event @param {boolean} [composed] by an input method, which may be left without a choice */
  #commit(event, composed) {
    const at = placeOf(event),
      cell = at && this.#cell(at);
    if (!at || !cell) return;
    const before = cell.dataset.shown ?? "";
    const isEmpty = !cell.value,
      typed = onlyVerse(cell.value);
    // What was typed is beside the character that was there.
    const text = before && typed.length > before.length && typed.includes(before) ? typed.replace(before, "") : typed;
    cell.value = before;
    if (text) this.hands.write(at, text);
    else if (isEmpty && !composed) this.hands.erase(at); // cut, or deleted on a touch screen's keyboard
  }

  /** Select the whole poem, as in a text, or no longer. @param {boolean} is */
  #selectAll(is) {
    this.grid.classList.toggle("all", is);
  }

  /** Copy the whole poem, if it is selected. @param {ClipboardEvent} event */
  #copyAll(event) {
    const isAll = this.grid.classList.contains("all");
    if (!isAll) return false;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", this.hands.text());
    return true;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = placeOf(event);
    const holds = event.ctrlKey || event.metaKey;
    if (at && holds && event.key.toLowerCase() === "a") {
      event.preventDefault();
      this.#selectAll(true);
      return;
    }
    if (holds) return;
    const isAll = this.grid.classList.contains("all");
    this.#selectAll(false);
    if (isAll && (event.key === "Delete" || event.key === "Backspace")) {
      event.preventDefault();
      this.hands.clear();
      return;
    }
    if (!at || event.isComposing || event.altKey) return;
    const next = event.key === "Delete" ? at : this.#target(event.key, at);
    if (next === undefined) return;
    event.preventDefault();
    const erases = event.key === "Delete" || event.key === "Backspace";
    // Backspace opens the place itself, or that before it when it is open.
    const to = event.key === "Backspace" && this.#cell(at)?.dataset.shown ? at : (next ?? at);
    this.focus(to);
    if (erases) this.hands.erase(to);
  }

  /**
   * Where a key leads; null beyond the poem, undefined for other keys.
   * @param {string} key
   * @param {At} at
   */
  #target(key, [line, at]) {
    const across = byId("leaf").classList.contains("across");
    const widths = this.#cells.map((cells) => cells.length);
    const beside = (/** @type {number} */ to) =>
      widths[to] ? /** @type {At} */ ([to, Math.min(at, widths[to] - 1)]) : null;
    const [forth, back, next, last] = across
      ? ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"]
      : ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"];
    if (key === next) return beside(line + 1);
    if (key === last) return beside(line - 1);
    /** @type {Record<string, number>} */
    const steps = {
      [forth]: 1,
      [back]: -1,
      Backspace: -1,
      Home: -at,
      End: widths[line] - 1 - at,
      Enter: widths[line] - at,
      " ": 1,
    };
    return steps[key] === undefined ? undefined : placeAfter(widths, [line, at], steps[key]);
  }

  /** @param {At} at */
  focus(at) {
    this.#cell(at)?.focus({ preventScroll: false });
  }

  /** Whether a cell has the keyboard. */
  get isTypedOn() {
    return this.grid.contains(document.activeElement);
  }

  /** Make the cells of a form. @param {SheetState} state */
  #lay(state) {
    const shape = JSON.stringify([state.form, state.shape]);
    if (this.#shape === shape) return;
    this.#shape = shape;
    const width = Math.max(...state.rows.map((row) => row.length)),
      frame = byId("frame");
    const stanzas = stanzasOf(state);
    frame.style.setProperty("--columns", String(Math.max(...stanzas.map((lines) => lines.length), 4)));
    frame.style.setProperty("--rows", String(width));
    byId("leaf").dataset.width = String(width);
    byId("leaf").dataset.kind = state.shape?.kind ?? "";
    this.#ends = [];
    this.#cells = state.rows.map((row, line) =>
      row.map((_, at) =>
        make("input.hanzi", {
          type: "text",
          data: { line, at, shown: "" },
          tabIndex: -1,
          autocomplete: "off",
          autocapitalize: "off",
          spellcheck: false,
          enterKeyHint: "next",
        }),
      ),
    );
    const rows = this.#cells.map((cells, line) => {
      const mark = make("span.mark"),
        foot = make("span.rhyme-name", { aria: { hidden: true } });
      const lock = make(
        "button.lock",
        { type: "button", data: { line } },
        make("span", { aria: { hidden: true } }, "鎖"),
      );
      const row = make(
        "div.line",
        { role: "group" },
        ...cells.map((cell) => make("span.square", cell)),
        mark,
        foot,
        lock,
      );
      this.#ends.push({ mark, foot, lock, row });
      return row;
    });
    this.grid.replaceChildren(
      ...(stanzas.length > 1 ? stanzas.map((lines) => make("div.stanza", ...lines.map((line) => rows[line]))) : rows),
    );
  }

  /**
   * Show the sheet.
   * @param {SheetState} state
   * @param {{ shown: string[][], names: { title: string, author?: string }, judged: Judged | null, at: At, coming: Coming | null,
   *   script: string }} view its characters and names in a script; what the checker says; the place selected; what is
   *   being written
   */
  show(state, { shown, names, judged, at, coming, script }) {
    this.#lay(state);
    byId("frame").lang = langOf(script);
    if (![...Object.values(this.names)].some((input) => input === document.activeElement)) this.showNames(names);
    let before = 0;
    state.rows.forEach((row, line) => {
      const end = this.#ends[line],
        locked = state.locked[line];
      end.mark.textContent = row.at(-1) ? state.marks[line] : "";
      end.foot.textContent = this.#rhymeAt(line, row, judged);
      end.row.setAttribute("aria-label", `${t("line", { n: line + 1 })} ${shown[line].join("")}`.trim());
      end.row.classList.toggle("locked", locked);
      end.lock.setAttribute("aria-pressed", String(locked));
      end.lock.setAttribute("aria-label", t("lock", { n: line + 1 }));
      const first = before;
      before += row.length + 1;
      const faults = (judged?.report?.faults ?? []).filter((fault) => fault.line === line + 1);
      row.forEach((character, place) => {
        const fault = faults.find(({ places }) => places.includes(place + 1));
        const isNew = coming && (!character || coming.over.includes(line));
        const arriving = (isNew && [...(coming.lines[line] ?? "")][place]) || "";
        this.#showCell(line, place, {
          character,
          value: arriving || shown[line][place],
          judged: judged ?? UNJUDGED,
          fault,
          selected: at[0] === line && at[1] === place,
        });
        const box = this.#cells[line][place].parentElement;
        box?.classList.toggle("coming", Boolean(arriving));
        box?.classList.toggle("unsettled", Boolean(arriving && coming && first + place >= coming.settled));
      });
    });
  }

  /** @param {number} line @param {string[]} row @param {Judged | null} judged */
  #rhymeAt(line, row, judged) {
    const rhyme = judged?.report?.rhyme ?? "-";
    return row.at(-1) && typeof rhyme === "string" && rhyme !== "-" && judged?.rhyming.includes(line + 1)
      ? simplified(rhyme)
      : "";
  }

  /**
   * @param {number} line
   * @param {number} at
   * @param {{ character: string, value: string, judged: Judged, fault?: Finding, selected: boolean }} of
   */
  #showCell(line, at, { character, value, judged, fault, selected }) {
    const cell = this.#cells[line][at],
      box = /** @type {HTMLElement} */ (cell.parentElement);
    const [sign, tone] = signsAt(judged, line, at);
    const isFoot = at === this.#cells[line].length - 1 && judged.rhyming.includes(line + 1);
    const reason = character ? reasonOf(fault) : "";
    cell.dataset.shown = value;
    const composes = this.#composing && document.activeElement === cell;
    if (!composes && cell.value !== value) cell.value = value;
    cell.placeholder = SIGNS[sign] || "□";
    cell.tabIndex = selected ? 0 : -1;
    cell.setAttribute("aria-invalid", String(Boolean(reason)));
    cell.setAttribute(
      "aria-label",
      labelOf(line, at, character ? WORDS[tone] : `wants_${WORDS[sign]}`, isFoot, reason),
    );
    box.dataset.sign = character ? SIGNS[tone] : "";
    box.title = reason;
    for (const [name, is] of Object.entries({ bad: reason, rhymes: isFoot, selected }))
      box.classList.toggle(name, Boolean(is));
  }
}

/**
 * The lines of each part of the paper: a stanza of 詞, or as many lines as are read side by side.
 * @param {SheetState} state
 */
function stanzasOf({ rows, shape }) {
  const firsts = new Set(
    shape?.kind === "詞" ? shape.breaks : rows.map((_, n) => n).filter((n) => n % SIDE_BY_SIDE === 0),
  );
  /** @type {number[][]} */
  const found = [[]];
  rows.forEach((_, n) => {
    if (n && firsts.has(n)) found.push([]);
    found[found.length - 1].push(n);
  });
  return found;
}

/** A finding's sentence. @param {Finding | undefined} fault */
const reasonOf = (fault) => (fault ? inLanguage(fault) : "");

/**
 * The sign of the pattern at a place, and the tone of the character there.
 * @param {Judged} judged
 * @param {number} line
 * @param {number} at
 */
const signsAt = ({ signs, report }, line, at) => [signs[line]?.[at] ?? "", report?.tones[line]?.[at] ?? ""];

/**
 * What a cell is, in words.
 * @param {number} line
 * @param {number} at
 * @param {string | undefined} tone key of its words, where they are known
 * @param {boolean} isFoot
 * @param {string} reason
 */
function labelOf(line, at, tone, isFoot, reason) {
  const parts = [t("place", { line: line + 1, at: at + 1 }), tone && has(tone) && t(tone), isFoot && t("foot"), reason];
  return parts.filter(Boolean).join(language() === "en" ? ", " : "，");
}

/**
 * The place of an event in a cell.
 * @param {Event} event
 * @returns {At | null}
 */
function placeOf(event) {
  const { target } = event;
  return target instanceof HTMLInputElement && target.dataset.line !== undefined
    ? [Number(target.dataset.line), Number(target.dataset.at)]
    : null;
}
