// The drafts of a file that is imported.

import { blank, soundShape } from "./draft.js";
import { draftOf, drafts, isSame, keepAll, newId, stateOfDraft } from "./drafts.js";
import { readPoems } from "./pasting.js";
import { FORMS, isMark, onlyVerse } from "./verse.js";

/**
 * Put the drafts of a file on the shelf: of this project, a shared poem as JSON, or poems as text.
 * @param {string} text
 * @returns how many are new, were there already, and cannot be read
 */
export async function takeFile(text) {
  const { all, lost } = await read(text);
  const found = { added: 0, known: 0, lost };
  for (const { draft, versions } of all) {
    const state = stateOfDraft(draft);
    if (drafts().some((other) => isSame(stateOfDraft(other), state) && stateOfDraft(other).title === state.title)) {
      found.known += 1;
      continue;
    }
    // A draft of the same name that is otherwise stays as it is.
    keepAll(draftOf(draft.id) ? { ...draft, id: newId() } : draft, versions);
    found.added += 1;
  }
  return found;
}

/** @typedef {{ draft: Draft, versions: Version[] }} Incoming */

/** @param {string} text @returns {Promise<{ all: Incoming[], lost: number }>} */
async function read(text) {
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    /* poems as text */
  }
  const given = value?.drafts ?? (value?.lines ? [{ states: { ...value, rows: value.lines } }] : null);
  if (Array.isArray(given)) {
    const all = given.map(draftIn).filter((one) => one !== null);
    return { all, lost: given.length - all.length };
  }
  const parts = value ? [String(value.text ?? "")] : text.split(/\n\s*\n/).filter((part) => part.trim());
  const found = await Promise.all(parts.map((part) => readPoems(part)));
  const states = found.flat().map((state) => (value ? { ...state, ...namesIn(value, state) } : state));
  const all = states.map((state) => ({
    draft: { id: newId(), changed: Date.now(), states: [state], at: 0 },
    versions: [],
  }));
  return { all, lost: found.filter((poems) => !poems.length).length };
}

/** The names of a poem as JSON. @param {any} value @param {SheetState} state */
const namesIn = (value, state) => ({
  title: String(value.title || state.title).slice(0, 60),
  author: String(value.author || state.author || "").slice(0, 60),
});

/** @param {any} one @returns {Incoming | null} */
function draftIn(one) {
  const states = [one?.states]
    .flat()
    .map(sound)
    .filter((state) => state !== null);
  if (!states.length) return null;
  const versions = [one.versions ?? []].flat().flatMap((/** @type {any} */ { when, state }) => {
    const good = sound(state);
    return good ? [{ when: Number(when) || 0, state: good }] : [];
  });
  const id = /^\w{4,40}$/.test(one.id) ? one.id : newId();
  const at = Math.min(states.length - 1, Math.max(0, Number(one.at) || 0));
  const link = typeof one.link === "string" ? { link: one.link } : {};
  return { draft: { id, changed: Number(one.changed) || Date.now(), states, at, ...link }, versions };
}

/** A state as it should be; null for what is none. @param {any} state @returns {SheetState | null} */
function sound(state) {
  const shape = soundShape(state?.shape);
  if (!(FORMS[state?.form] || shape) || !Array.isArray(state.rows)) return null;
  const made = blank(String(state.form).slice(0, 20), FORMS[state.form] ? undefined : shape);
  const character = (/** @type {unknown} */ c) => {
    const typed = onlyVerse(String(c ?? "")).replace("□", "");
    return [...typed].length === 1 && !isMark(typed) ? typed : "";
  };
  return {
    ...made,
    rows: made.rows.map((row, n) => row.map((_, at) => character([...(state.rows[n] ?? [])][at]))),
    title: String(state.title ?? "").slice(0, 60),
    author: String(state.author ?? "").slice(0, 60),
    marks: made.marks.map((mark, n) => (isMark(state.marks?.[n] ?? "-") ? state.marks[n] : mark)),
    locked: made.locked.map((_, n) => state.locked?.[n] === true),
    made: state.made && typeof state.made === "object" ? state.made : null,
  };
}
