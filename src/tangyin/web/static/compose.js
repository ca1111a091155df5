// 作詩: the request, the poem as it arrives, and what is done with it.

import { ask, listen } from "./api.js";
import { copied } from "./clipboard.js";
import { byId, make } from "./dom.js";
import { History } from "./history.js";
import { language, t, showWords } from "./language.js";
import { Leaf } from "./leaf.js";
import { Controls } from "./options.js";
import { isAbort, reportOf, showError } from "./refusal.js";
import { inScript, inTraditional } from "./script.js";
import { keep, recall } from "./settings.js";
import { openSharing } from "./share.js";
import { Touch } from "./touch.js";
import { FORMS, isWhole, lengthOf, parse, replaceCharacter, stranger, textOf, textUpTo, withText, written } from "./verse.js";

const LINE_PAUSE = 220; // milliseconds between the lines of a poem as it is shown
const NUMERALS = "〇一二三四五六七八九";
/** @param {number} n */
const ordinal = (n) => (n < 10 ? NUMERALS[n] : n < 20 ? `十${n > 10 ? NUMERALS[n - 10] : ""}` : "二十");

/**
 * The number that the slider sets under a rule, its value at 0 … 20, and where the slider starts.
 * @type {Record<string, [string, (v: number) => number, number]>}
 */
const AMOUNTS = {
  "top-p": ["p", (v) => Number((0.5 + v * 0.025).toFixed(3)), 16],
  "random-k": ["k", (v) => v + 1, 4],
  temperature: ["temperature", (v) => Number((0.5 + v * 0.05).toFixed(2)), 10],
};

const still = matchMedia("(prefers-reduced-motion: reduce)");
const narrow = matchMedia("(max-width: 55.99rem)");
/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((done) => { setTimeout(done, still.matches ? 0 : milliseconds); });

const amountInput = byId("amount-input", HTMLInputElement);
const byHand = byId("by-hand-text", HTMLTextAreaElement);

/** @typedef {import("./leaf.js").At} At */

/** The page on which poems are written. */
export class Compose {
  /** @type {History[]} one for each poem */
  #poems = [];
  #active = 0;
  /** @type {At | null} */
  #touched = null;
  /** @type {Poem | null} the poem as it was when typing began */
  #typing = null;
  /** @type {AbortController | null} of what is being written */
  #writing = null;
  #growing = false; // a poem is being shown line by line in place of others
  #drawn = 0;

  /**
   * @param {Described[]} options
   * @param {Model[]} models the default one first
   * @param {(text: string) => void} onCheck called with a poem to be checked
   */
  constructor(options, models, onCheck) {
    this.models = models;
    this.leaf = new Leaf((line, at) => this.touch(line, at));
    this.panel = new Touch(this);
    this.form = byId("request", HTMLFormElement);
    this.controls = new Controls(this.form, options);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.write(); });
    // A browser can point to a wrong field only where it is visible.
    this.form.addEventListener("invalid", (event) => {
      const folded = event.target instanceof Element && event.target.closest("details");
      if (folded) folded.open = true;
    }, true);
    const control = (/** @type {string} */ name) => this.controls.control(name);
    control("rule").addEventListener("change", () => this.#showAmount(true));
    amountInput.addEventListener("input", () => this.#showAmount(false));
    control("form").addEventListener("change", () => { if (!this.poem) this.draw(); });
    control("model").addEventListener("change", () => this.#fitModel());
    for (const radio of this.form.querySelectorAll("[name=regulated]")) radio.addEventListener("change", () => this.#fitModel());
    this.#listenToTools(onCheck);
    document.addEventListener("language", () => {
      this.#fitModel();
      this.draw();
      this.#openPanel();
    });
    /** @type {Record<string, string>} */
    this.settings = { direction: recall("direction", "columns"), script: recall("script", "traditional"), tones: recall("tones", "no") };
    this.controls.offer("model", models.map(({ name }) => name));
    this.#fitModel();
    this.#showAmount(true);
    this.draw();
  }

  /** @param {(text: string) => void} onCheck */
  #listenToTools(onCheck) {
    /** @type {(id: string, act: () => unknown) => void} */
    const on = (id, act) => byId(id).addEventListener("click", act);
    /** @type {(id: string, act: (poem: Poem) => unknown) => void} */
    const onPoem = (id, act) => on(id, () => { if (this.poem) act(this.poem); });
    on("stop", () => this.#writing?.abort());
    on("undo", () => { this.history?.undo(); this.#changed(); });
    on("redo", () => { this.history?.redo(); this.#changed(); });
    on("direction", () => this.#toggle("direction", "columns", "across"));
    on("script", () => this.#toggle("script", "traditional", "simplified"));
    on("tones", () => this.#toggle("tones", "no", "yes"));
    onPoem("copy", async (poem) => this.#say(await copied(written(await this.#shown(poem)))));
    onPoem("share", async (poem) => openSharing(poem, await this.#shown(poem)));
    on("print", () => window.print());
    onPoem("to-check", (poem) => onCheck(written(poem)));
    on("by-hand", () => this.#openWriting());
    on("go-on", () => this.#goOn());
    on("drop", () => this.#closeWriting());
    byId("writing").addEventListener("submit", (event) => { event.preventDefault(); this.#take(); });
  }

  get history() { return this.#poems[this.#active]; }
  get poem() { return this.history?.current ?? null; }

  /** Whether regulated verse is asked for. */
  get #regulated() { return this.form.querySelector("[name=regulated]:checked")?.getAttribute("value") === "yes"; }

  /** The request that the form describes, as the API takes it. @returns {Given} */
  given() {
    const given = { ...this.controls.values(), regulated: this.#regulated };
    const [name, value] = AMOUNTS[this.#rule] ?? [];
    return name && value ? { ...given, [name]: value(Number(amountInput.value)) } : given;
  }

  get #rule() { return this.controls.control("rule").value; }

  /** Write new poems. */
  async write() {
    if (!this.form.reportValidity()) return;
    this.#closeWriting();
    await this.#listen(this.given(), (poem, first) => {
      if (first) { this.#poems = []; this.#active = 0; }
      this.#poems.push(new History(poem));
    });
  }

  /**
   * Rewrite everything after a place; one step of the poem's history.
   * @param {number} line
   * @param {number} at
   */
  async rewriteAfter(line, at) {
    if (this.poem) await this.#goOnFrom(textUpTo(this.poem, line, at), this.poem);
  }

  /**
   * The model for requests about a poem, and the poem's title if that model takes one: the chosen
   * model, or the poem's own, or any that knows its form.
   * @param {Poem} poem
   */
  context(poem) {
    const able = this.models.filter(({ forms }) => forms.includes(poem.form));
    const named = (/** @type {string} */ name) => able.find((model) => model.name === name);
    const model = named(this.controls.control("model").value) ?? named(poem.model) ?? able[0];
    return { ...(model ? { model: model.name } : {}), ...(poem.title && model?.takes_title ? { title: poem.title } : {}) };
  }

  /**
   * Let the model continue a poem.
   * @param {string} start
   * @param {Poem} poem
   */
  async #goOnFrom(start, poem) {
    const { acrostic, include, seed, model, title, count, ...given } = this.given();
    // Typed lines have the title of the request.
    const titled = { ...poem, title: poem.title || title || "" };
    await this.#listen({ ...given, ...this.context(titled), form: poem.form, start }, (next) => this.#push({ ...next, title: next.title || poem.title, changed: true }));
  }

  /**
   * Add a step to the history of the poem on the leaf.
   * @param {Poem} poem
   */
  #push(poem) {
    if (this.history) this.history.push(poem);
    else this.#poems = [new History(poem)];
  }

  /**
   * Request poems and show them as they arrive.
   * @param {Given} given
   * @param {(poem: Poem, first: boolean) => void} take
   */
  async #listen(given, take) {
    this.#writing?.abort();
    const writing = (this.#writing = new AbortController());
    this.#touched = null;
    this.panel.close();
    this.#growing = true;
    this.#busy(true);
    this.#problem(null);
    this.#say("writing");
    this.leaf.reveal();
    this.draw();
    let text = "", taken = 0;
    try {
      await listen("write", given, async (name, value) => {
        if (name === "line" && value.number === 0) {
          text += value.text;
          const shown = await this.#shown({ ...parse(text), form: given.form, title: given.title ?? "", model: "", seed: null });
          if (writing.signal.aborted) return;
          this.leaf.show(shown, { fresh: shown.lines.length - 1 });
          await pause(LINE_PAUSE);
        } else if (name === "poem") {
          this.#growing = false;
          take({ ...parse(value.text), ...picked(value), options: given, changed: false }, taken === 0);
          taken += 1;
          if (taken === 1) this.#changed();
          else this.#drawPager();
        }
      }, writing.signal);
      this.#say("written", { count: taken });
    } catch (error) {
      if (this.#writing !== writing) return; // the leaf shows something else by now
      this.#say(isAbort(error) ? "stopped" : "");
      this.#problem(error);
    }
    this.#ended();
    this.draw();
  }

  /** End what is being written. */
  #ended() {
    this.#writing?.abort();
    this.#writing = null;
    this.#growing = false;
    this.#busy(false);
  }

  /**
   * Show a poem that comes from elsewhere.
   * @param {Poem} poem
   * @param {string} said key of the words that say so
   */
  show(poem, said) {
    this.#ended();
    this.#closeWriting();
    this.#poems = [new History(poem)];
    this.#active = 0;
    this.#changed();
    this.#say(said);
  }

  /**
   * Select a character.
   * @param {number} line
   * @param {number} at
   */
  touch(line, at) {
    if (this.#growing) return; // the poem is not complete yet
    this.#touched = [line, at];
    this.draw();
    this.#openPanel();
    // Below the width of two columns the panel covers the lower part of the page.
    if (narrow.matches) byId("leaf").scrollIntoView({ block: "start" });
  }

  #openPanel() {
    if (this.poem && this.#touched) this.panel.open(this.poem, ...this.#touched);
  }

  untouch() {
    const touched = this.#touched;
    this.#touched = null;
    this.draw();
    if (touched) this.leaf.focus(...touched);
  }

  /**
   * Put another character in a place.
   * @param {number} line
   * @param {number} at
   * @param {string} character
   */
  replace(line, at, character) {
    if (this.poem) this.#edit(replaceCharacter(this.poem, line, at, character));
  }

  /**
   * Replace the text of the poem.
   * @param {string} text
   */
  use(text) {
    if (this.poem) this.#edit(withText(this.poem, text));
  }

  /** @param {Poem} poem */
  #edit(poem) {
    this.#push(poem);
    this.#changed({ keepTouch: true });
    this.#say("changed");
  }

  #changed({ keepTouch = false } = {}) {
    if (!keepTouch) { this.#touched = null; this.panel.close(); }
    this.draw();
    this.#checkAgain();
    this.#openPanel();
  }

  /** Check a poem that has not been checked yet. */
  async #checkAgain() {
    const { history, poem } = this;
    if (!history || !poem || poem.prosody || !isWhole(poem)) return;
    try {
      const [prosody] = (await ask("check", { text: textOf(poem) })).map(reportOf);
      if (history.current === poem) { history.amend({ ...poem, prosody }); this.draw(); }
    } catch (error) { this.#problem(error); }
  }

  /**
   * The poem with its title and lines in the chosen script.
   * @param {Poem} poem
   */
  async #shown(poem) {
    const { script } = this.settings;
    try {
      const [title, text] = await Promise.all([inScript(poem.title, script), inScript(textOf(poem), script)]);
      return { ...poem, title, lines: parse(text).lines };
    } catch (error) {
      this.#problem(error);
      return poem;
    }
  }

  /** Draw the state. */
  async draw() {
    const drawn = (this.#drawn += 1);
    const { poem } = this;
    this.#drawTools();
    this.#drawPager();
    if (this.#growing || !poem) {
      byId("verdict").replaceChildren();
      if (!this.#growing) this.leaf.showEmpty(this.controls.control("form").value, t("empty-leaf"));
      return;
    }
    const shown = await this.#shown(poem);
    if (drawn !== this.#drawn || this.#growing) return;
    this.leaf.show(shown, { touched: this.#touched });
    byId("verdict").replaceChildren(...verdict(poem));
  }

  #drawTools() {
    const { poem, settings, history } = this;
    /** @type {(ids: string[], disabled: boolean) => void} */
    const disable = (ids, disabled) => ids.forEach((id) => { byId(id, HTMLButtonElement).disabled = this.#locked || disabled; });
    byId("leaf").classList.toggle("across", settings.direction === "across");
    byId("leaf").classList.toggle("show-tones", settings.tones === "yes");
    this.#press("direction", settings.direction === "across");
    this.#press("script", settings.script === "simplified");
    this.#press("tones", settings.tones === "yes");
    disable(["tones", "to-check", "copy", "share", "print"], !poem?.lines.length);
    disable(["undo"], !history?.canUndo);
    disable(["redo"], !history?.canRedo);
    disable(["by-hand"], false);
  }

  /** Whether the leaf shows something that is not a poem yet: one that grows, or typed lines. */
  get #locked() { return this.#growing || !byId("writing").hidden; }

  /**
   * @param {string} id
   * @param {boolean} pressed
   */
  #press(id, pressed) { byId(id).setAttribute("aria-pressed", String(pressed)); }

  #drawPager() {
    const pager = byId("pager");
    const within = pager.contains(document.activeElement);
    pager.hidden = this.#locked || this.#poems.length < 2;
    pager.replaceChildren(...this.#poems.map((_, n) => make("button", {
      type: "button", aria: { pressed: n === this.#active },
      on: { click: () => { this.#active = n; this.#changed(); } },
    }, t("ord", { n: language() === "en" ? n + 1 : ordinal(n + 1) }))));
    if (within) pager.querySelectorAll("button")[this.#active]?.focus();
  }

  /**
   * @param {string} name
   * @param {string} off
   * @param {string} on
   */
  #toggle(name, off, on) {
    this.settings[name] = this.settings[name] === on ? off : on;
    keep(name, this.settings[name]);
    this.draw();
  }

  /** @param {boolean} reset whether the slider returns to its start */
  #showAmount(reset) {
    const [name, value, first] = AMOUNTS[this.#rule] ?? [];
    byId("amount-field").hidden = !name;
    if (!name || !value) return;
    if (reset) amountInput.value = String(first);
    const text = `${name} = ${value(Number(amountInput.value))}`;
    byId("amount").textContent = text;
    amountInput.setAttribute("aria-valuetext", text);
  }

  /** Offer what the chosen model can: its forms, and a title if it takes one. */
  #fitModel() {
    const model = this.models.find(({ name }) => name === this.controls.control("model").value);
    const forms = Object.keys(FORMS).filter((name) => model?.forms.includes(name));
    this.controls.offer("form", forms, (name) => (language() === "en" ? `${name} ${FORMS[name].join(" × ")}` : name));
    this.controls.fit(this.#regulated);
    this.controls.show("title", model?.takes_title === true);
  }

  async #openWriting() {
    this.panel.close();
    this.#touched = null;
    this.#typing = this.poem && (await this.#shown(this.poem));
    byHand.value = this.#typing?.lines.map((line, n) => line + (this.#typing?.marks[n] ?? "")).join("\n") ?? "";
    byId("frame").hidden = true;
    byId("writing").hidden = false;
    this.#problem(null);
    this.draw();
    byHand.focus();
  }

  #closeWriting() {
    byId("frame").hidden = false;
    byId("writing").hidden = true;
    this.#problem(null);
    this.draw();
  }

  /**
   * The typed lines in traditional characters; null if they cannot begin a poem of the form.
   * @param {string} form
   */
  async #typed(form) {
    const text = byHand.value, typed = parse(text);
    const [lines, width] = FORMS[form];
    const strange = stranger(text);
    const wrong = typed.lines.findIndex((line, n) => lengthOf(line) > width || (n < typed.lines.length - 1 && lengthOf(line) < width));
    /** @type {(key: string, values?: Values) => null} */
    const refuse = (key, values) => { showWords(byId("problem"), key, values); return null; };
    if (strange) return refuse("no-hanzi", { character: strange });
    if (!typed.lines.length) return refuse("nothing-written");
    if (typed.lines.length > lines) return refuse("too-many-lines", { count: typed.lines.length, form, lines });
    if (wrong >= 0) return refuse("line-length", { n: wrong + 1, count: lengthOf(typed.lines[wrong]), form, width });
    let traditional = typed;
    try { traditional = parse(await inTraditional(textOf(typed))); } catch (error) { this.#problem(error); return null; }
    if (byId("writing").hidden) return null; // closed in the meantime
    // A line that was not edited stays the same, whichever script it was shown in.
    /** @type {(line: string, n: number) => string} */
    const kept = (line, n) => (line === this.#typing?.lines[n] && this.poem ? this.poem.lines[n] : traditional.lines[n]);
    return { lines: typed.lines.map(kept), marks: typed.marks };
  }

  get #formOfTyping() { return this.poem?.form ?? this.controls.control("form").value; }

  async #take() {
    const form = this.#formOfTyping;
    const typed = await this.#typed(form);
    if (!typed) return;
    this.#push(withText(this.poem ?? { ...EMPTY, form }, textOf(typed)));
    this.#closeWriting();
    this.#changed();
    this.#say("changed");
    byId("by-hand").focus();
  }

  async #goOn() {
    const form = this.#formOfTyping;
    const typed = await this.#typed(form);
    if (!typed) return;
    this.#closeWriting();
    await this.#goOnFrom(textOf(typed), { ...EMPTY, ...this.poem, form });
  }

  /** @param {boolean} busy */
  #busy(busy) {
    byId("stop").hidden = !busy;
    byId("frame").classList.toggle("waiting", busy);
    byId("leaf").setAttribute("aria-busy", String(busy));
  }

  /** @type {(key: string, values?: Values) => void} */
  #say(key, values) { showWords(byId("status"), key, values); }
  /** @param {unknown} error null for none */
  #problem(error) { if (error) showError(byId("problem"), error); else showWords(byId("problem"), ""); }
}

/** @type {Poem} */
const EMPTY = { lines: [], marks: [], form: "", title: "", model: "", seed: null, options: {} };

/** @param {Verse} verse */
const picked = ({ form, title, model, rule, seed, number, prosody }) => ({ form, title, model, rule, seed, number, prosody });

/**
 * Pattern, rhyme and verdict of a poem, as nodes.
 * @param {Poem} poem
 */
function verdict(poem) {
  if (!poem.prosody) return [isWhole(poem) ? "" : t("unfinished")];
  const { pattern, rhyme, regulated, faults } = poem.prosody;
  const parts = [pattern === "-" ? null : t(`pattern_${pattern}`), rhyme === "-" ? t("no-rhyme") : t("rhyme-of", { rhyme })].filter(Boolean);
  const kinds = [...new Set(faults.map((fault) => fault.kind))].join("、");
  const judged = regulated ? t("regulated_yes") : `${t("regulated_no")}${kinds ? `（${kinds}）` : ""}`;
  return [`${parts.join(" · ")} · `, make("span", { className: regulated ? "good" : "bad" }, judged), poem.changed && poem.seed !== null ? ` · ${t("edited")}` : ""];
}
