// Texts as values: lines of a shape, scripts, and fixes that leave the rest of a text alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  headed,
  laid,
  onlyVerse,
  placeAfter,
  replaceLines,
  setForms,
  textOf,
  written,
} from "../../src/tangyin/web/static/verse.js";

setForms([{ name: "五絕", lines: 4, characters: 5, most_lines: 0 }]);

test("a text of known shape is laid out, finished or not", () => {
  const widths = [5, 5, 5, 5];
  assert.deepEqual(laid("國破山河在，城春", widths), { lines: ["國破山河在", "城春"], marks: ["，", ""] });
  assert.deepEqual(laid("國破山河在城春草木深。", widths).lines, ["國破山河在", "城春草木深"]);
  assert.deepEqual(laid("", widths), { lines: [], marks: [] });
  assert.deepEqual(laid("國破，城春草木深", widths).lines, ["國破", "城春草木深"]);
});

test("title and author are copied above the poem", () => {
  const poem = { title: "春望", author: "杜甫", lines: ["國破山河在", "城春草木深"], marks: ["，", "。"] };
  assert.equal(headed(poem) + written(poem), "春望\n杜甫\n國破山河在，城春草木深。");
  assert.equal(headed({ title: "", author: "" }), "");
  assert.equal(textOf(poem), "國破山河在，城春草木深。");
});

test("typed marks are full width, and what is no verse is left out", () => {
  assert.equal(onlyVerse("國 a破,囗.\n𠀀"), "國破，□。𠀀");
});

test("a place is so many characters after another", () => {
  assert.deepEqual(placeAfter([5, 7], [0, 4], 1), [1, 0]);
  assert.deepEqual(placeAfter([5, 7], [1, 0], -1), [0, 4]);
  assert.equal(placeAfter([5, 7], [1, 6], 1), null);
});

test("a fix leaves notes and titles of a text as they are", () => {
  const text = "春望\n國破[1]山河在，城春草木深。";
  assert.equal(replaceLines(text, 1, ["國破山河在"], ["國破江山在"]), "春望\n國破[1]江山在，城春草木深。");
  assert.equal(replaceLines(text, 1, ["花落知多少"], ["花落知何處"]), null);
});
