// The page: its sections, language and light, and the poem of a link.

import { ask } from "./api.js";
import { Check } from "./check.js";
import { Desk } from "./desk.js";
import { byId } from "./dom.js";
import { language, setLanguage, t, showWords } from "./language.js";
import { showError } from "./refusal.js";
import { keep, recall } from "./settings.js";
import { poemOfLink } from "./share.js";
import { Study } from "./study.js";
import { setForms } from "./verse.js";

const PAGES = ["compose", "check", "study"];
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

/** @param {string} name */
function speak(name) {
  keep("language", name);
  setLanguage(name);
  const other = byId("language");
  other.textContent = name === "zh" ? "English" : "中文";
  other.lang = name === "zh" ? "en" : "zh-Hant";
  const shown = PAGES.find((page) => !byId(`${page}-page`).hidden) ?? "compose";
  document.title = `${t(shown)} · 唐音`;
}

/** @param {string} theme */
function light(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

/**
 * @param {Described[]} options
 * @param {Model[]} models
 */
function start(options, models) {
  const desk = new Desk(options, models, (text) => { location.hash = "check"; check.check(text); });
  const check = new Check(models, (poem) => { desk.show(poem, ""); location.hash = "compose"; });
  const study = new Study(models);

  function follow() {
    const hash = location.hash.slice(1);
    if (hash.startsWith("p=")) {
      showPage("compose");
      // The poem is a draft from now on: after a reload it is as it was left.
      try { desk.show(poemOfLink(hash.slice(2)), "came-back", hash); } catch { showWords(byId("problem"), "link-broken"); }
    } else if (hash !== "main") { // #main skips the head of any page
      showPage(PAGES.includes(hash) ? hash : "compose");
      if (hash === "study") study.begin();
    }
  }

  const redraw = () => study.draw();
  byId("theme").addEventListener("click", redraw);
  dark.addEventListener("change", redraw);
  addEventListener("hashchange", follow);
  follow();
}

light(recall("theme", ""));
speak(recall("language", navigator.language.startsWith("zh") || !navigator.language ? "zh" : "en"));
byId("language").addEventListener("click", () => speak(language() === "zh" ? "en" : "zh"));
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
  start(options, models);
}
