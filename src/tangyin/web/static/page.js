// The page: its sections, language and light, and the poem of a link.

import { alone, ask } from "./api.js";
import { Check } from "./check.js";
import { Desk } from "./desk.js";
import { byId } from "./dom.js";
import { setLanguage, showWords, t } from "./language.js";
import { keepShell } from "./offline.js";
import { showError } from "./refusal.js";
import { simplifiers } from "./script.js";
import { keep, recall } from "./settings.js";
import { poemOfLink } from "./share.js";
import { setForms } from "./verse.js";

const PAGES = ["compose", "check"];
const RETRY = 2000; // milliseconds before what the page begins with is requested again
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
  const by =
    tag === "zh-Hans"
      ? await simplifiers().then(
          ({ words }) => words,
          () => null,
        )
      : null;
  setLanguage(tag, by);
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

/** What the page begins with, however often it has to be requested. @returns {Promise<[Described[], Model[], Shape[]]>} */
async function described() {
  for (;;) {
    try {
      const answers = await Promise.all([ask("options"), ask("models"), ask("forms")]);
      showWords(byId("problem"), "");
      return answers;
    } catch (error) {
      showError(byId("problem"), error);
      await new Promise((go) => setTimeout(go, RETRY));
    }
  }
}

/** @param {Described[]} options @param {Model[]} models @param {Shape[]} shapes */
function start(options, models, shapes) {
  const go = (/** @type {string} */ page) => {
    location.hash = page;
  };
  const desk = new Desk(options, models, shapes, (text) => {
    check.check(text);
    go("check");
  });
  const check = new Check(models, async (text) => {
    if (await desk.take(text)) go("compose");
  });

  function follow() {
    const hash = location.hash.slice(1);
    if (hash === "main") return; // it skips the head of any page
    const page = PAGES.includes(hash) ? hash : "compose";
    showPage(page);
    if (page === "check") check.begin();
    if (!hash.startsWith("p=")) return;
    try {
      // The poem of a link is a draft from now on: after a reload it is as it was left.
      desk.show(poemOfLink(hash.slice(2)), "came-back", hash);
    } catch {
      showWords(byId("problem"), "link-broken");
    }
  }

  addEventListener("hashchange", follow);
  follow();
}

light(recall("theme", ""));
choice.addEventListener("change", () => {
  keep("tongue", choice.value);
  speak(choice.value);
});
byId("theme").addEventListener("click", () => {
  const shown = document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  const theme = shown === "dark" ? "light" : "dark";
  keep("theme", theme);
  light(theme);
});

const begun = described();
await speak(recall("tongue", fitting(navigator.language)));
const [options, models, forms] = await begun;
setForms(forms);
start(options, models, forms);
if (!alone) keepShell({ "api/options": options, "api/models": models, "api/forms": forms });
