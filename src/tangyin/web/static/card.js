// A poem as a picture: laid out once, then drawn as SVG or on a canvas (PNG).

import { lengthOf } from "./verse.js";

const PAPER = "#faf5ea",
  INK = "#2a2420",
  FAINT = "#665a4e",
  LINE = "#b9a98f",
  HAIR = "#dccfb8",
  SEAL = "#a8301f",
  ON_SEAL = "#fdf6ea";
const FAMILY = "'Noto Serif CJK TC','Noto Serif TC','Source Han Serif TC','Songti TC','PMingLiU','SimSun',serif";

const SIZE = 46,
  STEP = 58,
  COLUMN = 74,
  MARGIN = 76,
  SEAL_SIDE = 64;

/**
 * @typedef {{ kind: "box", x: number, y: number, width: number, height: number, fill?: string, stroke?: string, weight?: number, radius?: number }} Box
 * @typedef {{ kind: "rule", x: number, y: number, length: number, stroke: string }} Rule
 * @typedef {{ kind: "text" | "note", text: string, x: number, y: number, size: number, fill: string, weight?: number }} Label
 * @typedef {{ width: number, height: number, shapes: (Box | Rule | Label)[] }} Card
 */

/**
 * What is to be drawn.
 * @param {Poem} poem
 * @returns {Card}
 */
export function cardOf(poem) {
  const rows = Math.max(...poem.lines.map(lengthOf)) + 1;
  const title = [...(poem.title || "無題")].slice(0, rows + 4);
  const columns = poem.lines.length + 1;
  const height = 2 * MARGIN + rows * STEP + 10;
  const width = 2 * MARGIN + columns * COLUMN + SEAL_SIDE;
  /** @type {Card["shapes"]} */
  const shapes = [
    { kind: "box", x: 0, y: 0, width, height, fill: PAPER },
    { kind: "box", x: 26, y: 26, width: width - 52, height: height - 52, stroke: LINE, weight: 5 },
    { kind: "box", x: 36, y: 36, width: width - 72, height: height - 72, stroke: LINE, weight: 1.2 },
  ];
  /** @type {(character: string, x: number, y: number, size: number, fill: string, weight?: number) => unknown} */
  const text = (character, x, y, size, fill, weight = 500) =>
    shapes.push({ kind: "text", text: character, x, y, size, fill, weight });
  const right = width - MARGIN;
  /** @param {number} column */
  const middle = (column) => right - column * COLUMN - COLUMN / 2;
  const small = Math.min(30, (height - 2 * MARGIN - 40) / (title.length * 1.25));
  for (const [n, character] of title.entries())
    text(character, middle(0), MARGIN + 34 + n * small * 1.25, small, FAINT);
  poem.lines.forEach((line, column) => {
    const x = middle(column + 1);
    shapes.push({ kind: "rule", x: x + COLUMN / 2, y: 44, length: height - 88, stroke: HAIR });
    for (const [n, character] of [...line].entries()) text(character, x, MARGIN + 26 + n * STEP, SIZE, INK);
    if (poem.marks[column]) text(poem.marks[column], x, MARGIN + 16 + lengthOf(line) * STEP, SIZE * 0.6, FAINT);
  });
  shapes.push({ kind: "rule", x: right - columns * COLUMN, y: 44, length: height - 88, stroke: HAIR });
  const side = SEAL_SIDE,
    x = 62,
    y = height - 58 - side * 1.5;
  shapes.push({ kind: "box", x, y, width: side, height: side * 1.5, fill: SEAL, radius: 8 });
  shapes.push({
    kind: "box",
    x: x + 5,
    y: y + 5,
    width: side - 10,
    height: side * 1.5 - 10,
    stroke: ON_SEAL,
    weight: 2,
    radius: 5,
  });
  text("唐", x + side / 2, y + side * 0.42, 36, ON_SEAL, 700);
  text("音", x + side / 2, y + side * 1.06, 36, ON_SEAL, 700);
  const colophon = [poem.model, poem.seed === null || poem.seed === undefined ? "" : `№ ${poem.seed}`]
    .filter(Boolean)
    .join(" · ");
  if (colophon) shapes.push({ kind: "note", text: colophon, x: x + side / 2, y: y - 18, size: 15, fill: FAINT });
  return { width, height, shapes };
}

/** @param {string} text */
export const escaped = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * The card as the text of an SVG file, with attributes and no style sheet.
 * @param {Card} card
 */
export function svgOf({ width, height, shapes }) {
  const drawn = shapes.map((s) => {
    if (s.kind === "box")
      return `<rect x="${s.x}" y="${s.y}" width="${s.width}" height="${s.height}" rx="${s.radius ?? 0}" fill="${s.fill ?? "none"}"${s.stroke ? ` stroke="${s.stroke}" stroke-width="${s.weight}"` : ""}/>`;
    if (s.kind === "rule") return `<path d="M${s.x} ${s.y}v${s.length}" stroke="${s.stroke}" fill="none"/>`;
    const turned =
      s.kind === "note"
        ? ` transform="rotate(90 ${s.x} ${s.y})" text-anchor="end"`
        : ' text-anchor="middle" dominant-baseline="central"';
    return `<text x="${s.x}" y="${s.y}" font-size="${s.size}" font-weight="${s.weight ?? 400}" fill="${s.fill}"${turned}>${escaped(s.text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${FAMILY}">${drawn.join("")}</svg>\n`;
}

/**
 * The card as a PNG, two pixels a unit.
 * @param {Card} card
 * @returns {Promise<Blob | null>}
 */
export function pngOf({ width, height, shapes }) {
  const canvas = document.createElement("canvas");
  canvas.width = 2 * width;
  canvas.height = 2 * height;
  const pen = canvas.getContext("2d");
  if (!pen) return Promise.resolve(null);
  pen.scale(2, 2);
  for (const s of shapes) {
    if (s.kind === "box") {
      pen.fillStyle = s.fill ?? "transparent";
      pen.strokeStyle = s.stroke ?? "transparent";
      pen.lineWidth = s.weight ?? 1;
      pen.beginPath();
      pen.roundRect(s.x, s.y, s.width, s.height, s.radius ?? 0);
      pen.fill();
      if (s.stroke) pen.stroke();
    } else if (s.kind === "rule") {
      pen.strokeStyle = s.stroke;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(s.x, s.y);
      pen.lineTo(s.x, s.y + s.length);
      pen.stroke();
    } else {
      pen.fillStyle = s.fill;
      pen.font = `${s.weight ?? 400} ${s.size}px ${FAMILY}`;
      pen.save();
      pen.translate(s.x, s.y);
      if (s.kind === "note") {
        pen.rotate(Math.PI / 2);
        pen.textAlign = "end";
        pen.textBaseline = "alphabetic";
      } else {
        pen.textAlign = "center";
        pen.textBaseline = "middle";
      }
      pen.fillText(s.text, 0, 0);
      pen.restore();
    }
  }
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
