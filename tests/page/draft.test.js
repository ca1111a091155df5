// The draft without a page: locks hold, every step can be undone, and what is saved is what was there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { blank, inForm, Sheet, stateOf } from "../../src/tangyin/web/static/draft.js";
import { setForms } from "../../src/tangyin/web/static/verse.js";

const shape = (name, lines, characters) => ({ name, lines, characters, most_lines: 0 });
setForms([shape("五律", 8, 5), shape("七律", 8, 7), shape("五絕", 4, 5), shape("七絕", 4, 7)]);
const LYRIC = { kind: "詞", regulated: true, widths: [7, 7, 7, 7, 7, 7], marks: [..."，。。，。。"], breaks: [3] };
const FORMS = ["五律", "七律", "五絕", "七絕"];
const TEXT = [..."國破山河在城春草木深感時花濺淚恨別鳥驚心烽火連三月家書抵萬金白頭搔更短渾欲不勝簪"];

/** Random numbers that are the same in every run (mulberry32). */
function randomOf(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const copy = (value) => JSON.parse(JSON.stringify(value));

/** Everything that is done to a sheet, at random. */
function actionsOn(random) {
  const text = (most) =>
    Array.from({ length: 1 + random(most) }, () => [...TEXT, "□", "，", "？"][random(TEXT.length + 3)]).join("");
  const line = (sheet) => random(sheet.length);
  const place = (sheet) => {
    const at = line(sheet);
    return [at, random(sheet.widths[at])];
  };
  const lines = (sheet) => sheet.widths.map((width) => text(width).replaceAll(/[，？]/g, "□"));
  const form = () => (random(5) ? [FORMS[random(4)]] : ["浣溪沙", LYRIC]);
  return {
    write: (sheet) => sheet.write(place(sheet), text(12)),
    candidate: (sheet) => sheet.write(place(sheet), text(2)),
    erase: (sheet) => sheet.erase(place(sheet)),
    complete: (sheet) =>
      sheet.fill(lines(sheet), { marks: [..."，。？！，。，。"], made: { model: "m", seed: random(99) } }),
    rewrite: (sheet) => sheet.fill(lines(sheet), { over: [line(sheet), line(sheet)] }),
    another: (sheet) => sheet.fill(lines(sheet), { over: [...sheet.rows.keys()], title: text(4) }),
    title: (sheet) => sheet.name("title", text(4)),
    author: (sheet) => sheet.name("author", text(3)),
    lock: (sheet) => sheet.lock(line(sheet)),
    paste: (sheet) => {
      const [name, lyric] = form();
      const poem = {
        form: name,
        shape: lyric,
        title: text(3),
        author: "",
        lines: Array.from({ length: 8 }, () => text(7)),
        marks: [],
        seed: null,
      };
      sheet.replace(stateOf(poem));
    },
    form: (sheet) => {
      const kept = inForm(sheet.state, ...form());
      if (kept) sheet.replace(kept);
    },
    empty: (sheet) => sheet.replace(blank(...form())),
    undo: (sheet) => sheet.undo(),
    redo: (sheet) => sheet.redo(),
  };
}

/** How many lines were locked before an action; each is as it was. */
function lockedSince(before, { rows, marks, locked }, name) {
  const lines = [...before.locked.keys()].filter((line) => before.locked[line]);
  for (const line of lines) {
    assert.deepEqual(rows[line], before.rows[line], `${name} changed locked line ${line}`);
    assert.equal(marks[line], before.marks[line]);
    if (name !== "lock") assert.ok(locked[line], `${name} unlocked line ${line}`);
  }
  return lines.length;
}

/** Go back to the start and forth again: every state is as it was. */
function turnBack(sheet, start) {
  const shown = [copy(sheet.state)];
  while (sheet.canUndo) {
    sheet.undo();
    shown.push(copy(sheet.state));
  }
  assert.deepEqual(sheet.state, start);
  for (const state of shown.slice(0, -1).reverse()) {
    sheet.redo();
    assert.deepEqual(copy(sheet.state), state);
  }
}

test("10,000 random actions change no locked line, and undo restores the start", () => {
  const random = randomOf(33);
  const actions = actionsOn(random);
  const names = Object.keys(actions);
  const start = blank("五律");
  let sheet = new Sheet(start, () => {});
  let locked = 0;
  for (let n = 0; n < 10_000; n += 1) {
    const before = copy(sheet.state);
    const name = names[random(names.length)];
    actions[name](sheet);
    const { state } = sheet;
    const widths = state.shape?.widths ?? blank(state.form).rows.map((row) => row.length);
    assert.deepEqual([sheet.widths, state.marks.length, state.locked.length], [widths, widths.length, widths.length]);
    if (name !== "undo" && name !== "redo") locked += lockedSince(before, state, name);
    if (n % 10 === 0) {
      const saved = copy(sheet.kept);
      assert.deepEqual(new Sheet(saved.states[0], () => {}, saved).state, copy(state)); // as after a reload
    }
    if (n % 500 === 499) {
      turnBack(sheet, start);
      sheet = new Sheet(start, () => {});
    }
  }
  assert.ok(locked > 1000);
});

test("one step back restores exactly what a paste replaced", () => {
  const random = randomOf(7);
  const { write, title, lock, paste } = actionsOn(random);
  for (let n = 0; n < 200; n += 1) {
    const sheet = new Sheet(blank(FORMS[random(4)]), () => {});
    for (const act of [write, title, write]) act(sheet);
    if (random(2)) lock(sheet);
    const before = copy(sheet.state);
    paste(sheet);
    if (JSON.stringify(sheet.state) !== JSON.stringify(before)) sheet.undo();
    assert.deepEqual(copy(sheet.state), before);
  }
});

test("a poem goes into another form line by line, or not at all", () => {
  const five = stateOf({
    form: "五律",
    title: "春望",
    author: "杜甫",
    lines: ["國破山河在", "城春草木深"],
    marks: [],
    seed: null,
  });
  assert.equal(inForm(five, "七律"), null);
  const four = inForm(five, "五絕");
  assert.deepEqual(four?.rows.slice(0, 2), five.rows.slice(0, 2));
  assert.equal(four?.author, "杜甫");
  five.locked[5] = true;
  assert.equal(inForm(five, "五絕"), null); // it has no sixth line
});

test("what is typed flows past a locked line, and a locked line takes nothing", () => {
  const sheet = new Sheet(blank("五絕"), () => {});
  sheet.write([1, 0], "城春草木深");
  sheet.lock(1);
  assert.deepEqual(sheet.write([0, 3], "河在感"), { next: [2, 1], left: 0 });
  assert.deepEqual(sheet.rows.slice(0, 3), ["□□□河在", "城春草木深", "感□□□□"]);
  assert.deepEqual(sheet.write([1, 2], "花，"), { next: [1, 2], left: 1 });
  assert.equal(sheet.rows[1], "城春草木深");
});

test("a name is one step, however many letters it has, and nothing typed after an undo is lost", () => {
  const sheet = new Sheet(blank("五絕"), () => {});
  for (const title of ["春", "春望"]) sheet.name("title", title);
  for (const author of ["杜", "杜甫"]) sheet.name("author", author);
  sheet.undo();
  assert.deepEqual([sheet.state.title, sheet.state.author], ["春望", ""]);
  sheet.undo();
  assert.equal(sheet.state.title, "");
  assert.ok(!sheet.canUndo);
});
