// A poem as a link and as a picture.

import { cardOf, escaped, pngOf, svgOf } from "./card.js";
import { byId, copied, press, saveFile } from "./dom.js";
import { blank, soundShape } from "./draft.js";
import { showWords, t } from "./language.js";
import { FORMS, headed, laid, lengthOf, onlyVerse, textOf, written } from "./verse.js";

const VERSION = 1;
const link = byId("link", HTMLInputElement);

/** @param {string} text */
const encode = (text) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
/** @param {string} text */
const decode = (text) =>
  new TextDecoder("utf-8", { fatal: true }).decode(
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0)),
  );

/**
 * The link to a poem: all of it is in the fragment, which no server sees.
 * @param {Poem} poem
 */
export function linkOf(poem) {
  const { form, title, author, model, rule, seed, number, options, changed, shape } = poem;
  const value = {
    v: VERSION,
    text: textOf(poem),
    form,
    title,
    author,
    model,
    rule,
    seed,
    number,
    options,
    changed,
    shape,
  };
  return `${location.origin}${location.pathname}#p=${encode(JSON.stringify(value))}`;
}

/**
 * The poem of a link's fragment.
 * @param {string} fragment
 * @returns {Poem}
 * @throws {Error} it is not such a fragment
 */
export function poemOfLink(fragment) {
  const value = JSON.parse(decode(fragment));
  const shape = FORMS[value.form] ? undefined : soundShape(value.shape);
  const { rows } = blank(value.form, shape);
  const { lines, marks } = laid(
    onlyVerse(String(value.text)),
    rows.map((row) => row.length),
  );
  if (
    value.v !== VERSION ||
    !lines.length ||
    lines.length > rows.length ||
    lines.some((line, n) => lengthOf(line) > rows[n].length)
  )
    throw new Error("no poem");
  /** @type {(name: string, longest: number) => string} */
  const text = (name, longest) => String(value[name] ?? "").slice(0, longest);
  /** @param {string} name */
  const whole = (name) => (Number.isSafeInteger(value[name]) ? value[name] : null);
  return {
    lines,
    marks,
    ...(shape ? { shape } : {}),
    form: text("form", 20),
    title: text("title", 60),
    author: text("author", 60),
    model: text("model", 60),
    rule: text("rule", 20),
    seed: whole("seed"),
    number: whole("number") ?? 0,
    changed: value.changed === true,
    options: value.options !== null && typeof value.options === "object" ? value.options : {},
  };
}

/** @type {Poem | undefined} the poem in the dialog, in the script that is shown */
let shared;

/**
 * Open the dialog that shares a poem.
 * @param {Poem} poem the poem, for the link
 * @param {Poem} shown the same in the script that is shown, for the picture
 */
export function openSharing(poem, shown) {
  shared = shown;
  link.value = linkOf(poem);
  showWords(byId("sharing-status"), "");
  const picture = new DOMParser().parseFromString(svgOf(cardOf(shown)), "image/svg+xml").documentElement;
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", t("card-label", { text: textOf(shown) }));
  byId("card").replaceChildren(picture);
  byId("sharing", HTMLDialogElement).showModal();
}

/** A file of a poem, by its ending. @type {Record<string, (poem: Poem) => Promise<Blob | null>>} */
const FILES = {
  txt: async (poem) => text(`${headed(poem)}${written(poem)}\n`, "text/plain"),
  md: async (poem) =>
    text(
      `# ${poem.title || t("untitled")}\n\n${poem.author ? `${poem.author}\n\n` : ""}${written(poem).replaceAll("\n", "  \n")}\n`,
      "text/markdown",
    ),
  html: async (poem) => text(pageOf(poem), "text/html"),
  json: async (poem) => text(`${JSON.stringify({ ...poem, text: textOf(poem) }, null, 2)}\n`, "application/json"),
  png: (poem) => pngOf(cardOf(poem)),
  svg: async (poem) => text(svgOf(cardOf(poem)), "image/svg+xml"),
};

/** @param {string} content @param {string} type */
const text = (content, type) => new Blob([content], { type: `${type};charset=utf-8` });

/** A page with the poem that needs nothing else. @param {Poem} poem */
const pageOf = (poem) => `<!doctype html>
<html lang="zh-Hant"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(poem.title || poem.lines[0])}</title>
<body>
<h1 hidden>${escaped(poem.title || t("untitled"))}</h1>
${svgOf(cardOf(poem))}
<pre>${escaped(headed(poem) + written(poem))}</pre>
</body></html>
`;

/** @param {string} kind */
async function save(kind) {
  const blob = shared && (await FILES[kind](shared));
  if (!shared || !blob) return;
  saveFile(blob, `${shared.title || shared.lines[0]}.${kind}`);
}

byId("copy-link").addEventListener("click", async () => {
  link.select();
  showWords(byId("sharing-status"), await copied(link.value));
});
byId("link-local").hidden = !/^(localhost|127\.|\[::1\])/.test(location.hostname);
for (const kind of Object.keys(FILES)) {
  byId("exports").append(
    press({ txt: "TXT", md: "Markdown", html: "HTML", json: "JSON", png: "PNG", svg: "SVG" }[kind], () => save(kind), {
      data: { kind },
    }),
  );
}
