// The drafts, kept in the browser: each with its history, its versions, and the link that brought it.

import { FORMS, isMark, onlyVerse, pastedPoem, written } from "./verse.js";
import { blank, soundShape, stateOf } from "./sheet.js";

const DRAFT = "tangyin.draft.", VERSIONS = "tangyin.versions.";
const MOST = 40; // versions of a draft

/** @type {{ [name in "getItem" | "removeItem"]: (key: string) => any } & { setItem: (key: string, value: unknown) => boolean, keys: () => string[] }} */
const store = {
  getItem(key) { try { return JSON.parse(localStorage.getItem(key) ?? "null"); } catch { return null; } },
  setItem(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; } },
  removeItem(key) { try { localStorage.removeItem(key); } catch { /* a browser that keeps nothing */ } },
  keys() { try { return Object.keys(localStorage); } catch { return []; } },
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
  const ids = store.keys().filter((key) => key.startsWith(DRAFT)).map((key) => key.slice(DRAFT.length));
  return ids.map(draftOf).filter((draft) => draft !== null).sort((a, b) => b.changed - a.changed);
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
export const stateOfDraft = ({ states, at }) => states[at] ?? states[0];

/** The lines of a state, those alone that have a character. @param {SheetState} state */
export const linesOf = (state) => state.rows.map((row) => row.map((c) => c || "□").join("")).filter((line) => /[^□]/.test(line));

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
export const fileOf = (all) => `${JSON.stringify({ tangyin: "drafts", drafts: all.map((draft) => ({ ...draft, versions: versionsOf(draft.id) })) }, null, 1)}\n`;

/** The drafts as a person reads them. @param {Draft[]} all */
export const textOfDrafts = (all) => `${all.map(stateOfDraft).filter((state) => linesOf(state).length)
  .map((state) => `${state.title ? `${state.title}\n` : ""}${written({ ...state, lines: linesOf(state) })}`).join("\n\n")}\n`;

/**
 * Put the drafts of a file on the shelf: of this project, a shared poem as JSON, or poems as text.
 * @param {string} text
 * @returns how many are new, and how many were there already
 */
export function takeFile(text) {
  let found = { added: 0, known: 0 };
  for (const { draft, versions } of read(text)) {
    const there = draftOf(draft.id), state = stateOfDraft(draft);
    if (drafts().map(stateOfDraft).some((other) => isSame(other, state) && other.title === state.title)) { found = { ...found, known: found.known + 1 }; continue; }
    // A draft of the same name that is otherwise stays as it is.
    keepAll(there ? { ...draft, id: newId() } : draft, versions);
    found = { ...found, added: found.added + 1 };
  }
  return found;
}

/** @param {string} text @returns {{ draft: Draft, versions: Version[] }[]} */
function read(text) {
  let value = null;
  try { value = JSON.parse(text); } catch { /* poems as text */ }
  const given = Array.isArray(value?.drafts) ? value.drafts : value ? [poemOf(value.text, value.title)] : text.split(/\n\s*\n/).map((poem) => poemOf(poem));
  return given.flatMap((/** @type {any} */ one) => {
    const states = [one?.states].flat().map(sound).filter((state) => state !== null);
    if (!states.length) return [];
    const versions = [one.versions ?? []].flat().flatMap((/** @type {any} */ { when, state }) => { const good = sound(state); return good ? [{ when: Number(when) || 0, state: good }] : []; });
    const id = /^\w{4,40}$/.test(one.id) ? one.id : newId();
    const at = Math.min(states.length - 1, Math.max(0, Number(one.at) || 0));
    return [{ draft: { id, changed: Number(one.changed) || Date.now(), states, at, ...(typeof one.link === "string" ? { link: one.link } : {}) }, versions }];
  });
}

/** @param {unknown} text @param {unknown} [title] */
function poemOf(text, title) {
  const poem = pastedPoem(String(text ?? ""));
  return poem && { states: [stateOf({ ...poem, title: typeof title === "string" && title ? title : poem.title, model: "", seed: null })] };
}

/** A state as it should be; null for what is none. @param {any} state @returns {SheetState | null} */
function sound(state) {
  const shape = soundShape(state?.shape);
  if (!(FORMS[state?.form] || shape) || !Array.isArray(state.rows)) return null;
  const made = blank(String(state.form).slice(0, 20), FORMS[state.form] ? undefined : shape);
  const rows = made.rows.map((row, n) => row.map((_, at) => onlyVerse(String(state.rows[n]?.[at] ?? "")).replace("□", "")).map((c) => ([...c].length === 1 && !isMark(c) ? c : "")));
  return {
    ...made, rows, title: String(state.title ?? "").slice(0, 60), marks: made.marks.map((mark, n) => (isMark(state.marks?.[n] ?? "-") ? state.marks[n] : mark)),
    locked: made.locked.map((_, n) => state.locked?.[n] === true), made: state.made && typeof state.made === "object" ? state.made : null,
  };
}
