// 作詩: the wishes, the poem as it comes, and what is done with it.

import { ask, listen } from "./api.js";
import { copied } from "./clipboard.js";
import { byId, make } from "./dom.js";
import { History } from "./history.js";
import { language, t, tell } from "./language.js";
import { Leaf } from "./leaf.js";
import { tellError } from "./refusal.js";
import { inScript, inTraditional } from "./script.js";
import { keep, recall } from "./settings.js";
import { openSharing } from "./share.js";
import { Touch } from "./touch.js";
import { FORMS, PATTERNS, RHYMES, isWhole, parse, replaceCharacter, stranger, textOf, textUpTo, withText, written } from "./verse.js";

const LINE_PAUSE = 220; // milliseconds between the lines of a poem that is set
const NUMERALS = "〇一二三四五六七八九";
const ordinal = (n) => (n < 10 ? NUMERALS[n] : n < 20 ? `十${n > 10 ? NUMERALS[n - 10] : ""}` : "二十");

// What the slider of inspiration means under each rule: its name, value at 0 … 20, and where it begins.
const AMOUNTS = {
  "top-p": ["p", (v) => Number((0.5 + v * 0.025).toFixed(3)), 16],
  "random-k": ["k", (v) => v + 1, 4],
  temperature: ["temperature", (v) => Number((0.5 + v * 0.05).toFixed(2)), 10],
  argmax: null,
};

const still = matchMedia("(prefers-reduced-motion: reduce)");
const narrow = matchMedia("(max-width: 55.99rem)");
const pause = (milliseconds) => new Promise((done) => setTimeout(done, still.matches ? 0 : milliseconds));

/** The page on which poems are written. */
export class Compose {
  #poems = []; // a History for each poem
  #active = 0;
  #touched = null;
  #typing = null; // the poem as it stood when lines began to be typed
  #writing = null; // AbortController of what is being written
  #growing = false; // a poem is being set, line by line, where others stood
  #drawn = 0;
  #models = [];

  constructor(onCheck) {
    this.leaf = new Leaf((line, at) => this.touch(line, at));
    this.panel = new Touch(this);
    this.form = byId("wishes");
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.write(); });
    // A browser can point to a wrong field only where it is to be seen.
    this.form.addEventListener("invalid", (event) => { const folded = event.target.closest("details"); if (folded) folded.open = true; }, true);
    this.form.rule.addEventListener("change", () => this.#showAmount(true));
    byId("amount-input").addEventListener("input", () => this.#showAmount(false));
    this.form.form.addEventListener("change", () => { if (!this.poem) this.draw(); });
    this.form.model.addEventListener("change", () => this.#fitModel());
    for (const radio of this.form.regulated) radio.addEventListener("change", () => this.#fitModel());
    const on = (id, act) => byId(id).addEventListener("click", act);
    on("stop", () => this.#writing?.abort());
    on("undo", () => { this.history.undo(); this.#changed(); });
    on("redo", () => { this.history.redo(); this.#changed(); });
    on("direction", () => this.#toggle("direction", "columns", "across"));
    on("script", () => this.#toggle("script", "traditional", "simplified"));
    on("tones", () => this.#toggle("tones", "no", "yes"));
    on("copy", async () => this.#say(await copied(written(await this.#shown(this.poem)))));
    on("share", async () => openSharing(this.poem, await this.#shown(this.poem)));
    on("print", () => window.print());
    on("to-check", () => onCheck(written(this.poem)));
    on("by-hand", () => this.#openWriting());
    on("go-on", () => this.#goOn());
    on("drop", () => this.#closeWriting());
    byId("writing").addEventListener("submit", (event) => { event.preventDefault(); this.#take(); });
    document.addEventListener("language", () => {
      this.#fillChoices();
      this.draw();
      if (this.panel.isOpen) this.panel.open(this.poem, ...this.#touched);
    });
    this.settings = { direction: recall("direction", "columns"), script: recall("script", "traditional"), tones: recall("tones", "no") };
    this.#fillChoices();
    this.#showAmount(true);
    this.draw();
  }

  get history() { return this.#poems[this.#active]; }
  get poem() { return this.history?.current ?? null; }

  /** The models that the server has, the default one first. */
  setModels(models) {
    this.#models = models;
    this.#fillChoices();
    if (!this.poem) this.draw();
  }

  /** What the form asks for, as the API takes it. */
  wishes() {
    const { form } = this;
    const regulated = form.regulated.value === "yes";
    const amount = AMOUNTS[form.rule.value];
    const wishes = { form: form.form.value, regulated, rule: form.rule.value };
    if (amount) wishes[amount[0]] = amount[1](Number(byId("amount-input").value));
    for (const name of ["start", "acrostic", "title", "model"]) if (form[name].value) wishes[name] = form[name].value;
    if (form.seed.value !== "") wishes.seed = Number(form.seed.value);
    if (byId("title-field").hidden) delete wishes.title;
    if (regulated) {
      for (const name of ["rhyme", "pattern", "avoid"]) if (form[name].value) wishes[name] = form[name].value;
      const include = form.include.value.split(/[\s，、,]+/).filter(Boolean);
      if (include.length) wishes.include = include;
      if (form.strict.checked) wishes.strict = true;
      if (form.allow_quotes.checked) wishes.allow_quotes = true;
    }
    return wishes;
  }

  /** Write new poems by what the form asks for. */
  async write() {
    if (!this.form.reportValidity()) return;
    this.#closeWriting();
    const wishes = this.wishes();
    await this.#listen(wishes, Number(this.form.count.value), (poem, first) => {
      if (first) { this.#poems = []; this.#active = 0; }
      const history = new History();
      history.push(poem);
      this.#poems.push(history);
    });
  }

  /** Write everything after a place anew, by the rules; one step of the poem's history. */
  async rewriteAfter(line, at) {
    const { poem } = this;
    await this.#goOnFrom(textUpTo(poem, line, at), poem);
  }

  /** The model to ask about a poem: the chosen one, else its own, else any that knows its form. */
  modelFor(poem) {
    const able = this.#models.filter(({ forms }) => forms.includes(poem.form));
    const named = (name) => able.find((model) => model.name === name);
    return named(this.form.model.value) ?? named(poem.model) ?? able[0];
  }

  /** What names the model to ask about a poem, and the poem's title where that model takes one. */
  context(poem) {
    const model = this.modelFor(poem);
    return { ...(model ? { model: model.name } : {}), ...(poem.title && model?.takes_title ? { title: poem.title } : {}) };
  }

  async #goOnFrom(start, poem) {
    const { acrostic, include, seed, model, title, ...wishes } = this.wishes();
    // Lines that were typed have the title that is wished for.
    const titled = { ...poem, title: poem.title || title || "" };
    await this.#listen({ ...wishes, ...this.context(titled), form: poem.form, start }, 1, (next) => {
      if (!this.#poems.length) this.#poems = [new History()];
      this.history.push({ ...next, title: next.title || poem.title, changed: true });
    });
  }

  /** Ask for poems and set them as they come. */
  async #listen(wishes, count, take) {
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
      await listen("write", { ...wishes, count }, async (name, value) => {
        if (name === "line" && value.number === 0) {
          text += value.text;
          const shown = await this.#shown({ ...parse(text), form: wishes.form, title: wishes.title ?? "", model: "", seed: null });
          if (writing.signal.aborted) return;
          this.leaf.show(shown, { fresh: shown.lines.length - 1 });
          await pause(LINE_PAUSE);
        } else if (name === "poem") {
          this.#growing = false;
          take({ ...parse(value.text), ...picked(value), prosody: value.prosody, options: wishes, changed: false }, taken === 0);
          taken += 1;
          if (taken === 1) this.#changed();
          else this.#drawPager();
        }
      }, writing.signal);
      this.#say("written", { count: taken });
    } catch (error) {
      if (this.#writing !== writing) return; // something else has taken the leaf
      this.#say(error.name === "AbortError" ? "stopped" : "");
      this.#problem(error);
    }
    this.#ended();
    this.draw();
  }

  /** Nothing is being written any more. */
  #ended() {
    this.#writing?.abort();
    this.#writing = null;
    this.#growing = false;
    this.#busy(false);
  }

  /** A poem that came from elsewhere; `said` is the sentence that tells it. */
  show(poem, said) {
    this.#ended();
    this.#closeWriting();
    const history = new History();
    history.push(poem);
    this.#poems = [history];
    this.#active = 0;
    this.#changed();
    this.#say(said);
  }

  touch(line, at) {
    if (this.#growing) return; // what stands there is not the poem yet
    this.#touched = [line, at];
    this.draw();
    this.panel.open(this.poem, line, at);
    // Below the width of two columns the panel lies over the lower part of the page.
    if (narrow.matches) byId("leaf").scrollIntoView({ block: "start" });
  }

  untouch() {
    const touched = this.#touched;
    this.#touched = null;
    this.draw();
    if (touched) this.leaf.focus(...touched);
  }

  /** Put another character in a place. */
  replace(line, at, character) {
    this.history.push(replaceCharacter(this.poem, line, at, character));
    this.#changed({ keepTouch: true });
    this.#say("changed");
  }

  /** Put another text in the poem's stead. */
  use(text) {
    this.history.push(withText(this.poem, text));
    this.#changed({ keepTouch: true });
    this.#say("changed");
  }

  #changed({ keepTouch = false } = {}) {
    if (!keepTouch) { this.#touched = null; this.panel.close(); }
    this.draw();
    this.#checkAgain();
    if (keepTouch && this.#touched) this.panel.open(this.poem, ...this.#touched);
  }

  /** Ask for the verdict on a poem that has none yet. */
  async #checkAgain() {
    const { history, poem } = this;
    if (!poem || poem.prosody || !isWhole(poem)) return;
    try {
      const [prosody] = await ask("check", { text: textOf(poem) });
      if (history.current === poem) { history.amend({ ...poem, prosody }); this.draw(); }
    } catch (error) { this.#problem(error); }
  }

  /** The poem as it is read: its title and lines in the script that is chosen. */
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

  /** Draw everything that follows from the state. */
  async draw() {
    const drawn = (this.#drawn += 1);
    const { poem, settings } = this;
    byId("leaf").classList.toggle("across", settings.direction === "across");
    byId("leaf").classList.toggle("show-tones", settings.tones === "yes");
    this.#press("direction", settings.direction === "across");
    this.#press("script", settings.script === "simplified");
    this.#press("tones", settings.tones === "yes");
    for (const id of ["tones", "to-check", "copy", "share", "print"]) byId(id).disabled = this.#locked || !poem?.lines.length;
    byId("undo").disabled = this.#locked || !this.history?.canUndo;
    byId("redo").disabled = this.#locked || !this.history?.canRedo;
    byId("by-hand").disabled = this.#locked;
    this.#drawPager();
    if (this.#growing) {
      byId("verdict").replaceChildren();
      return;
    }
    if (!poem) {
      this.leaf.showEmpty(this.form.form.value || "五律", t("empty-leaf"));
      byId("verdict").replaceChildren();
      return;
    }
    const shown = await this.#shown(poem);
    if (drawn !== this.#drawn || this.#growing) return;
    this.leaf.show(shown, { touched: this.#touched });
    byId("verdict").replaceChildren(...verdict(poem));
  }

  /** Whether the leaf holds something that is no poem yet: one that grows, or lines being typed. */
  get #locked() { return this.#growing || !byId("writing").hidden; }

  #press(id, pressed) { byId(id).setAttribute("aria-pressed", pressed); }

  #drawPager() {
    const pager = byId("pager");
    const within = pager.contains(document.activeElement);
    pager.hidden = this.#locked || this.#poems.length < 2;
    pager.replaceChildren(...this.#poems.map((_, n) => make("button", {
      type: "button", aria: { pressed: n === this.#active },
      on: { click: () => { this.#active = n; this.#changed(); } },
    }, t("ord", { n: language() === "en" ? n + 1 : ordinal(n + 1) }))));
    if (within) pager.children[this.#active]?.focus();
  }

  #toggle(name, off, on) {
    this.settings[name] = this.settings[name] === on ? off : on;
    keep(name, this.settings[name]);
    this.draw();
  }

  #showAmount(reset) {
    const amount = AMOUNTS[this.form.rule.value];
    byId("amount-field").hidden = !amount;
    if (!amount) return;
    const input = byId("amount-input");
    if (reset) input.value = amount[2];
    const text = `${amount[0]} = ${amount[1](Number(input.value))}`;
    byId("amount").textContent = text;
    input.setAttribute("aria-valuetext", text);
  }

  /** Choices whose words change with the language, or with the models there are. */
  #fillChoices() {
    const { form } = this;
    const fill = (select, values) => {
      const chosen = select.value;
      select.replaceChildren(...values.map(([value, text]) => make("option", { value }, text)));
      if (values.some(([value]) => value === chosen)) select.value = chosen;
    };
    fill(form.rhyme, [["", t("any")], ...[...RHYMES].map((r) => [r, r])]);
    fill(form.pattern, [["", t("any")], ...PATTERNS.map((p) => [p, t(`pattern_${p}`)])]);
    fill(form.model, this.#models.map(({ name }) => [name, name]));
    this.#fitModel();
  }

  /** Offer what the chosen model can: its forms, and a title where it takes one. */
  #fitModel() {
    const model = this.#models.find(({ name }) => name === this.form.model.value);
    const forms = model?.forms ?? ["五律"];
    const chosen = this.form.form.value;
    const names = ["五律", "七律", "五絕", "七絕"].filter((name) => forms.includes(name));
    this.form.form.replaceChildren(...names.map((name) => make("option", { value: name }, t(`form_${name}`))));
    this.form.form.value = names.includes(chosen) ? chosen : names[0];
    byId("title-field").hidden = !model?.takes_title;
    const free = this.form.regulated.value === "no";
    for (const element of this.form.querySelectorAll(".regulated-only")) element.hidden = free;
  }

  async #openWriting() {
    this.panel.close();
    this.#touched = null;
    this.#typing = this.poem && (await this.#shown(this.poem));
    byId("by-hand-text").value = this.#typing?.lines.map((line, n) => line + (this.#typing.marks[n] ?? "")).join("\n") ?? "";
    byId("frame").hidden = true;
    byId("writing").hidden = false;
    this.#problem(null);
    this.draw();
    byId("by-hand-text").focus();
  }

  #closeWriting() {
    byId("frame").hidden = false;
    byId("writing").hidden = true;
    this.#problem(null);
    this.draw();
  }

  /** The lines that were typed, in traditional characters; null where they begin no poem of the form. */
  async #typed(form) {
    const text = byId("by-hand-text").value, typed = parse(text);
    const [lines, width] = FORMS[form];
    const strange = stranger(text);
    const wrong = typed.lines.findIndex((line, n) => line.length > width || (n < typed.lines.length - 1 && line.length < width));
    const refuse = (key, values) => { tell(byId("problem"), key, values); return null; };
    if (strange) return refuse("no-hanzi", { character: strange });
    if (!typed.lines.length) return refuse("nothing-written");
    if (typed.lines.length > lines) return refuse("too-many-lines", { count: typed.lines.length, form, lines });
    if (wrong >= 0) return refuse("line-length", { n: wrong + 1, count: typed.lines[wrong].length, form, width });
    let traditional = typed;
    try { traditional = parse(await inTraditional(textOf(typed))); } catch (error) { this.#problem(error); return null; }
    if (byId("writing").hidden) return null; // left in the meantime
    // A line that was left alone is what it was, whichever script it was shown in.
    const kept = (line, n) => (line === this.#typing?.lines[n] ? this.poem.lines[n] : traditional.lines[n]);
    return { lines: typed.lines.map(kept), marks: typed.marks };
  }

  get #formOfTyping() { return this.poem?.form ?? this.form.form.value; }

  async #take() {
    const form = this.#formOfTyping;
    const typed = await this.#typed(form);
    if (!typed) return;
    if (!this.poem) this.#poems = [new History()];
    this.history.push(withText(this.poem ?? { form, title: "", model: "", seed: null, options: {} }, textOf(typed)));
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
    await this.#goOnFrom(textOf(typed), { title: "", ...this.poem, form });
  }

  #busy(busy) {
    byId("stop").hidden = !busy;
    byId("frame").classList.toggle("waiting", busy);
    byId("leaf").setAttribute("aria-busy", busy);
  }

  #say(key, values) { tell(byId("status"), key, values); }
  #problem(error) { if (error) tellError(byId("problem"), error); else tell(byId("problem"), ""); }
}

const picked = ({ form, title, model, rule, seed, number, log_likelihood }) => ({ form, title, model, rule, seed, number, log_likelihood });

/** Pattern, rhyme and verdict of a poem, as nodes. */
function verdict(poem) {
  if (!poem.prosody) return [isWhole(poem) ? "" : t("unfinished")];
  const { pattern, rhyme, regulated, faults } = poem.prosody;
  const parts = [pattern === "-" ? null : t(`pattern_${pattern}`), rhyme === "-" ? t("no-rhyme") : t("rhyme-of", { rhyme })].filter(Boolean);
  const kinds = [...new Set(faults.map((fault) => fault.kind))].join("、");
  const judged = regulated ? t("regulated_yes") : `${t("regulated_no")}${kinds ? `（${kinds}）` : ""}`;
  return [`${parts.join(" · ")} · `, make("span", { className: regulated ? "good" : "bad" }, judged), poem.changed && poem.seed !== null ? ` · ${t("edited")}` : ""];
}
