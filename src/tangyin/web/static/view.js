// What is seen around the sheet: the tools, the verdict, the colophon.

import { byId, make, press } from "./dom.js";
import { inLanguage, showWords, simplified, t } from "./language.js";
import { BLANK, headed, written } from "./verse.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** What can be done with the sheet. @param {Desk} desk */
export function drawTools(desk) {
  const { sheet, settings } = desk;
  const { isBare, isWhole, state } = sheet;
  /** @type {Record<string, boolean>} */
  const disabled = {
    copy: isBare,
    share: isBare,
    print: isBare,
    "to-check": !isWhole,
    undo: !sheet.canUndo,
    redo: !sheet.canRedo,
  };
  for (const [id, is] of Object.entries(disabled)) byId(id, HTMLButtonElement).disabled = is;
  byId("leaf").classList.toggle("across", settings.direction === "across");
  byId("leaf").classList.toggle("show-tones", settings.tones === "yes");
  byId("frame").classList.toggle("empty", isBare);
  const pressed = {
    direction: settings.direction === "across",
    script: settings.script === "simplified",
    tones: settings.tones === "yes",
  };
  for (const [id, is] of Object.entries(pressed)) byId(id).setAttribute("aria-pressed", String(is));
  showWords(
    byId("write"),
    isBare ? "write" : !sheet.isDone ? "complete" : desk.composer.over() ? "rewrite-rest" : "write-another",
  );
  desk.wishes.fit(state);
  for (const button of byId("forms").querySelectorAll("button")) {
    const isMore = button.id === "more-forms";
    if (isMore) button.dataset.form = state.shape ? sheet.form : "";
    const { form } = button.dataset;
    button.textContent = form ? simplified(form) : t("more-forms");
    button.setAttribute("aria-pressed", String(form === sheet.form));
  }
  byId("colophon").textContent = colophonOf(state.made);
}

/** What the checker says of it. @param {Desk} desk */
export function drawVerdict(desk) {
  const report = desk.judge.shown?.report;
  const verdict = byId("verdict");
  byId("findings").replaceChildren(
    ...(report?.faults ?? []).map((fault) =>
      make(
        "li",
        press(inLanguage(fault), () => goTo(desk, fault)),
      ),
    ),
  );
  if (!report || !desk.judge.said) {
    verdict.replaceChildren();
    return;
  }
  const { pattern, open } = desk.judge.said;
  const { faults, rhyme } = report;
  const words = [
    pattern ? t(`pattern_${pattern}`) : simplified(desk.sheet.form),
    rhymeIn(rhyme),
    open && t("open-places", { count: open }),
  ];
  const count = t("faults-count", { count: faults.length });
  verdict.replaceChildren(
    faults.length
      ? press(count, () => goTo(desk, faults[0]), { className: "bad" })
      : make("span.good", t(desk.sheet.isBare ? "begin-anywhere" : open ? "so-far" : "regulated_yes")),
    ` · ${words.filter(Boolean).join(" · ")}`,
  );
}

/** @param {Desk} desk @param {Finding} fault */
function goTo(desk, { line, places }) {
  desk.select([Math.max(0, line - 1), (places[0] ?? 1) - 1]);
  desk.paper.focus(desk.at);
}

/** By which model and seed a poem was made. @param {Made | null} made */
function colophonOf(made) {
  if (made?.seed === undefined || made.seed === null) return "";
  return [made.model, `№ ${made.seed}${made.number ? `·${made.number}` : ""}`].filter(Boolean).join("　");
}

/**
 * The rhyme of a poem, or those of a 詞 that are written; "-" is none.
 * @param {string | string[]} rhyme
 */
function rhymeIn(rhyme) {
  if (Array.isArray(rhyme)) return simplified(rhyme.filter((part) => !part.startsWith("-")).join(" "));
  return rhyme !== "-" && t("rhyme-of", { rhyme: simplified(rhyme) });
}

/**
 * The poem as it is seen, below its names.
 * @param {import("./draft.js").Sheet} sheet
 * @param {string[][]} rows
 * @param {SheetState} names
 */
export function textOfSheet({ poem }, rows, names) {
  const lines = poem.lines.map((_, n) => rows[n].map((c) => c || BLANK).join(""));
  return headed(names) + written({ ...poem, lines });
}
