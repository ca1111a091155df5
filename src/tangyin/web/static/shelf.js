// The dialog that shows the drafts: search, versions, files.

import { byId, make, press, saveFile } from "./dom.js";
import {
  draftOf,
  drafts,
  dropDraft,
  fileOf,
  isSame,
  keepAll,
  linesOf,
  stateOfDraft,
  textOfDrafts,
  versionsOf,
} from "./drafts.js";
import { takeFile } from "./incoming.js";
import { language, showWords, t } from "./language.js";
import { inTraditional } from "./script.js";

/** @param {number} when */
const timeOf = (when) =>
  new Date(when).toLocaleString(language() === "en" ? "en" : "zh-TW", { dateStyle: "medium", timeStyle: "short" });

export class Shelf {
  /** @type {[Draft, Version[]] | null} the one deleted last */
  #deleted = null;

  /** @param {{ open: (id: string, state?: SheetState) => void, rename: (id: string, title: string) => void, deleted: (id: string) => void }} on */
  constructor(on) {
    this.on = on;
    this.dialog = byId("shelf", HTMLDialogElement);
    this.search = byId("shelf-search", HTMLInputElement);
    this.list = byId("shelf-list");
    const file = byId("shelf-file", HTMLInputElement);
    this.search.addEventListener("input", () => this.#show());
    byId("shelf-undo").addEventListener("click", () => {
      if (this.#deleted) keepAll(...this.#deleted);
      this.#deleted = null;
      this.#show();
      this.search.focus();
    });
    byId("shelf-json").addEventListener("click", () => saveFile(fileOf(drafts()), "tangyin-drafts.json"));
    byId("shelf-txt").addEventListener("click", () => saveFile(textOfDrafts(drafts()), "tangyin-drafts.txt"));
    byId("shelf-import").addEventListener("click", () => file.click());
    file.addEventListener("change", () => this.#take(file));
  }

  open() {
    this.#deleted = null;
    this.search.value = "";
    showWords(byId("shelf-status"), "");
    this.#show();
    this.dialog.showModal();
  }

  /** @param {HTMLInputElement} input */
  async #take(input) {
    const [file] = input.files ?? [];
    if (!file) return;
    try {
      const found = await takeFile(await file.text());
      showWords(byId("shelf-status"), found.added + found.known ? "imported" : "nothing-to-import", found);
    } catch {
      showWords(byId("shelf-status"), "lost");
    }
    input.value = "";
    this.#show();
  }

  /** Show the drafts with the words that are looked for, in either script. */
  async #show() {
    const { value } = this.search,
      typed = value.replaceAll(/\s/g, "");
    this.#draw([typed]);
    const other = typed && (await inTraditional(typed));
    if (other !== typed && this.search.value === value) this.#draw([typed, other]);
  }

  /** @param {string[]} wanted */
  #draw(wanted) {
    const found = drafts().filter((draft) => {
      const state = stateOfDraft(draft),
        text = `${state.title} ${linesOf(state).join("")}`;
      return wanted.some((words) => text.includes(words));
    });
    byId("shelf-undo").hidden = !this.#deleted;
    byId("shelf-none").hidden = found.length > 0;
    this.list.replaceChildren(...found.map((draft) => this.#row(draft)));
  }

  /** @param {Draft} draft */
  #row(draft) {
    const state = stateOfDraft(draft),
      lines = linesOf(state),
      { id } = draft;
    const name = state.title || lines[0] || t("untitled");
    const title = make("input", {
      value: state.title,
      placeholder: t("untitled"),
      maxLength: 60,
      lang: "zh-Hant",
      aria: { label: t("rename", { name }) },
      on: { change: () => this.on.rename(id, title.value.trim()) },
    });
    const versions = versionsOf(id).filter((version) => !isSame(version.state, state));
    const older =
      versions.length > 0 &&
      make(
        "details.versions",
        make("summary", t("versions", { count: versions.length })),
        make("ul", ...versions.map((version) => this.#version(id, version, state))),
      );
    const button = (/** @type {string} */ key, /** @type {string} */ label, /** @type {() => void} */ click) =>
      press(t(key), click, { aria: { label: t(label, { name }) } });
    return make(
      "li",
      make("div.draft-title", title, make("small", `${state.form}　${timeOf(draft.changed)}`)),
      press(
        make("span", { lang: "zh-Hant" }, lines.join("　") || t("empty-draft")),
        () => this.#leave(() => this.on.open(id)),
        { className: "draft-open" },
      ),
      make(
        "div.draft-acts",
        button("export", "export-draft", () => saveFile(fileOf([draft]), `${name}.json`)),
        button("delete", "delete-draft", () => this.#delete(draft)),
      ),
      older,
    );
  }

  /**
   * A version, with the differences from now marked.
   * @param {string} id
   * @param {Version} version
   * @param {SheetState} now
   */
  #version(id, { when, state }, now) {
    const shown = state.rows.map(
      (row, n) =>
        row.some(Boolean) &&
        make(
          "span.version-line",
          ...row.map((c, at) => (now.form === state.form && c === now.rows[n][at] ? c || "□" : make("em", c || "□"))),
        ),
    );
    return make(
      "li",
      make("div", { lang: "zh-Hant" }, ...shown),
      make("small", timeOf(when)),
      press(t("restore"), () => this.#leave(() => this.on.open(id, state)), {
        aria: { label: t("restore-version", { when: timeOf(when) }) },
      }),
    );
  }

  /** @param {() => void} act */
  #leave(act) {
    this.dialog.close();
    act();
  }

  /** @param {Draft} draft */
  async #delete(draft) {
    this.#deleted = [draftOf(draft.id) ?? draft, versionsOf(draft.id)];
    dropDraft(draft.id);
    this.on.deleted(draft.id);
    await this.#show();
    byId("shelf-undo").focus();
  }
}
