// Another form for what is on the sheet. What is written is never squeezed into it: a person says where it goes.

import { choose } from "./dialog.js";
import { make } from "./dom.js";
import { blank, inForm } from "./draft.js";
import { simplified, t } from "./language.js";

/**
 * @param {import("./desk.js").Desk} desk
 * @param {string} form
 * @param {FormShape} [shape] of one that is not among `FORMS`
 */
export async function changeForm(desk, form, shape) {
  const { sheet } = desk;
  const { state } = sheet;
  if (form === sheet.form && shape?.widths.length === state.shape?.widths.length) return;
  if (sheet.isBare) {
    const { title, author } = state;
    desk.put({ ...blank(form, shape), title, author });
  } else {
    const kept = inForm(state, form, shape);
    const said = make("p", t(kept ? "form-change" : "form-change-nothing"));
    const ways = kept ? ["form-new", "form-keep"] : ["form-new"];
    const chosen = await choose(t("form-heading", { form: simplified(form) }), [said], ways);
    if (!chosen || desk.sheet !== sheet) return;
    if (chosen === "form-keep" && kept) desk.put(kept);
    else desk.begin(blank(form, shape));
  }
  desk.select([0, 0]);
}
