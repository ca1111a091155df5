// The page: its sections, language and light, and what a link brings.

import { ask } from "./api.js";
import { Check } from "./check.js";
import { Compose } from "./compose.js";
import { byId } from "./dom.js";
import { language, setLanguage, t, tell } from "./language.js";
import { tellError } from "./refusal.js";
import { keep, recall } from "./settings.js";
import { poemOfLink } from "./share.js";
import { Study } from "./study.js";

const PAGES = ["compose", "check", "study"];

function showPage(name) {
  for (const page of PAGES) byId(`${page}-page`).hidden = page !== name;
  for (const link of document.querySelectorAll("nav [data-page]")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${t(name)} · 唐音`;
  if (name === "study") study.begin();
}

let followed = ""; // the link whose poem was shown last

function follow() {
  const hash = location.hash.slice(1);
  if (hash.startsWith("p=")) {
    showPage("compose");
    // Who comes back to a link by the browser's button finds the poem as it was left.
    if (hash === followed) return;
    followed = hash;
    try { compose.show(poemOfLink(hash.slice(2)), "came-back"); } catch { tell(byId("problem"), "link-broken"); }
  } else if (hash !== "main") showPage(PAGES.includes(hash) ? hash : "compose"); // #main skips the head of any page
}

function speak(name) {
  keep("language", name);
  setLanguage(name);
  const other = byId("language");
  other.textContent = name === "zh" ? "English" : "中文";
  other.lang = name === "zh" ? "en" : "zh-Hant";
  const shown = PAGES.find((page) => !byId(`${page}-page`).hidden) ?? "compose";
  document.title = `${t(shown)} · 唐音`;
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function light(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

light(recall("theme", ""));
const compose = new Compose((text) => { location.hash = "check"; check.check(text); });
const check = new Check((poem) => { followed = ""; compose.show(poem, ""); location.hash = "compose"; });
const study = new Study();
speak(recall("language", navigator.language.startsWith("zh") || !navigator.language ? "zh" : "en"));

byId("language").addEventListener("click", () => speak(language() === "zh" ? "en" : "zh"));
byId("theme").addEventListener("click", () => {
  const shown = document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  const theme = shown === "dark" ? "light" : "dark";
  keep("theme", theme);
  light(theme);
  study.draw();
});
dark.addEventListener("change", () => study.draw());
addEventListener("hashchange", follow);
follow();

ask("models").then((models) => {
  compose.setModels(models);
  check.setModels(models);
  study.setModels(models);
}, (error) => tellError(byId("problem"), error));
