// A poem as a link and as a picture.

import { byId } from "./dom.js";
import { cardOf, pngOf, svgOf } from "./card.js";
import { copied } from "./clipboard.js";
import { t, tell } from "./language.js";
import { FORMS, parse, textOf } from "./verse.js";

const VERSION = 1;

const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const decode = (text) => new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0)));

/** The link that brings a poem back: all of it stands in the fragment, which no server sees. */
export function linkOf(poem) {
  const { form, title, model, rule, seed, number, options, changed } = poem;
  const value = { v: VERSION, text: textOf(poem), form, title, model, rule, seed, number, options, changed };
  return `${location.origin}${location.pathname}#p=${encode(JSON.stringify(value))}`;
}

/**
 * The poem of a link's fragment.
 * @throws when it is no such fragment.
 */
export function poemOfLink(fragment) {
  const value = JSON.parse(decode(fragment));
  const { lines, marks } = parse(String(value.text));
  const [count, width] = FORMS[value.form];
  if (value.v !== VERSION || !lines.length || lines.length > count || lines.some((line) => line.length > width)) throw new Error("no poem");
  const text = (name, longest) => String(value[name] ?? "").slice(0, longest);
  const whole = (name) => (Number.isSafeInteger(value[name]) ? value[name] : null);
  return {
    lines, marks, form: value.form, title: text("title", 60), model: text("model", 60), rule: text("rule", 20),
    seed: whole("seed"), number: whole("number") ?? 0, prosody: null, changed: value.changed === true,
    options: value.options !== null && typeof value.options === "object" ? value.options : {},
  };
}

let shared = null;

/**
 * Open the dialog that shares a poem.
 * @param poem the poem, which the link holds.
 * @param shown the same in the script that is read, which the picture shows.
 */
export function openSharing(poem, shown) {
  shared = shown;
  byId("link").value = linkOf(poem);
  tell(byId("sharing-status"), "");
  const picture = new DOMParser().parseFromString(svgOf(cardOf(shown)), "image/svg+xml").documentElement;
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", t("card-label", { text: textOf(shown) }));
  byId("card").replaceChildren(picture);
  byId("sharing").showModal();
}

function save(blob, kind) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${shared.title || shared.lines[0]}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

byId("copy-link").addEventListener("click", async () => {
  byId("link").select();
  tell(byId("sharing-status"), await copied(byId("link").value));
});
byId("save-png").addEventListener("click", async () => save(await pngOf(cardOf(shared)), "png"));
byId("save-svg").addEventListener("click", () => save(new Blob([svgOf(cardOf(shared))], { type: "image/svg+xml" }), "svg"));
