// Pasting: one reader, that of the server or of Python in the worker, says what a text is; a person sees what was
// understood before anything that is written is replaced.

import { ask } from "./api.js";
import { choose } from "./dialog.js";
import { make } from "./dom.js";
import { stateOf } from "./draft.js";
import { language, simplified, t } from "./language.js";
import { MOST, onlyVerse } from "./verse.js";

/** @typedef {import("./draft.js").At} At */

/** What a desk has to do for it. @typedef {{
 *   sheet: import("./draft.js").Sheet,
 *   write: (at: At, text: string) => void,
 *   put: (state: SheetState) => void,
 *   begin: (state: SheetState) => void,
 *   say: (key: string, values?: Values) => void,
 *   problem: (error: unknown) => void,
 * }} Desk */

/**
 * The poems of a text, finished or not.
 * @param {string} text
 * @param {SheetState} [sheet] on which they are pasted
 * @returns {Promise<SheetState[]>}
 */
export async function readPoems(text, sheet) {
  const body = sheet ? { text, form: sheet.form, widths: sheet.rows.map((row) => row.length) } : { text };
  /** @type {PastedPoem[]} */
  const found = await ask("paste", body);
  return found.map(({ shape, ...poem }) => {
    const own = poem.form === sheet?.form ? sheet.shape : undefined;
    return stateOf({ ...poem, model: "", seed: null, ...(shape || own ? { shape: shape ?? own } : {}) });
  });
}

/**
 * Paste a text at a place, or on the title.
 * @param {Desk} desk
 * @param {At | null} at
 * @param {string} text
 */
export async function paste(desk, at, text) {
  const before = desk.sheet;
  const count = [...text].length;
  if (count > MOST) {
    desk.say("text-too-long", { count, most: MOST });
    return;
  }
  desk.problem(null);
  try {
    const found = isWord(text) ? [] : await readPoems(text, before.state);
    if (desk.sheet !== before) return; // another draft is there by now
    const typed = onlyVerse(text);
    if (found.length) await offer(desk, found);
    else if (at && typed) desk.write(at, typed);
    else desk.say("no-verse");
  } catch (error) {
    desk.problem(error);
  }
}

/** Whether a text is some characters of a line, and not the beginning of a poem. @param {string} text */
const isWord = (text) => [...text.trim()].length < 5 && !text.trim().includes("\n");

/** @param {Desk} desk @param {SheetState[]} found */
async function offer(desk, found) {
  const { sheet } = desk;
  const [first] = found;
  const fits = sheet.admits(first);
  const hasLocks = sheet.state.locked.some(Boolean);
  if (sheet.isEmpty && found.length === 1 && !hasLocks) {
    put(desk, first);
    return;
  }
  const ways = found.length > 1 ? ["paste-each"] : fits ? ["paste-here", "paste-new"] : ["paste-new"];
  const notes = [!fits && t("paste-locks"), fits && hasLocks && t("paste-keeps")].filter(Boolean);
  const chosen = await choose(
    t("paste-heading"),
    [...found.map(preview), ...notes.map((note) => make("p.status", String(note)))],
    ways,
  );
  if (desk.sheet !== sheet) return;
  if (chosen === "paste-here") put(desk, first);
  else if (chosen === "paste-new") desk.begin(first);
  else if (chosen) for (const state of found) desk.begin(state);
}

/** @param {Desk} desk @param {SheetState} state */
function put(desk, state) {
  const { title, author } = desk.sheet.state;
  desk.put({ ...state, title: state.title || title, author: state.author || (state.title ? "" : (author ?? "")) });
  desk.say("pasted", { what: summary(state) });
}

/** What was understood, in words. @param {SheetState} state */
function summary({ form, title, author, rows }) {
  const text = rows.flat().join("");
  const open = rows.flat().filter((c) => !c).length;
  const parts = [simplified(form), title && `《${title}》`, author, text && open && t("open-places", { count: open })];
  return parts.filter(Boolean).join(language() === "en" ? ", " : "，");
}

/** @param {SheetState} state */
function preview(state) {
  const lines = state.rows.map((row, n) => row.map((c) => c || "□").join("") + state.marks[n]);
  return make(
    "figure.understood",
    make("figcaption", summary(state)),
    make("p", { lang: "zh" }, ...lines.map((line) => make("span", line))),
  );
}
