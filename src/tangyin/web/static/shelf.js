// The shelf of drafts, kept in the browser.

import { byId, make } from "./dom.js";
import { language, t } from "./language.js";

const DRAFT = "tangyin.draft.";

/** @typedef {{ id: string, changed: number, states: SheetState[], at: number, link?: string }} Draft */

export const newId = () => `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;

/**
 * The draft of a name; null if there is none, or it cannot be read.
 * @param {string} id
 * @returns {Draft | null}
 */
export function draftOf(id) {
  try {
    const draft = JSON.parse(localStorage.getItem(DRAFT + id) ?? "null");
    return Array.isArray(draft?.states) && draft.states.length ? draft : null;
  } catch { return null; }
}

/** All drafts, the one changed last first. @returns {Draft[]} */
export function drafts() {
  try {
    const ids = Object.keys(localStorage).filter((key) => key.startsWith(DRAFT)).map((key) => key.slice(DRAFT.length));
    return ids.map(draftOf).filter((draft) => draft !== null).sort((a, b) => b.changed - a.changed);
  } catch { return []; }
}

/**
 * Keep a draft.
 * @param {Draft} draft
 * @returns whether the browser kept it
 */
export function keepDraft(draft) {
  for (const most of [draft.states.length, 1]) {
    try {
      const from = Math.max(0, draft.at + 1 - most);
      localStorage.setItem(DRAFT + draft.id, JSON.stringify({ ...draft, states: draft.states.slice(from, from + most), at: draft.at - from }));
      return true;
    } catch { /* full: once more without its history; or a browser that keeps nothing */ }
  }
  return false;
}

/** @param {string} id */
export function dropDraft(id) {
  try { localStorage.removeItem(DRAFT + id); } catch { /* a browser that keeps nothing */ }
}

/** The id of the draft on the desk: of this window, or the last of any. */
export function currentId() {
  try { return sessionStorage.getItem("tangyin.current") ?? localStorage.getItem("tangyin.current"); } catch { return null; }
}

/** @param {string} id */
export function setCurrent(id) {
  try {
    sessionStorage.setItem("tangyin.current", id);
    localStorage.setItem("tangyin.current", id);
  } catch { /* a browser that keeps nothing */ }
}

/** @param {Draft} draft */
const stateOfDraft = ({ states, at }) => states[at] ?? states[0];
/** @param {Draft} draft */
const textOfDraft = (draft) => stateOfDraft(draft).rows.map((row) => row.join("")).filter(Boolean).join(" ");

/** The dialog that shows the drafts. */
export class Shelf {
  /** @type {Draft | null} the one deleted last */
  #deleted = null;

  /** @param {{ open: (id: string) => void, rename: (id: string, title: string) => void, deleted: (id: string) => void }} on */
  constructor(on) {
    this.on = on;
    this.dialog = byId("shelf", HTMLDialogElement);
    this.search = byId("shelf-search", HTMLInputElement);
    this.list = byId("shelf-list");
    this.search.addEventListener("input", () => this.#show());
    byId("shelf-undo").addEventListener("click", () => {
      if (this.#deleted) keepDraft(this.#deleted);
      this.#deleted = null;
      this.#show();
      this.search.focus();
    });
  }

  open() {
    this.#deleted = null;
    this.search.value = "";
    this.#show();
    this.dialog.showModal();
  }

  #show() {
    const wanted = [...this.search.value.trim()];
    const found = drafts().filter((draft) => {
      const text = stateOfDraft(draft).title + textOfDraft(draft);
      return wanted.length === 0 || text.includes(wanted.join(""));
    });
    byId("shelf-undo").hidden = !this.#deleted;
    byId("shelf-none").hidden = found.length > 0;
    this.list.replaceChildren(...found.map((draft) => this.#row(draft)));
  }

  /** @param {Draft} draft */
  #row(draft) {
    const state = stateOfDraft(draft), text = textOfDraft(draft);
    const name = state.title || text.slice(0, 7) || t("untitled");
    const when = new Date(draft.changed).toLocaleString(language() === "en" ? "en" : "zh-TW", { dateStyle: "medium", timeStyle: "short" });
    const title = make("input", {
      value: state.title, placeholder: t("untitled"), maxLength: 60, lang: "zh-Hant", aria: { label: t("rename", { name }) },
      on: { change: () => this.on.rename(draft.id, title.value.trim()) },
    });
    return make("li", {},
      make("div", { className: "draft-title" }, title, make("small", {}, `${state.form}　${when}`)),
      make("button", { type: "button", className: "draft-open", on: { click: () => { this.dialog.close(); this.on.open(draft.id); } } },
        make("span", { lang: "zh-Hant" }, text || t("empty-draft"))),
      make("button", { type: "button", aria: { label: t("delete-draft", { name }) }, on: { click: () => this.#delete(draft) } }, t("delete")));
  }

  /** @param {Draft} draft */
  #delete(draft) {
    this.#deleted = draft;
    dropDraft(draft.id);
    this.on.deleted(draft.id);
    this.#show();
    byId("shelf-undo").focus();
  }
}
