// The drafts of a file that is imported. Loaded when there is one.

import { draftOf, drafts, isSame, keepAll, newId, stateOfDraft } from "./drafts.js";
import { pastedTune } from "./forms.js";
import { blank, soundShape, stateOf } from "./sheet.js";
import { FORMS, isMark, onlyVerse, pastedPoem } from "./verse.js";

/**
 * Put the drafts of a file on the shelf: of this project, a shared poem as JSON, or poems as text.
 * @param {string} text
 * @returns how many are new, were there already, and cannot be read
 */
export async function takeFile(text) {
  const { all, lost } = await read(text);
  const found = { added: 0, known: 0, lost };
  for (const { draft, versions } of all) {
    const there = draftOf(draft.id), state = stateOfDraft(draft);
    if (drafts().map(stateOfDraft).some((other) => isSame(other, state) && other.title === state.title)) { found.known += 1; continue; }
    // A draft of the same name that is otherwise stays as it is.
    keepAll(there ? { ...draft, id: newId() } : draft, versions);
    found.added += 1;
  }
  return found;
}

/** @param {string} text @returns {Promise<{ all: { draft: Draft, versions: Version[] }[], lost: number }>} */
async function read(text) {
  let value = null;
  try { value = JSON.parse(text); } catch { /* poems as text */ }
  const given = Array.isArray(value?.drafts) ? value.drafts : value
    ? [poemOf(value.text, value.title) ?? { states: { ...value, rows: [value.lines ?? []].flat().map((/** @type {any} */ line) => [...String(line)]) } }]
    : await Promise.all(text.split(/\n\s*\n/).map((poem) => poemOf(poem) ?? lyricOf(poem)));
  const all = given.flatMap((/** @type {any} */ one) => {
    const states = [one?.states].flat().map(sound).filter((state) => state !== null);
    if (!states.length) return [];
    const versions = [one.versions ?? []].flat().flatMap((/** @type {any} */ { when, state }) => { const good = sound(state); return good ? [{ when: Number(when) || 0, state: good }] : []; });
    const id = /^\w{4,40}$/.test(one.id) ? one.id : newId();
    const at = Math.min(states.length - 1, Math.max(0, Number(one.at) || 0));
    return [{ draft: { id, changed: Number(one.changed) || Date.now(), states, at, ...(typeof one.link === "string" ? { link: one.link } : {}) }, versions }];
  });
  return { all, lost: given.length - all.length };
}

/** A text of unequal lines, which may be a 詞. @param {string} text */
async function lyricOf(text) {
  const poem = await pastedTune(text).catch(() => null);
  return poem && { states: [stateOf(poem)] };
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
