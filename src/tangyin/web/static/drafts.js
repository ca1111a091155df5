// The drafts, kept in the browser: each with its history, its versions, and the link that brought it.

import { headed, written } from "./verse.js";

const DRAFT = "tangyin.draft.",
  VERSIONS = "tangyin.versions.";
const MOST = 40; // versions of a draft

/** @type {{ [name in "getItem" | "removeItem"]: (key: string) => any } & { setItem: (key: string, value: unknown) => boolean, keys: () => string[] }} */
const store = {
  getItem(key) {
    try {
      return JSON.parse(localStorage.getItem(key) ?? "null");
    } catch {
      return null;
    }
  },
  setItem(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  },
  removeItem(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      /* a browser that keeps nothing */
    }
  },
  keys() {
    try {
      return Object.keys(localStorage);
    } catch {
      return [];
    }
  },
};

export const newId = () => `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;

/**
 * The draft of a name; null if there is none, or it cannot be read.
 * @param {string} id
 * @returns {Draft | null}
 */
export function draftOf(id) {
  const draft = store.getItem(DRAFT + id);
  return Array.isArray(draft?.states) && draft.states.length ? draft : null;
}

/** All drafts, the one changed last first. @returns {Draft[]} */
export function drafts() {
  const ids = store
    .keys()
    .filter((key) => key.startsWith(DRAFT))
    .map((key) => key.slice(DRAFT.length));
  return ids
    .map(draftOf)
    .filter((draft) => draft !== null)
    .sort((a, b) => b.changed - a.changed);
}

/**
 * Keep a draft; in a full browser without its history, then without its versions.
 * @param {Draft} draft
 * @returns whether the browser kept it
 */
export function keepDraft(draft) {
  const last = { ...draft, states: [stateOfDraft(draft)], at: 0 };
  if (store.setItem(DRAFT + draft.id, draft) || store.setItem(DRAFT + draft.id, last)) return true;
  store.removeItem(VERSIONS + draft.id);
  return store.setItem(DRAFT + draft.id, last);
}

/** @param {string} id */
export function dropDraft(id) {
  store.removeItem(DRAFT + id);
  store.removeItem(VERSIONS + id);
}

/** The id of the draft on the desk: of this window, or the last of any. */
export function currentId() {
  try {
    return sessionStorage.getItem("tangyin.current") ?? localStorage.getItem("tangyin.current");
  } catch {
    return null;
  }
}

/** @param {string} id */
export function setCurrent(id) {
  try {
    sessionStorage.setItem("tangyin.current", id);
    localStorage.setItem("tangyin.current", id);
  } catch {
    /* a browser that keeps nothing */
  }
}

/** @param {Draft} draft */
export const stateOfDraft = ({ states, at }) => states[at] ?? states[0];

/** The lines of a state, those alone that have a character. @param {SheetState} state */
export const linesOf = (state) =>
  state.rows.map((row) => row.map((c) => c || "□").join("")).filter((line) => /[^□]/.test(line));

/** Whether two states have the same text. @param {SheetState} a @param {SheetState} b */
export const isSame = (a, b) => JSON.stringify(a.rows) === JSON.stringify(b.rows);

/** The versions of a draft, the last first. @param {string} id @returns {Version[]} */
export const versionsOf = (id) => store.getItem(VERSIONS + id) ?? [];

/**
 * Keep a version of a draft, unless it is empty or the last one.
 * @param {string} id
 * @param {SheetState} state
 * @param {number} [when]
 */
export function keepVersion(id, state, when = Date.now()) {
  const versions = versionsOf(id);
  if (!linesOf(state).length || (versions.length && isSame(versions[0].state, state))) return;
  store.setItem(VERSIONS + id, [{ when, state }, ...versions].slice(0, MOST));
}

/** Bring back what was deleted. @param {Draft} draft @param {Version[]} versions */
export function keepAll(draft, versions) {
  keepDraft(draft);
  if (versions.length) store.setItem(VERSIONS + draft.id, versions);
}

// Files of drafts

/** The text of a file with drafts and their versions. @param {Draft[]} all */
export const fileOf = (all) =>
  `${JSON.stringify({ tangyin: "drafts", drafts: all.map((draft) => ({ ...draft, versions: versionsOf(draft.id) })) }, null, 1)}\n`;

/** The drafts as a person reads them. @param {Draft[]} all */
export const textOfDrafts = (all) =>
  `${all
    .map(stateOfDraft)
    .filter((state) => linesOf(state).length)
    .map((state) => `${headed(state)}${written({ ...state, lines: linesOf(state) })}`)
    .join("\n\n")}\n`;
