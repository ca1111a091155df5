// 作詩: the sheet, which is saved with every change, and what the model and the checker do for it.

import { Advice } from "./advice.js";
import { ask, listen } from "./api.js";
import { Choices } from "./choices.js";
import { byId, copied, make } from "./dom.js";
import { inLanguage, showWords, t } from "./language.js";
import { Paper } from "./paper.js";
import { isAbort, showError } from "./refusal.js";
import { Wishes } from "./request.js";
import { inScript, inTraditional } from "./script.js";
import { keep, recall } from "./settings.js";
import { blank, inForm, Sheet, stateOf } from "./sheet.js";
import { currentId, draftOf, drafts, keepDraft, keepVersion, newId, setCurrent, stateOfDraft } from "./drafts.js";
import { BLANK, FORMS, onlyVerse, parse, pastedPoem, written } from "./verse.js";

const CHECK_PAUSE = 120; // milliseconds without a change before the sheet is checked
const RETRY = 4000; // milliseconds before a server that does not answer is asked again
const SIDE_BY_SIDE = 3; // ways to continue that are offered together
const VERSION_PAUSE = 60_000; // milliseconds without a change after which what was there is a version
const TAIL = 3; // characters at the end of a line that a change of rhyme rewrites

const narrow = matchMedia("(max-width: 47.99rem)");

/** @typedef {import("./sheet.js").At} At */

/** The page on which poems are written. */
export class Desk {
  /** @type {Sheet} */
  sheet;
  /** @type {At} the place that is selected */
  at = [0, 0];
  /** @type {Judged | null} */
  judged = null;
  #isSimplified = false; // whether what is on the sheet was typed in simplified characters
  #id = "";
  #link = "";
  #drawn = 0;
  /** @type {Promise<void>} */
  #drawing = Promise.resolve();
  #checking = 0; // the number of the latest check
  #timer = 0;
  #frame = 0;
  /** @type {AbortController | null} of what is being written */
  #writing = null;
  /** @type {Coming | null} the poem that is being written */
  #coming = null;
  /** @type {{ state: SheetState, when: number } | null} after the last change */
  #last = null;
  /** @type {Promise<import("./shelf.js").Shelf> | undefined} loaded when it is first opened */
  #shelf;
  /** @type {Promise<import("./forms.js").Forms> | undefined} likewise */
  #forms;

  /**
   * @param {Described[]} options
   * @param {Model[]} models the default one first
   * @param {Shape[]} shapes the forms that the server has
   * @param {(text: string) => void} onCheck called with a poem to be checked
   * @param {(text: string) => void} onTrace called with a poem that the network should read
   */
  constructor(options, models, shapes, onCheck, onTrace) {
    this.onCheck = onCheck;
    this.wishes = new Wishes(options, models, () => this.#changed());
    /** @type {Record<string, string>} */
    this.settings = { direction: recall("direction", narrow.matches ? "across" : "columns"), script: this.#usualScript, tones: recall("tones", "yes") };
    this.paper = new Paper({
      write: (at, text) => this.#write(at, text),
      erase: (at) => this.sheet.erase(at),
      paste: (at, text) => this.#paste(at, text),
      select: (at) => this.select(at),
      lock: (line) => this.sheet.lock(line),
      entitle: (title) => this.sheet.entitle(title),
    });
    this.choices = new Choices();
    this.advice = new Advice(this);
    this.sheet = new Sheet(blank(Object.keys(FORMS)[0]), () => {});
    this.#listenToTools(shapes, onTrace);
    const id = currentId();
    const draft = (id && draftOf(id)) || drafts()[0];
    if (draft) this.#openDraft(draft.id);
    else this.#begin(blank(this.#firstForm));
    document.addEventListener("language", () => this.#draw());
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

  get #form() { return this.sheet.form; }

  /** The script chosen last, or that of the interface. */
  get #usualScript() { return recall("script", document.documentElement.lang === "zh-Hans" ? "simplified" : "traditional"); }

  /** An empty sheet of the form that is shown. */
  get #blank() { return blank(this.#form, this.sheet.state.shape); }

  /** @type {(shapes: Shape[], onTrace: (text: string) => void) => void} */
  #listenToTools(shapes, onTrace) {
    /** @type {(id: string, act: () => unknown) => void} */
    const on = (id, act) => byId(id).addEventListener("click", act);
    on("write", () => this.write());
    on("several", () => this.#several());
    on("stop", () => this.#writing?.abort());
    on("undo", () => this.#turnBack(false));
    on("redo", () => this.#turnBack(true));
    on("new-draft", () => { this.#begin(this.#blank); this.paper.focus([0, 0]); });
    on("shelf-open", () => this.#openShelf());
    on("direction", () => this.#toggle("direction", "columns", "across"));
    on("script", () => this.#turnScript());
    on("tones", () => this.#toggle("tones", "no", "yes"));
    on("copy", async () => this.#say(await copied(written(await this.#shownPoem()))));
    on("share", () => this.#share());
    on("print", () => window.print());
    // A heading with the name of the tune says which it is.
    on("to-check", () => this.onCheck(`${this.sheet.state.shape?.kind === "詞" ? `${this.#form}\n` : ""}${written(this.sheet.poem)}`));
    on("to-study", () => onTrace(written(this.sheet.poem)));
    on("advice-line", () => this.#lines(this.at[0]));
    on("advice-next", () => this.#lines(this.#nextLine));
    on("advice-lock", () => this.sheet.lock(this.at[0]));
    this.wishes.rhyme.addEventListener("change", () => this.#changeRhyme());
    byId("compose-page").addEventListener("keydown", (event) => this.#shortcut(event));
    for (const form of Object.keys(FORMS)) {
      byId("forms").append(make("button", { type: "button", data: { form }, lang: "zh-Hant", on: { click: () => this.setForm(form) } }, form));
    }
    const more = make("button", { type: "button", id: "more-forms", on: { click: () => this.#openForms(shapes) } });
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
    if (forth) this.sheet.redo(); else this.sheet.undo();
    this.paper.title.value = this.sheet.state.title; // also where it is typed
  }

  // The draft on the desk

  /**
   * Put a new draft on the desk; the one before stays on the shelf.
   * @param {SheetState} state
   * @param {string} [link] the link that brought it
   * @param {boolean} [kept] whether the draft that was there stays
   */
  #begin(state, link = "", kept = true) {
    if (kept) this.#keepVersion();
    this.#id = newId();
    this.#lay(new Sheet(state, () => this.#changed()), link);
    if (!this.sheet.isEmpty) this.#save();
  }

  /**
   * @param {string} id
   * @param {SheetState} [version] to go back to
   */
  #openDraft(id, version) {
    const draft = draftOf(id);
    if (!draft) return;
    this.#keepVersion();
    this.#id = id;
    this.#lay(new Sheet(draft.states[0], () => this.#changed(), draft), draft.link ?? "");
    if (!version) return;
    this.#keepVersion();
    this.sheet.replace(version);
    this.#say("restored");
  }

  /** Keep what is on the sheet as a version of the draft. */
  #keepVersion() { keepVersion(this.#id, this.sheet.state); }

  async #openShelf() {
    try {
      this.#shelf ??= import("./shelf.js").then(({ Shelf }) => new Shelf({
        open: (id, version) => this.#openDraft(id, version),
        rename: (id, title) => this.#rename(id, title),
        deleted: (id) => { if (id === this.#id) this.#begin(this.#blank, "", false); },
      }));
      (await this.#shelf).open();
    } catch { this.#shelf = undefined; this.#say("lost"); }
  }

  /** @param {Shape[]} shapes */
  async #openForms(shapes) {
    try {
      this.#forms ??= import("./forms.js").then(({ Forms }) => new Forms(shapes, this));
      await (await this.#forms).open();
    } catch { this.#forms = undefined; this.#say("lost"); }
  }

  async #share() {
    const [{ openSharing }, shown] = await Promise.all([import("./share.js"), this.#shownPoem()]);
    openSharing(this.sheet.poem, shown);
  }

  /** @param {Sheet} sheet @param {string} link */
  #lay(sheet, link) {
    this.#end();
    this.choices.close();
    this.sheet = sheet;
    this.#link = link;
    this.judged = null;
    this.#last = null;
    if (sheet.widths[this.at[0]] === undefined || this.at[1] >= sheet.widths[this.at[0]]) this.at = [0, 0];
    setCurrent(this.#id);
    showWords(byId("problem"), "");
    this.#say("");
    this.#draw();
    this.#check();
  }

  #save() {
    const draft = { id: this.#id, changed: Date.now(), ...this.sheet.kept, ...(this.#link ? { link: this.#link } : {}) };
    if (!keepDraft(draft)) this.#say("not-kept");
  }

  /** @param {string} id @param {string} title */
  #rename(id, title) {
    if (id === this.#id) { this.sheet.entitle(title); return; }
    const draft = draftOf(id);
    if (draft) keepDraft({ ...draft, states: draft.states.with(draft.at, { ...stateOfDraft(draft), title }) });
  }

  /**
   * Show a poem that comes from elsewhere: as a draft of its own, unless it is on the shelf.
   * @param {Poem} poem
   * @param {string} said key of the words that say so
   * @param {string} [link] the link that brought it
   */
  show(poem, said, link = "") {
    const state = stateOf(poem);
    const same = (/** @type {SheetState} */ other) => other.form === state.form && JSON.stringify(other.rows) === JSON.stringify(state.rows);
    const found = same(this.sheet.state) ? null : drafts().find((draft) => (link ? draft.link === link : same(stateOfDraft(draft))));
    if (found) this.#openDraft(found.id);
    else if (!same(this.sheet.state)) this.#begin(state, link);
    this.#say(said);
  }

  /**
   * @param {string} form
   * @param {FormShape} [shape] of one that is not among `FORMS`
   */
  setForm(form, shape) {
    if (form === this.#form && shape?.widths.length === this.sheet.state.shape?.widths.length) return;
    const state = inForm(this.sheet.state, form, shape);
    if (state && !this.sheet.isEmpty) this.sheet.replace(state);
    else this.#begin(state ?? blank(form, shape));
    if (!state) this.#say("kept-on-shelf");
    this.at = [0, 0];
    this.#draw();
  }

  // Writing by hand

  /** @param {At} at @param {string} text */
  #write(at, text) {
    const { next, left } = this.sheet.write(at, text);
    if (left) this.#say("too-long", { count: left });
    const closing = [...text].length === 1 && "，。？！；：".includes(text);
    this.select(closing ? at : next);
    if (this.paper.isTypedOn) this.paper.focus(this.at);
  }

  /** @param {At} at @param {string} text */
  #paste(at, text) {
    const poem = pastedPoem(text);
    if (!poem) { this.#pasteLines(at, text); return; }
    const state = stateOf({ ...poem, title: poem.title || this.sheet.state.title, model: "", seed: null });
    this.#keepVersion();
    if (poem.form === this.#form) this.sheet.replace({ ...state, locked: this.sheet.state.locked });
    else this.#begin(state);
    this.#say("pasted");
  }

  /**
   * Paste a text other than a poem of equal lines: a 詞, or characters.
   * @param {At} at
   * @param {string} text
   */
  async #pasteLines(at, text) {
    const poem = parse(text).lines.length > 2 && (await import("./forms.js").then(({ pastedTune }) => pastedTune(text)).catch(() => null));
    if (!poem) { this.#write(at, onlyVerse(text)); return; }
    this.#begin(stateOf({ ...poem, title: poem.title || this.sheet.state.title }));
    this.#say("pasted");
  }

  /** @param {At} at */
  select(at) {
    this.at = at;
    this.#draw();
    this.advice.show();
  }

  /**
   * Take a candidate, and go to the place behind it.
   * @param {At} at
   * @param {string} text
   */
  async take(at, text) {
    const { next } = this.sheet.write(at, await this.#asTyped(text));
    this.select(next);
  }

  /** What comes from the model, in the script of what was typed. @param {string} text */
  async #asTyped(text) { return this.#isSimplified ? inScript(text, "simplified").catch(() => text) : text; }

  // What the checker says

  #changed() {
    const when = Date.now();
    if (this.#last && when - this.#last.when > VERSION_PAUSE) keepVersion(this.#id, this.#last.state, this.#last.when);
    this.#last = { state: this.sheet.state, when };
    if (!this.sheet.isEmpty || draftOf(this.#id)) this.#save();
    this.#draw();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), CHECK_PAUSE);
  }

  async #check() {
    const number = (this.#checking += 1), { form, rows } = this.sheet;
    try {
      const judged = await ask("sheet", { form, rows, pattern: this.wishes.patternOf(this.sheet.state) });
      if (number !== this.#checking) return;
      if (byId("status").dataset.t === "kept-while-lost") this.#say("");
      this.judged = judged;
      this.#isSimplified = mostlySimplified(judged.report);
      this.settings.script = this.#isSimplified ? "simplified" : this.#usualScript;
      this.#draw();
      this.advice.show();
    } catch (error) {
      if (number !== this.#checking) return;
      const lost = error instanceof Error && error.message === "lost";
      if (!lost) { this.#problem(error); return; }
      this.#say("kept-while-lost");
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#check(), RETRY);
    }
  }

  // What the model does

  /** A place as the API takes it. @param {At} at */
  place([line, place]) {
    const { form, rows, state } = this.sheet;
    return { form, rows: rows.map((row, n) => row + state.marks[n]), line: line + 1, place: place + 1, ...this.wishes.context(state) };
  }

  /** The first line with an open place after the selected one, or from the beginning. */
  get #nextLine() {
    const open = this.sheet.state.rows.map((row, n) => (row.some((c) => !c) ? n : -1)).filter((n) => n >= 0);
    return open.find((n) => n > this.at[0]) ?? open[0] ?? (this.at[0] + 1) % this.sheet.length;
  }

  /**
   * Offer ways to write a line.
   * @param {number} line
   */
  async #lines(line) {
    const { locked, rows } = this.sheet.state;
    if (locked[line]) { this.#say("is-locked", { n: line + 1 }); return; }
    this.select([line, Math.max(0, rows[line].findIndex((c) => !c))]);
    await this.#during(async (signal) => {
      const { place: _, ...body } = this.place([line, 0]);
      const found = await ask("lines", { ...body, count: SIDE_BY_SIDE, seed: Math.floor(Math.random() * 2 ** 32) }, signal);
      this.choices.open(found.length ? "choose-line" : "no-others", () => this.#lines(line));
      for (const { text, parallel } of found) {
        await this.choices.add({
          lines: [text], note: parallel === null ? "" : t("parallel", { score: parallel.toFixed(2) }),
          take: async () => { this.#keepVersion(); this.sheet.fill(this.sheet.rows.with(line, await this.#asTyped(text)), { over: [line] }); this.#keepVersion(); this.select([line, this.sheet.widths[line] - 1]); },
        }, this.settings.script);
      }
    });
  }

  /** Complete the sheet, or write another poem when nothing is open. */
  async write() {
    const over = this.#over();
    if (over === null) {
      const { title, made } = this.sheet.state;
      this.#begin({ ...this.#blank, title: title === made?.drawn ? "" : title });
    }
    const start = this.#start(over ?? []), sheet = this.sheet;
    await this.#during((signal) => this.#poems(start, {}, signal, async (poem) => {
      if (this.sheet === sheet) await this.#fill(poem, over ?? []);
    }, over ?? []));
  }

  /** Offer several ways to complete the sheet. */
  async #several() {
    await this.#offerPoems("choose-poem", this.#over() ?? this.sheet.rows.map((_, n) => n), {}, () => this.#several());
  }

  /** Offer the poem in another rhyme: the ends of its rhyming lines, or these lines, rewritten. */
  async #changeRhyme() {
    const rhyme = this.wishes.rhyme.value, own = this.judged?.report?.rhyme ?? "-";
    if (!rhyme || Array.isArray(own) || own === "-" || own === rhyme) return;
    const lines = (this.judged?.rhyming ?? []).map((line) => line - 1).filter((line) => !this.sheet.state.locked[line]);
    const open = (/** @type {number} */ from) => this.sheet.rows.map((row, n) => (lines.includes(n) ? row.slice(0, from) + BLANK.repeat(row.length - from) : row));
    const again = () => this.#changeRhyme();
    await this.#offerPoems("choose-rhyme", lines, { rhyme }, again, open(this.sheet.widths[0] - TAIL))
      || await this.#offerPoems("choose-rhyme", lines, { rhyme }, again, open(0));
  }

  /**
   * Offer poems that keep all lines but some; whether there are any.
   * @param {string} heading
   * @param {number[]} over the lines that may be written over
   * @param {Given} options
   * @param {() => void} again
   * @param {string[]} [rows]
   */
  async #offerPoems(heading, over, options, again, rows) {
    const start = rows ? this.#joined(rows) : this.#start(over), before = this.sheet.rows;
    let some = false;
    await this.#during((signal) => this.#poems(start, { count: SIDE_BY_SIDE, ...options }, signal, async (poem) => {
      if (!some) this.choices.open(heading, again);
      some = true;
      const fresh = poem.lines.map((line, n) => [...line].map((c, at) => before[n][at] !== c));
      await this.choices.add({ lines: poem.lines, fresh, note: "", take: () => this.#fill(poem, over) }, this.settings.script);
    }));
    return some;
  }

  /** The lines to write over: none while places are open, those not locked when some are; null for all. */
  #over() {
    if (!this.sheet.isWhole) return [];
    const { locked } = this.sheet.state;
    return locked.some(Boolean) ? locked.map((is, n) => (is ? -1 : n)).filter((n) => n >= 0) : null;
  }

  /** @param {number[]} over */
  #start(over) { return this.#joined(this.sheet.rows.map((row, n) => (over.includes(n) ? BLANK.repeat(row.length) : row)), over); }

  /**
   * @param {string[]} rows
   * @param {number[]} [over]
   */
  #joined(rows, over = []) {
    // The mark of a line that is not written yet is the model's.
    return rows.map((row, n) => row + (over.includes(n) || row.includes(BLANK) ? "" : this.sheet.state.marks[n])).join("");
  }

  /** @param {Poem} poem @param {number[]} over */
  async #fill(poem, over) {
    const lines = (await this.#asTyped(poem.lines.join("\n"))).split("\n");
    const { marks, model, rule, seed, number, options } = poem;
    const drawn = poem.title_drawn ? { title: poem.title } : {};
    this.#keepVersion();
    this.sheet.fill(lines, { marks, over, made: { model, rule, seed, number, options, changed: false, drawn: drawn.title }, ...drawn });
    this.#keepVersion();
  }

  /**
   * Request poems; show how far they are, and the beginning of the first on the sheet.
   * @param {string} start
   * @param {Given} more
   * @param {AbortSignal} signal
   * @param {(poem: Poem) => unknown} take
   * @param {number[]} [over] lines that the first is shown over; without them it is not shown
   */
  async #poems(start, more, signal, take, over) {
    const given = this.wishes.given();
    if (!given) return;
    const { form, state } = this.sheet, any = state.shape && state.shape.kind !== "詞";
    /** @type {Given} */
    const body = { ...given, ...more, ...this.wishes.context(state), form, start, ...(any ? { lines: state.rows.length } : {}) };
    if (start.replaceAll(BLANK, "")) delete body.seed;
    else body.start = "";
    const whole = this.sheet.places, wanted = body.count ?? 1;
    const far = (/** @type {number} */ share) => { byId("working", HTMLProgressElement).value = share / wanted; };
    let count = 0;
    await listen("write", body, async (name, value) => {
      if (name === "draft") {
        far(value.text.length / whole);
        if (over) this.#come({ lines: parse(value.text).lines, settled: value.settled, over });
      } else if (name === "poem") {
        far(count += 1);
        this.#coming = null;
        await take({ ...value, ...parse(value.text), options: body });
      }
    }, signal);
    await this.#draw();
    this.#say("written", { count });
  }

  /** Show the beginning of a poem, once a frame. @param {Coming} coming */
  #come(coming) {
    this.#coming = coming;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /**
   * Do what takes its time, with a button to stop it.
   * @param {(signal: AbortSignal) => Promise<void>} work
   */
  async #during(work) {
    this.#end();
    const writing = (this.#writing = new AbortController());
    this.#busy(true);
    this.#problem(null);
    this.#say("writing");
    try {
      await work(writing.signal);
      if (this.#writing === writing && byId("status").dataset.t === "writing") this.#say("");
    } catch (error) {
      if (this.#writing !== writing) return; // the desk does something else by now
      this.#say(isAbort(error) ? "stopped" : "");
      this.#problem(error);
    }
    if (this.#writing === writing) this.#end();
    this.#draw();
  }

  /** End what is being written. */
  #end() {
    this.#writing?.abort();
    this.#writing = null;
    this.#coming = null;
    this.#busy(false);
  }

  // What is seen

  async #shownPoem() {
    const { poem } = this.sheet, { script } = this.settings;
    const [title, text] = await Promise.all([inScript(poem.title, script), inScript(poem.lines.join("\n"), script)]).catch(() => [poem.title, poem.lines.join("\n")]);
    return { ...poem, title, lines: text.split("\n") };
  }

  /** Draw the state; done when it is seen. */
  #draw() { return (this.#drawing = this.#drawOnce()); }

  /** @returns {Promise<void>} */
  async #drawOnce() {
    const drawn = (this.#drawn += 1), { sheet, settings } = this;
    let { rows, title } = sheet.state, coming = this.#coming;
    if (settings.script !== "traditional") {
      const all = `${title}\n${sheet.rows.join("\n")}`;
      const [first, ...lines] = (await inScript(all, settings.script).catch(() => all)).split("\n");
      if (coming) coming = { ...coming, lines: (await inScript(coming.lines.join("\n"), settings.script).catch(() => "")).split("\n") };
      if (drawn !== this.#drawn) { await this.#drawing; return; } // a later one
      title = first;
      rows = lines.map((line) => [...line].map((c) => (c === BLANK ? "" : c)));
    }
    this.paper.show(sheet.state, { shown: rows, title, judged: this.#judgedNow, at: this.at, coming });
    this.#drawTools();
    this.#drawVerdict();
  }

  /** The verdict, where it is on the form that is shown. */
  get #judgedNow() {
    const { widths } = this.sheet;
    return this.wishes.regulated && this.judged?.signs.length === widths.length && this.judged.signs.every((signs, n) => signs.length === widths[n]) ? this.judged : null;
  }

  #drawTools() {
    const { sheet, settings } = this;
    const isEmpty = sheet.rows.every((row) => [...row].every((c) => c === BLANK));
    /** @type {(ids: string[], disabled: boolean) => void} */
    const disable = (ids, disabled) => ids.forEach((id) => { byId(id, HTMLButtonElement).disabled = disabled; });
    byId("leaf").classList.toggle("across", settings.direction === "across");
    byId("leaf").classList.toggle("show-tones", settings.tones === "yes");
    byId("frame").classList.toggle("empty", isEmpty);
    for (const [id, pressed] of Object.entries({ direction: settings.direction === "across", script: settings.script === "simplified", tones: settings.tones === "yes" })) {
      byId(id).setAttribute("aria-pressed", String(pressed));
    }
    disable(["copy", "share", "print"], isEmpty);
    disable(["to-check"], !sheet.isWhole);
    disable(["to-study"], !sheet.isWhole || Boolean(sheet.state.shape));
    disable(["undo"], !sheet.canUndo);
    disable(["redo"], !sheet.canRedo);
    showWords(byId("write"), isEmpty ? "write" : !sheet.isWhole ? "complete" : this.#over() ? "rewrite-rest" : "write-another");
    this.wishes.fit(sheet.state);
    const more = document.getElementById("more-forms");
    if (more) { more.textContent = sheet.state.shape ? sheet.form : t("more-forms"); more.dataset.form = sheet.state.shape ? sheet.form : ""; }
    for (const button of byId("forms").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.form === sheet.form));
    const { made } = sheet.state;
    byId("colophon").textContent = made?.seed === undefined || made.seed === null ? "" : [made.model, `№ ${made.seed}${made.number ? `·${made.number}` : ""}`].filter(Boolean).join("　");
  }

  #drawVerdict() {
    const report = this.#judgedNow?.report, open = this.judged?.open ?? 0;
    byId("findings").replaceChildren(...(report?.faults ?? []).map((fault) => make("li", {},
      make("button", { type: "button", on: { click: () => { const to = /** @type {At} */ ([Math.max(0, fault.line - 1), (fault.places[0] ?? 1) - 1]); this.select(to); this.paper.focus(to); } } },
        inLanguage(fault)))));
    const verdict = byId("verdict");
    if (!report || !this.judged) { verdict.replaceChildren(); return; }
    const { pattern } = this.judged, { faults, rhyme } = report;
    const isEmpty = open === this.sheet.places - this.sheet.length;
    const words = [pattern ? t(`pattern_${pattern}`) : this.sheet.form, rhymeIn(rhyme), open && t("open-places", { count: open })];
    const [first] = byId("findings").querySelectorAll("button");
    verdict.replaceChildren(
      faults.length ? make("button", { type: "button", className: "bad", on: { click: () => first.click() } }, t("faults-count", { count: faults.length }))
        : make("span", { className: "good" }, isEmpty ? t("begin-anywhere") : open ? t("so-far") : t("regulated_yes")),
      ` · ${words.filter(Boolean).join(" · ")}`);
  }

  /** Show the other script; what was typed in simplified characters becomes traditional. */
  async #turnScript() {
    const { sheet } = this;
    if (this.#isSimplified) {
      const lines = (await inTraditional(sheet.rows.join("\n")).catch(() => "")).split("\n");
      if (sheet !== this.sheet || !lines[0]) return;
      sheet.replace({ ...sheet.state, rows: lines.map((line) => [...line].map((c) => (c === BLANK ? "" : c))) });
      this.#isSimplified = false;
    }
    this.#toggle("script", "traditional", "simplified");
  }

  /** @param {string} name @param {string} off @param {string} on */
  #toggle(name, off, on) {
    this.settings[name] = this.settings[name] === on ? off : on;
    keep(name, this.settings[name]);
    this.#draw();
  }

  /** @param {boolean} busy */
  #busy(busy) {
    // The one is in the place of the other, with the keyboard too.
    const [here, there] = busy ? [byId("stop"), byId("write")] : [byId("write"), byId("stop")];
    const focused = document.activeElement === there;
    here.hidden = false;
    there.hidden = true;
    if (focused) here.focus();
    byId("working").hidden = !busy;
    byId("working").removeAttribute("value");
    byId("leaf").setAttribute("aria-busy", String(busy));
  }

  /** @type {(key: string, values?: Values) => void} */
  #say(key, values) { showWords(byId("status"), key, values); }
  /** @param {unknown} error null for none */
  #problem(error) { if (error) showError(byId("problem"), error); else showWords(byId("problem"), ""); }
}

/**
 * The rhyme of a poem, or those of a 詞 that are written; "-" is none.
 * @param {string | string[]} rhyme
 */
function rhymeIn(rhyme) {
  if (Array.isArray(rhyme)) return rhyme.filter((part) => !part.startsWith("-")).join(" ");
  return rhyme !== "-" && t("rhyme-of", { rhyme });
}

/**
 * Whether most lines are read in other characters than they were typed in: those of the traditional script.
 * @param {Judged["report"]} report
 */
function mostlySimplified(report) {
  const some = report?.lines.map((line, n) => [line, report.read_as[n]]).filter(([line]) => /[^□]/.test(line)) ?? [];
  return some.filter(([line, read]) => line !== read).length * 2 > some.length;
}
