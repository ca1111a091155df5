// Poems as values: lines and marks. Nothing here touches the page.

/** Lines and characters a line of each form, as the server has them. @type {Record<string, [number, number]>} */
export const FORMS = {};
export const BLANK = "□";
/** Characters of a text that the server takes (`web/limits.py`). */
export const MOST = 2000;

const MARKS = "，。？！；：、";
/** @type {Record<string, string>} */
const TYPED = { ",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "：", "、": "，" };
// As in tangyin/verse/punctuation.py; 囗, which some editions print for a missing character, is a blank.
const HANZI = /^[〇\u3400-\u4dbf\u4e00-\u9fff\u{20000}-\u{3ffff}□]$/u;

/** @param {string} line */
export const lengthOf = (line) => [...line].length;

/** @param {string} character */
export const isMark = (character) => MARKS.includes(character);

/**
 * Fill `FORMS`, the longest poems first; forms of any number of lines are none of them.
 * @param {Shape[]} shapes
 */
export function setForms(shapes) {
  for (const { name, lines, characters } of shapes
    .filter((shape) => !shape.most_lines)
    .sort((a, b) => b.lines - a.lines || a.characters - b.characters))
    FORMS[name] = [lines, characters];
}

/**
 * Lines and marks of a text of known shape, as on squared paper: a line ends at a mark or where it is full.
 * The last may be unfinished.
 * @param {string} text
 * @param {number[]} widths
 * @returns {Lines}
 */
export function laid(text, widths) {
  const lines = [""];
  const marks = [""];
  for (const character of text) {
    const line = lines.length - 1;
    const isFull = lengthOf(lines[line]) === (widths[line] ?? widths[widths.length - 1]);
    if (isMark(character)) marks[line] = character;
    else if (isFull || marks[line]) {
      lines.push(character);
      marks.push("");
    } else lines[line] += character;
  }
  return lines[0] ? { lines, marks } : { lines: [], marks: [] };
}

/**
 * The text, with ， and 。 in turn for marks that are missing between lines.
 * @param {Lines} poem
 */
export const textOf = ({ lines, marks }) =>
  lines.map((line, n) => line + (marks[n] || (n < lines.length - 1 ? "，。"[n % 2] : ""))).join("");

/** The title and the author above a poem, each on a row. @param {{ title: string, author?: string }} poem */
export const headed = ({ title, author }) =>
  [title, author]
    .filter(Boolean)
    .map((name) => `${name}\n`)
    .join("");

/**
 * One couplet a row, or one stanza of 詞, as a person writes it down.
 * @param {{ lines: string[], marks?: string[], shape?: FormShape }} poem
 */
export const written = ({ lines, marks = [], shape }) => {
  /** @type {string[]} */
  const rows = [];
  lines.forEach((line, n) => {
    const row = shape?.kind === "詞" ? shape.breaks.filter((first) => first <= n).length : n >> 1;
    rows[row] = (rows[row] ?? "") + line + (marks[n] || "，。"[n % 2]);
  });
  return rows.join("\n");
};

/**
 * The place a number of characters after another; null beyond the poem.
 * @param {number[]} widths characters of each line
 * @param {[number, number]} from
 * @param {number} by
 * @returns {[number, number] | null}
 */
export function placeAfter(widths, [line, at], by) {
  let to = at + by;
  while (line >= 0 && to < 0) to += widths[--line] ?? 0;
  while (line < widths.length && to >= widths[line]) to -= widths[line++];
  return widths[line] === undefined ? null : [line, to];
}

/** The characters and marks of a typed text; marks of half width in full width. @param {string} text */
export const onlyVerse = (text) =>
  [...text.replaceAll("囗", BLANK)]
    .map((c) => TYPED[c] ?? c)
    .filter((c) => HANZI.test(c) || isMark(c))
    .join("");

/**
 * The text in which some lines of a poem are others, and notes, marks and titles are as they were; null
 * if the poem cannot be found.
 * @param {string} text
 * @param {number} from number of the text's row on which the poem begins
 * @param {string[]} lines
 * @param {string[]} others as many, of the same lengths
 */
export function replaceLines(text, from, lines, others) {
  let at = text
    .split("\n")
    .slice(0, from - 1)
    .reduce((sum, row) => sum + row.length + 1, 0);
  let found = text.slice(0, at);
  for (const [n, line] of lines.entries()) {
    const between = [...line].join("([^\\p{Script=Han}]*?)");
    const match = new RegExp(between, "u").exec(text.slice(at));
    if (!match) return null;
    const replaced = [...others[n]].map((character, place) => character + (match[place + 1] ?? "")).join("");
    found += text.slice(at, at + match.index) + replaced;
    at += match.index + match[0].length;
  }
  return found + text.slice(at);
}
