// 作詩: the sheet, which is saved with every change, and what surrounds it.

import { Advice } from "./advice.js";
import { Choices } from "./choices.js";
import { Composer } from "./composing.js";
import { byId, copied, press } from "./dom.js";
import { blank, Sheet, stateOf } from "./draft.js";
import { currentId, draftOf, drafts, keepDraft, keepVersion, newId, setCurrent, stateOfDraft } from "./drafts.js";
import { Forms } from "./forms.js";
import { Judge } from "./judging.js";
import { showWords } from "./language.js";
import { Paper } from "./paper.js";
import { paste, readPoems } from "./pasting.js";
import { changeForm } from "./reform.js";
import { showError } from "./refusal.js";
import { Wishes } from "./request.js";
import { inScript, inTraditional } from "./script.js";
import { keep, recall } from "./settings.js";
import { openSharing } from "./share.js";
import { Shelf } from "./shelf.js";
import { BLANK, FORMS, written } from "./verse.js";
import { drawTools, drawVerdict, textOfSheet } from "./view.js";

const VERSION_PAUSE = 60_000; // milliseconds without a change after which what was there is a version

const narrow = matchMedia("(max-width: 47.99rem)");

/** @typedef {import("./draft.js").At} At */

/** The page on which poems are written. */
export class Desk {
  /** @type {Sheet} */
  sheet = new Sheet(blank(Object.keys(FORMS)[0]), () => {});
  /** @type {At} the place that is selected */
  at = [0, 0];
  #id = "";
  #link = "";
  #drawn = 0;
  /** @type {Promise<void>} */
  #drawing = Promise.resolve();
  /** @type {{ state: SheetState, when: number } | null} after the last change */
  #last = null;

  /**
   * @param {Described[]} options
   * @param {Model[]} models the default one first
   * @param {Shape[]} shapes the forms that the server has
   * @param {(text: string) => void} onCheck called with a poem to be checked
   */
  constructor(options, models, shapes, onCheck) {
    this.onCheck = onCheck;
    this.wishes = new Wishes(options, models, () => this.#changed());
    /** @type {Record<string, string>} */
    this.settings = {
      direction: recall("direction", narrow.matches ? "across" : "columns"),
      script: this.#usualScript,
      tones: recall("tones", "yes"),
    };
    this.paper = new Paper({
      write: (at, text) => this.write(at, text),
      erase: (at) => this.#erase(at),
      clear: () => this.put({ ...this.#blank, title: this.sheet.state.title, author: this.sheet.state.author }),
      text: () => this.#shown,
      paste: (at, text) => paste(this, at, text),
      select: (at) => this.select(at),
      lock: (line) => this.sheet.lock(line),
      name: (what, name) => this.sheet.name(what, name),
    });
    this.choices = new Choices();
    this.advice = new Advice(this);
    this.composer = new Composer(this);
    this.judge = new Judge(this);
    this.forms = new Forms(shapes, this);
    this.shelf = new Shelf({
      open: (id, version) => this.#openDraft(id, version),
      rename: (id, title) => this.#rename(id, title),
      deleted: (id) => {
        if (id === this.#id) this.begin(this.#blank, "", false);
      },
    });
    this.#listenToTools();
    const id = currentId();
    const draft = (id && draftOf(id)) || drafts()[0];
    if (draft) this.#openDraft(draft.id);
    else this.begin(blank(this.#firstForm));
    document.addEventListener("language", () => this.draw());
    // Another window may have the same draft.
    addEventListener("storage", (event) => {
      if (event.key === `tangyin.draft.${this.#id}` && event.newValue) this.#openDraft(this.#id);
    });
  }

  /** The form of the model that answers first. */
  get #firstForm() {
    const forms = this.wishes.models[0]?.forms ?? [];
    return Object.keys(FORMS).find((form) => forms.includes(form)) ?? Object.keys(FORMS)[0];
  }

  /** The script chosen last, or that of the interface. */
  get #usualScript() {
    return recall("script", document.documentElement.lang === "zh-Hans" ? "simplified" : "traditional");
  }

  /** An empty sheet of the form that is shown. */
  get #blank() {
    return blank(this.sheet.form, this.sheet.state.shape);
  }

  #listenToTools() {
    /** @type {Record<string, () => unknown>} */
    const actions = {
      write: () => this.composer.write(),
      several: () => this.composer.several(),
      stop: () => this.composer.stop(),
      undo: () => this.#turnBack(false),
      redo: () => this.#turnBack(true),
      "new-draft": () => {
        this.begin(this.#blank);
        this.paper.focus([0, 0]);
      },
      "shelf-open": () => this.shelf.open(),
      direction: () => this.#toggle("direction", "columns", "across"),
      script: () => this.#turnScript(),
      tones: () => this.#toggle("tones", "no", "yes"),
      copy: async () => {
        this.say(await copied(this.#shown));
      },
      share: async () => openSharing(this.sheet.poem, await this.#shownPoem()),
      print: () => window.print(),
      "to-check": () => this.#toCheck(),
      "advice-line": () => this.composer.lines(this.at[0]),
      "advice-next": () => this.composer.lines(this.composer.nextLine),
      "advice-lock": () => this.sheet.lock(this.at[0]),
    };
    for (const [id, act] of Object.entries(actions)) byId(id).addEventListener("click", act);
    this.wishes.rhyme.addEventListener("change", () => this.composer.changeRhyme());
    byId("compose-page").addEventListener("keydown", (event) => this.#shortcut(event));
    for (const form of Object.keys(FORMS)) {
      byId("forms").append(press(form, () => this.setForm(form), { data: { form }, lang: "zh-Hant" }));
    }
    const more = press([], () => this.forms.open(), { id: "more-forms" });
    if (this.wishes.models.some(({ kinds }) => kinds?.length)) byId("forms").append(more);
  }

  /** @param {KeyboardEvent} event */
  #shortcut(event) {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing || (key !== "z" && key !== "y")) return;
    if (event.target instanceof HTMLInputElement && event.target.closest("#request, .asking")) return;
    event.preventDefault();
    this.#turnBack(key === "y" || event.shiftKey);
  }

  /** Undo, or redo. @param {boolean} forth */
  #turnBack(forth) {
    if (forth) this.sheet.redo();
    else this.sheet.undo();
    this.#stayInside();
    this.paper.showNames(this.sheet.state); // also where they are typed
  }

  /** The place selected is one of the sheet. */
  #stayInside() {
    const width = this.sheet.widths[this.at[0]];
    if (width === undefined || this.at[1] >= width) this.at = [0, 0];
  }

  #toCheck() {
    // A heading with the name of the tune says which it is.
    const { shape, form } = this.sheet.state;
    this.onCheck(`${shape?.kind === "詞" ? `${form}\n` : ""}${written(this.sheet.poem)}`);
  }

  // The draft on the desk

  /**
   * Put a new draft on the desk; the one before stays on the shelf.
   * @param {SheetState} state
   * @param {string} [link] the link that brought it
   * @param {boolean} [kept] whether the draft that was there stays
   */
  begin(state, link = "", kept = true) {
    if (kept) this.keepVersion();
    this.#id = newId();
    this.#lay(new Sheet(state, () => this.#changed()), link);
    if (!this.sheet.isEmpty) this.#save();
  }

  /** Begin another poem of the same form, with the title that a person gave. */
  beginAnother() {
    const { title, author, made } = this.sheet.state;
    this.begin({ ...this.#blank, author, title: title === made?.drawn ? "" : title });
  }

  /**
   * Put a poem in the place of what is written; one step back restores that.
   * @param {SheetState} state
   */
  put(state) {
    this.keepVersion();
    this.sheet.replace(state);
    this.#stayInside();
    this.paper.showNames(this.sheet.state); // also where they are typed
    this.draw();
  }

  /**
   * @param {string} id
   * @param {SheetState} [version] to go back to
   */
  #openDraft(id, version) {
    const draft = draftOf(id);
    if (!draft) return;
    this.keepVersion();
    this.#id = id;
    this.#lay(new Sheet(draft.states[0], () => this.#changed(), draft), draft.link ?? "");
    if (!version) return;
    this.put(version);
    this.say("restored");
  }

  /** Keep what is on the sheet as a version of the draft. */
  keepVersion() {
    keepVersion(this.#id, this.sheet.state);
  }

  /** @param {Sheet} sheet @param {string} link */
  #lay(sheet, link) {
    this.composer.end();
    this.choices.close();
    this.sheet = sheet;
    this.#link = link;
    this.#last = null;
    this.#stayInside();
    setCurrent(this.#id);
    this.problem(null);
    this.say("");
    this.draw();
    this.judge.begin();
  }

  #save() {
    const link = this.#link ? { link: this.#link } : {};
    if (!keepDraft({ id: this.#id, changed: Date.now(), ...this.sheet.kept, ...link })) this.say("not-kept");
  }

  /** @param {string} id @param {string} title */
  #rename(id, title) {
    if (id === this.#id) {
      this.sheet.name("title", title);
      return;
    }
    const draft = draftOf(id);
    if (draft) keepDraft({ ...draft, states: draft.states.with(draft.at, { ...stateOfDraft(draft), title }) });
  }

  /**
   * Take a poem as it is in a text, as a draft of its own; whether there is one.
   * @param {string} text
   */
  async take(text) {
    const [state] = await readPoems(text);
    if (state) this.#show(state, "");
    return Boolean(state);
  }

  /**
   * Show a poem that comes from elsewhere: as a draft of its own, unless it is on the shelf.
   * @param {Poem} poem
   * @param {string} said key of the words that say so
   * @param {string} [link] the link that brought it
   */
  show(poem, said, link = "") {
    this.#show(stateOf(poem), said, link);
  }

  /** @param {SheetState} state @param {string} said @param {string} [link] */
  #show(state, said, link = "") {
    const same = (/** @type {SheetState} */ other) =>
      other.form === state.form && JSON.stringify(other.rows) === JSON.stringify(state.rows);
    const found = same(this.sheet.state)
      ? null
      : drafts().find((draft) => (link ? draft.link === link : same(stateOfDraft(draft))));
    if (found) this.#openDraft(found.id);
    else if (!same(this.sheet.state)) this.begin(state, link);
    this.say(said);
  }

  /** @param {string} form @param {FormShape} [shape] of one that is not among `FORMS` */
  setForm(form, shape) {
    return changeForm(this, form, shape);
  }

  // Writing by hand

  /** @param {At} at @param {string} text */
  write(at, text) {
    if (this.#isLocked(at)) return;
    const { next, left } = this.sheet.write(at, text);
    if (left) this.say("too-long", { count: left });
    const closing = [...text].length === 1 && "，。？！；：".includes(text);
    this.select(closing ? at : next);
    if (this.paper.isTypedOn) this.paper.focus(this.at);
  }

  /** @param {At} at */
  #erase(at) {
    if (!this.#isLocked(at)) this.sheet.erase(at);
  }

  /** Whether the line of a place is locked, which is said. @param {At} at */
  #isLocked([line]) {
    const is = this.sheet.state.locked[line];
    if (is) {
      this.say("is-locked", { n: line + 1 });
      this.draw();
    }
    return is;
  }

  /** @param {At} at */
  select(at) {
    this.at = at;
    this.draw();
    this.advice.show();
  }

  /**
   * Take a candidate, and go to the place behind it.
   * @param {At} at
   * @param {string} text
   */
  async takeWord(at, text) {
    if (this.#isLocked(at)) return;
    const { next } = this.sheet.write(at, await this.asTyped(text));
    this.select(next);
  }

  /** What comes from the model, in the script of what was typed. @param {string} text */
  async asTyped(text) {
    return this.judge.isSimplified ? inScript(text, "simplified") : text;
  }

  // What the checker says

  #changed() {
    const when = Date.now();
    if (this.#last && when - this.#last.when > VERSION_PAUSE) keepVersion(this.#id, this.#last.state, this.#last.when);
    this.#last = { state: this.sheet.state, when };
    if (!this.sheet.isEmpty || draftOf(this.#id)) this.#save();
    this.draw();
    this.judge.soon();
  }

  /** Show what the checker says. */
  judged() {
    this.settings.script = this.judge.isSimplified ? "simplified" : this.#usualScript;
    this.draw();
    this.advice.show();
  }

  /** A place as the API takes it. @param {At} at */
  place([line, place]) {
    const { form, rows, state } = this.sheet;
    const marked = rows.map((row, n) => row + state.marks[n]);
    return { form, rows: marked, line: line + 1, place: place + 1, ...this.wishes.context(state) };
  }

  // What is seen

  #shown = ""; // the poem as it is seen, to be copied

  async #shownPoem() {
    const { poem } = this.sheet;
    const all = [poem.title, poem.author, ...poem.lines].join("\n");
    const [title, author, ...lines] = (await inScript(all, this.settings.script)).split("\n");
    return { ...poem, title, author, lines };
  }

  /** Draw the state; done when it is seen. */
  draw() {
    this.#drawing = this.#drawOnce();
    return this.#drawing;
  }

  /** @returns {Promise<void>} */
  async #drawOnce() {
    this.#drawn += 1;
    const drawn = this.#drawn;
    const { sheet, settings } = this;
    let { state: names } = sheet;
    let { rows } = names;
    let { coming } = this.composer;
    if (settings.script !== "traditional") {
      const all = [names.title, names.author ?? "", ...sheet.rows].join("\n");
      const [title, author, ...lines] = (await inScript(all, settings.script)).split("\n");
      if (coming) coming = { ...coming, lines: (await inScript(coming.lines.join("\n"), settings.script)).split("\n") };
      if (drawn !== this.#drawn) {
        await this.#drawing; // a later one
        return;
      }
      names = { ...names, title, author };
      rows = lines.map((line) => [...line].map((c) => (c === BLANK ? "" : c)));
    }
    this.#shown = textOfSheet(sheet, rows, names);
    this.paper.show(sheet.state, {
      shown: rows,
      names,
      judged: this.judge.shown,
      at: this.at,
      coming,
      script: settings.script,
    });
    drawTools(this);
    drawVerdict(this);
  }

  /** Show the other script; what was typed in simplified characters becomes traditional. */
  async #turnScript() {
    const { sheet } = this;
    if (this.judge.isSimplified) {
      const lines = (await inTraditional(sheet.rows.join("\n"))).split("\n");
      if (sheet !== this.sheet) return;
      sheet.replace({ ...sheet.state, rows: lines.map((line) => [...line].map((c) => (c === BLANK ? "" : c))) });
      this.judge.isSimplified = false;
    }
    this.#toggle("script", "traditional", "simplified");
  }

  /** @param {string} name @param {string} off @param {string} on */
  #toggle(name, off, on) {
    this.settings[name] = this.settings[name] === on ? off : on;
    keep(name, this.settings[name]);
    this.draw();
  }

  /** @type {(key: string, values?: Values) => void} */
  say(key, values) {
    showWords(byId("status"), key, values);
  }

  /** @param {unknown} error null for none */
  problem(error) {
    if (error) showError(byId("problem"), error);
    else showWords(byId("problem"), "");
  }
}
