// The card that the page's share button draws, of a poem from the command line:
//
//     tangyin write --form 七絕 --title 渡江 --seed 4 --format jsonl | node scripts/draw_card.js > docs/images/card.svg

import { readFileSync } from "node:fs";

import { cardOf, svgOf } from "../src/tangyin/web/static/card.js";

const poem = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(svgOf(cardOf({ ...poem, marks: [...poem.text].filter((c) => "，。？！；：".includes(c)) })));
