// Poems as values: lines and marks. Nothing here touches the page.

export const FORMS = { 五絕: [4, 5], 七絕: [4, 7], 五律: [8, 5], 七律: [8, 7] };
export const RHYMES = "東冬江支微魚虞齊佳灰真文元寒刪先蕭肴豪歌麻陽庚青蒸尤侵覃鹽咸";
export const PATTERNS = ["平起首句不入韻", "平起首句入韻", "仄起首句不入韻", "仄起首句入韻"];
export const BLANK = "□";

const MARKS = "，。？！；：";
const HANZI = /^[\u3400-\u9fff□]$/;

export const isMark = (character) => MARKS.includes(character);

/** The first character of a text that stands in no verse, and is no white space. */
export const stranger = (text) => [...text].find((c) => !HANZI.test(c) && !isMark(c) && /\S/.test(c));

/** Lines and marks of a text: unfinished lines have "" for a mark, and □ is a character. */
export function parse(text) {
  const lines = [], marks = [];
  let line = "";
  for (const character of text) {
    if (isMark(character) || character === "\n") {
      if (line) { lines.push(line); marks.push(isMark(character) ? character : ""); }
      else if (isMark(character) && lines.length && !marks.at(-1)) marks[marks.length - 1] = character;
      line = "";
    } else if (HANZI.test(character)) line += character;
  }
  if (line) { lines.push(line); marks.push(""); }
  return { lines, marks };
}

/** The text, with ， and 。 in turn for marks that are missing between lines. */
export const textOf = ({ lines, marks }) =>
  lines.map((line, n) => line + (marks[n] || (n < lines.length - 1 ? "，。"[n % 2] : ""))).join("");

/** One couplet a row, as a person writes it down. */
export const written = (poem) => {
  const rows = [];
  poem.lines.forEach((line, n) => { rows[n >> 1] = (rows[n >> 1] ?? "") + line + (poem.marks[n] || "，。"[n % 2]); });
  return rows.join("\n");
};

/** Whether a poem has all its characters. */
export function isWhole({ form, lines }) {
  const [count, width] = FORMS[form] ?? [0, 0];
  return lines.length === count && lines.every((line) => line.length === width && !line.includes(BLANK));
}

/** The text up to and with a place; both are counted from 0. */
export function textUpTo(poem, line, at) {
  const lines = [...poem.lines.slice(0, line), poem.lines[line].slice(0, at + 1)];
  const ended = at + 1 === poem.lines[line].length;
  return textOf({ lines, marks: [...poem.marks.slice(0, line), ended ? poem.marks[line] : ""] });
}

/** The poem with another text; what was true of the old text alone is dropped. */
export const withText = (poem, text) => ({ ...poem, ...parse(text), prosody: null, changed: true });

export function replaceCharacter(poem, line, at, character) {
  const lines = [...poem.lines];
  lines[line] = lines[line].slice(0, at) + character + lines[line].slice(at + 1);
  return { ...poem, lines, prosody: null, changed: true };
}
