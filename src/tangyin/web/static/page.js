// The page: its sections, language and light, and the poem of a link.

import { alone, ask, get } from "./api.js";
import { Desk } from "./desk.js";
import { byId } from "./dom.js";
import { setLanguage, t, showWords } from "./language.js";
import { keepShell } from "./offline.js";
import { showError } from "./refusal.js";
import { keep, recall } from "./settings.js";
import { setForms } from "./verse.js";

const PAGES = ["compose", "check", "study"];
const choice = byId("language", HTMLSelectElement);
const dark = matchMedia("(prefers-color-scheme: dark)");

/** @param {string} name */
function showPage(name) {
  for (const page of PAGES) byId(`${page}-page`).hidden = page !== name;
  for (const link of document.querySelectorAll("nav [data-page]")) {
    if (link instanceof HTMLElement && link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${t(name)} · 唐音`;
}

/**
 * Speak a language from now on.
 * @param {string} tag zh-Hant, zh-Hans or en
 */
async function speak(tag) {
  // Without the server the words stay traditional.
  const characters = () => get("static/simplified.json").catch(() => null);
  const more = tag === "zh-Hans" ? await characters() : tag === "en" ? (await import("./english.js")).ENGLISH : null;
  setLanguage(tag, more);
  choice.value = tag;
  const shown = PAGES.find((page) => !byId(`${page}-page`).hidden) ?? "compose";
  document.title = `${t(shown)} · 唐音`;
}

/** The language of the interface that fits the browser's. @param {string} tag */
function fitting(tag) {
  if (!/^zh/i.test(tag || "zh")) return "en";
  return /hans|zh-(cn|sg|my)|^zh$/i.test(tag) ? "zh-Hans" : "zh-Hant";
}

/** @param {string} theme */
function light(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

/** @param {Described[]} options @param {Model[]} models @param {Shape[]} shapes */
function start(options, models, shapes) {
  /** @type {Promise<import("./study.js").Study> | undefined} loaded when it is first shown, as is the next */
  let study;
  /** @type {Promise<import("./check.js").Check> | undefined} */
  let check;
  const opened = () => (study ??= import("./study.js").then(({ Study }) => new Study(models)));
  const checking = () => (check ??= import("./check.js").then(({ Check }) => new Check(models, (poem) => { desk.show(poem, ""); location.hash = "compose"; }, trace)));
  const trace = async (/** @type {string} */ text) => { (await opened()).readPoem(text); location.hash = "study"; };
  const desk = new Desk(options, models, shapes, async (text) => { const page = await checking(); page.check(text); location.hash = "check"; }, trace);

  async function follow() {
    const hash = location.hash.slice(1);
    if (hash === "main") return; // it skips the head of any page
    const page = PAGES.includes(hash) ? hash : "compose";
    showPage(page);
    const section = byId(`${page}-page`);
    section.inert = true; // until what answers its buttons is loaded
    try {
      if (page === "study") (await opened()).begin();
      if (page === "check") (await checking()).begin();
      // The poem of a link is a draft from now on: after a reload it is as it was left.
      if (hash.startsWith("p=")) desk.show((await import("./share.js")).poemOfLink(hash.slice(2)), "came-back", hash);
    } catch {
      if (page === "compose") { showWords(byId("problem"), "link-broken"); return; }
      if (page === "study") study = undefined;
      else check = undefined;
      showWords(byId("offline"), "offline");
      byId("offline").hidden = false;
    } finally {
      section.inert = false;
    }
  }

  const redraw = () => study?.then((page) => page.draw());
  byId("theme").addEventListener("click", redraw);
  dark.addEventListener("change", redraw);
  addEventListener("hashchange", follow);
  follow();
}

light(recall("theme", ""));
await speak(recall("tongue", fitting(navigator.language)));
choice.addEventListener("change", () => { keep("tongue", choice.value); speak(choice.value); });
byId("theme").addEventListener("click", () => {
  const shown = document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  const theme = shown === "dark" ? "light" : "dark";
  keep("theme", theme);
  light(theme);
});

const described = await Promise.all([ask("options"), ask("models"), ask("forms")])
  .catch((error) => showError(byId("problem"), error));
if (described) {
  const [options, models, forms] = described;
  setForms(forms);
  start(options, models, forms);
  if (!alone) keepShell({ "api/options": options, "api/models": models, "api/forms": forms });
}
