// The lines of a checked poem, with tones, patterns, readings and antithesis.

import { make, press } from "./dom.js";
import { inLanguage, percent, t } from "./language.js";

/** @type {Record<string, string>} tone signs; the second for a character with two readings */
const SIGNS = { P: "○◎", Z: "●◉" };

/** @type {Record<string, string>} tones of the last five characters of a line of each type */
const TYPES = { a: "ZZPPZ", A: "ZZZPP", b: "PPPZZ", B: "PPZZP" };

/** Mean antithesis of two random lines and of couplets 2 and 3 in the corpus (docs/prosody.md). */
const RANDOM = -0.29,
  POETS = 0.32;
const LEAST = -0.6,
  MOST = 0.8; // the ends of the scale

/** @param {string} tones */
const spoken = (tones) => [...tones].map((tone) => (tone === "P" ? "平" : tone === "Z" ? "仄" : "－")).join("");
/** @param {string} tones */
export const signs = (tones) => [...tones].map((tone) => SIGNS[tone][0]).join("");

/**
 * The tones of a type in lines of five or seven.
 * @param {string} type
 * @param {number} characters
 */
function base(type, characters) {
  const core = TYPES[type];
  const ahead = [...core]
    .slice(0, 2)
    .map((tone) => (tone === "P" ? "Z" : "P"))
    .join("");
  return (characters === 7 ? ahead : "") + core;
}

/** What the signs and letters mean. */
export function legend() {
  const rows = [
    ["○", t("level")],
    ["●", t("oblique")],
    ["◎ ◉", t("legend-two")],
    ["韻", t("legend-foot")],
    ["｜", t("legend-pair")],
    ...Object.entries(TYPES).map(([type, tones]) => [type, `${signs(tones)}　${t(`type_${type}`)}`]),
    ["?", t("type_?")],
  ];
  return make(
    "details.legend",
    make("summary", t("legend")),
    make("dl", ...rows.flatMap(([sign, words]) => [make("dt", sign), make("dd", words)])),
  );
}

/**
 * Two lines, one below the other, with characters in antithesis joined.
 * @param {PoemReport} report
 * @param {number} line
 */
export function couplet(report, line) {
  const pairs = report.couplets.find(({ lines }) => lines[0] === line + 1);
  const opened = make("p.opened", { role: "status" });
  const rows = [lineOf(report, line, opened)];
  if (line + 1 < report.lines.length) {
    const ties = [...report.lines[line]].map((_, at) => {
      const pair = pairs?.pairs.find(({ place, reason }) => place === at + 1 && reason);
      const tie = make("span", { className: pair ? "tie joined" : "tie" });
      if (pair) {
        tie.title = reasonOf(pair);
        tie.style.opacity = String(Math.min(1, Math.max(0.35, pair.score ?? 0)));
      }
      return tie;
    });
    rows.push(make("div.ties", { aria: { hidden: true } }, ...ties), lineOf(report, line + 1, opened));
  }
  return make("div.couplet", ...rows, opened, pairs && antithesis(pairs));
}

/** @param {CoupletPair} pair */
const reasonOf = (pair) => `${pair.upper}–${pair.lower} ${inLanguage(pair)}`;

/** @param {Couplet} couplet */
function antithesis({ lines: [a, b], expected, score, pairs }) {
  const reasons = pairs.filter(({ reason }) => reason).map(reasonOf);
  if (score === null || !(expected || reasons.length)) return null;
  /** @param {number} value */
  const at = (value) => `${(100 * (Math.min(MOST, Math.max(LEAST, value)) - LEAST)) / (MOST - LEAST)}%`;
  /** @type {(name: string, value: number) => HTMLElement} */
  const mark = (name, value) => {
    const found = make("i", { className: name });
    found.style.insetInlineStart = at(value);
    return found;
  };
  const words = t("couplet", { a, b, score: score.toFixed(2), poets: POETS, random: RANDOM });
  const joined = reasons.join("　");
  return make(
    "div",
    { className: expected ? "antithesis expected" : "antithesis" },
    make(
      "p",
      make("span", { lang: document.documentElement.lang }, `${words}${expected ? `　${t("expected")}` : ""}`),
      joined ? `　${joined}` : "",
    ),
    make(
      "div.scale-of-antithesis",
      { aria: { hidden: true } },
      mark("random", RANDOM),
      mark("poets", POETS),
      mark("score", score),
    ),
  );
}

/**
 * @param {PoemReport} report
 * @param {number} n
 * @param {HTMLElement} opened where readings are shown
 */
function lineOf(report, n, opened) {
  const line = report.lines[n],
    tones = report.tones[n],
    type = report.line_types[n],
    nearest = report.nearest[n];
  /** @param {Finding[]} findings */
  const places = (findings) => new Set(findings.filter((f) => f.line === n + 1).flatMap((f) => f.places));
  const faulty = places(report.faults),
    licensed = places(report.licences);
  const culprit = report.faults.some((fault) => fault.culprit === n + 1);
  const foot = n % 2 === 1 || (n === 0 && report.first_line !== "不入韻");
  const pattern = nearest in TYPES ? base(nearest, line.length) : "";
  const cells = [...line].map((character, at) => {
    const place = at + 1;
    const chosen = report.readings.find((r) => r.line === n + 1 && r.place === place);
    const kind = [
      "cell",
      faulty.has(place) ? "faulty" : licensed.has(place) && "licensed",
      foot && place === line.length && "rhymes",
    ]
      .filter(Boolean)
      .join(" ");
    const parts = [
      make("span.glyph", character),
      make("span.sign", SIGNS[tones[at]][chosen ? 1 : 0]),
      pattern &&
        make("span", { className: pattern[at] === tones[at] ? "wanted" : "wanted other" }, SIGNS[pattern[at]][0]),
    ];
    if (!chosen) return make("span", { className: kind, aria: { hidden: true } }, ...parts);
    const click = () => {
      opened.textContent = readings(report, chosen);
    };
    return press([...parts], click, { className: kind, aria: { label: t("two-readings", { character }) } });
  });
  const words = `${t("line-said", { n: n + 1 })} ${line} ${spoken(tones)} ${t(`type_${type}`)}${culprit ? ` ${t("culprit")}` : ""}`;
  return make(
    "div",
    { className: culprit ? "judged culprit" : "judged" },
    make("p.said", words),
    make("div.cells", ...cells),
    make(
      "span.type",
      { aria: { hidden: true }, title: t(`type_${type}`) },
      type === "?" ? `? ${nearest}` : type,
      culprit && make("small", t("culprit")),
    ),
  );
}

/**
 * All readings of a character at a place where verse allows both tones.
 * @param {PoemReport} report
 * @param {{ character: string, tone: string, share: number }} chosen
 */
function readings(report, { character, tone, share }) {
  const all = report.ways[character].map((way) =>
    t("one-reading", { tone: t(`tone-name_${way.tone}`), rhyme: way.rhyme, share: percent(way.share) }),
  );
  return t("readings-of", {
    character,
    all: all.join(t("comma")),
    tone: t(tone === "平" ? "level" : "oblique"),
    sure: percent(share),
  });
}
