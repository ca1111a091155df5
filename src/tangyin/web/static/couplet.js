// 對聯: answers to an upper line, in the dialog of the forms.

import { ask } from "./api.js";
import { copied, make, press } from "./dom.js";
import { showWords, t } from "./language.js";
import { showError } from "./refusal.js";
import { inScript } from "./script.js";

const EXAMPLE = "一徑竹陰雲滿地";

/** @type {(key: string) => string} */
const say = (key) => t(`forms-${key}`);

let typed = ""; // stays when the dialog is closed
let seed = 0;

/**
 * @param {import("./desk.js").Desk} desk
 * @param {() => void} leave closes the dialog
 */
export function coupletForm(desk, leave) {
  const upper = make("input", {
    id: "upper-line",
    value: typed,
    maxLength: 40,
    lang: "zh-Hant",
    autocomplete: "off",
    placeholder: EXAMPLE,
  });
  const answers = make("ul.plain-list", { id: "answers", lang: "zh-Hant" });
  const said = make("p.status", { role: "status" });
  const problem = make("p.problem", { role: "alert" });
  const button = make("button.primary", { type: "submit" }, say("answer"));

  /** @param {Answer} one @param {string} shown */
  const row = (one, shown) => {
    const check = () => {
      leave();
      desk.onCheck(one.text);
    };
    const copy = async () => {
      said.textContent = t(await copied(shown));
    };
    return make("li.answer", make("span", shown), " ", press(say("check"), check), " ", press(say("copy"), copy));
  };

  const answer = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (typed !== upper.value) seed = 0;
    typed = upper.value;
    showWords(problem, "");
    said.textContent = say("answering");
    try {
      const model = desk.wishes.models.find(({ kinds }) => kinds.length)?.name;
      /** @type {Answer[]} */
      const found = await ask("couplet", { upper: typed || EXAMPLE, seed, model });
      seed += 1;
      const shown = await Promise.all(found.map(({ text }) => inScript(text, desk.settings.script)));
      answers.replaceChildren(...found.map((one, n) => row(one, shown[n])));
      button.textContent = say("again");
      said.textContent = "";
      answers.scrollIntoView({ block: "nearest" });
    } catch (error) {
      said.textContent = "";
      showError(problem, error);
    }
  };
  const field = make("label.field", make("span", say("upper")), upper);
  return make(
    "form",
    { id: "couplet", on: { submit: answer } },
    field,
    make("div.actions", button),
    problem,
    said,
    answers,
  );
}
