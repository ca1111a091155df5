"""Blind readings: a sheet of poems for readers, and what their marks say.

    python scripts/reading.py sheet NAME --seed 1 --way default --way cool:temperature=0.6
    python scripts/reading.py page NAME
    python scripts/reading.py count NAME

`sheet` draws titles of unseen 五律 by lesser-known poets, writes a poem on each title in every way,
and stores `sheet.txt`, which readers see, and `key.json`, which they do not, in
docs/results/reading/NAME. A way is a name with options of `tangyin write`, such as
`cool:temperature=0.6,guidance=1`. With `--openings` the sheet shows no titles; the poems begin with
the first character of the real one, and the mark for the title says whether a poem keeps to one
situation. `--later` takes titles and forms of Yuan, Ming and Qing poems and shows no real poem, for
marks that a judge is trained on; a way with `poems=3` writes three poems a title.

A reader, a person or a language model that sees the sheet alone, writes `marks-READER.tsv`: number
of the title, letter, sense, title, language (1 to 5), and 1 for a poem that was recognised; for a
`--later` sheet also the number of the worst couplet and its fault. `page` makes of a sheet
docs/reading-sheet.html, on which people mark it in a browser. `count` prints means with 95 %
intervals over titles (bootstrap), the mean place, the share of poems that keep the rules,
distinct-2, agreement between readers, and how often the real poem was preferred where nobody knew
it.
"""

import argparse
import json
import lzma
import string
from collections import Counter, defaultdict
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from shared import DOCS, RESULTS, parser
from tangyin.api import Writer, load
from tangyin.corpus import DEV, TEST, load_corpus
from tangyin.files import make_folder, write_whole
from tangyin.metre import check_poem
from tangyin.model import DEFAULT
from tangyin.studies.diversity import distinct, lines_of
from tangyin.verse import title_characters, to_traditional
from tangyin.verse.script import corpus_spelling

HOME = RESULTS / "reading"
FORM, REAL = "五律", "real"
ASPECTS = ("sense", "title", "language")
LATER = str(Path(__file__).parents[2] / "shared/data/later_verse.tsv.xz")
FOUR_FORMS = ("五律", "七律", "五絕", "七絕")
FAMOUS = 60
"""Poets with more poems than this in the corpus's Tang 五律 may be known to a reader."""

ON_TITLES = "is this a poem on its title?"
ON_OPENINGS = "does the poem keep to one situation, so that it could have a title?"

INSTRUCTIONS = """# Reading {name}

{titles} {items}, {letters} {form} on each. Read each poem as a reader of classical verse would.
Mark from 1 (worst) to 5 (best):

- **sense**: do the lines say something that can be paraphrased, in one situation, to an end?
- **title**: {question}
- **language**: are these words and phrases that classical verse has?

Write one row per poem to your file, tab-separated, with nothing else: number of the title, letter,
sense, title, language, known (1 if you recognise the poem, otherwise 0){more}. A mark is a whole
number. Use the whole scale.
"""

WORST = """, the
number of the worst couplet (1 is the first; 0 if none is worse than the others), and its fault:
tautology, drift, off-title, impossible, ungrammatical, stock or none"""


def read_way(text: str) -> tuple[str, dict[str, Any]]:
    """A way of writing as typed: its name and options."""
    name, _, options = text.partition(":")
    pairs = (pair.partition("=") for pair in options.split(",") if pair)
    return name, {key: json.loads(value) for key, _, value in pairs}


def titled(count: int, seed: int, used: set[str], wanted: str = DEV) -> list[tuple[str, str]]:
    """Titles and texts of unseen poems by lesser-known poets, none of them `used`."""
    tang = load_corpus().select(dynasties=["tang"], forms=[FORM])
    poems_of = Counter(tang.author)
    rows = zip(tang.part, tang.title, tang.author, tang.text, strict=True)
    found = {
        title: text
        for part, title, author, text in rows
        if part == wanted and poems_of[author] <= FAMOUS and 2 <= len(title_characters(title)) <= 12
        if title == title_characters(title) and "其" not in title and title not in used
    }
    drawn = np.random.default_rng(seed).permutation(sorted(found))[:count]
    return [(title, found[title]) for title in map(str, drawn)]


def later_titles(count: int, seed: int, used: set[str]) -> list[tuple[str, str]]:
    """Titles and forms of regulated poems of Yuan, Ming and Qing."""
    found = {}
    with lzma.open(LATER, mode="rt", encoding="utf-8") as file:
        for line in file:
            dynasty, form, _, title, _ = line.split("\t")
            if dynasty in "元明清" and form in FOUR_FORMS and 2 <= len(title) <= 10:
                spelt = corpus_spelling(to_traditional(title))
                if title_characters(spelt) == spelt and "其" not in spelt and spelt not in used:
                    found[spelt] = form
    drawn = np.random.default_rng(seed).permutation(sorted(found))[:count]
    return [(title, found[title]) for title in map(str, drawn)]


def poems_on(writer: Writer, form: str, seed: int, asked: dict[str, Any], ways: Any) -> Any:
    """The poems of each way, by its name and, where there are several, their number."""
    texts = {}
    for name, way in ways.items():
        options = asked | way
        written = writer.write_many(form=form, seed=seed, count=options.pop("poems", 1), **options)
        for number, poem in enumerate(written, 1):
            own = name if way.get("poems", 1) == 1 else f"{name} {number}"
            texts[own] = poem.text.replace("\n", "")
    return texts


def make_sheet(options: argparse.Namespace) -> None:
    """Write the poems, the sheet and its key."""
    writer, ways = load(options.model), dict(map(read_way, options.way))
    earlier = [key for key in map(_json, HOME.rglob("key.json")) if not key.get("openings")]
    used = {item["title"] for key in earlier for item in key["titles"]}  # that readers have seen
    random = np.random.default_rng(options.seed)
    titles, sheet = [], []
    drawn = partial(titled, wanted=options.part)
    found = (later_titles if options.later else drawn)(options.titles, options.seed, used)
    for number, (title, real) in enumerate(found, 1):
        form = real if options.later else FORM
        asked = {"start": real[0]} if options.openings else {"title": title}
        texts = {} if options.later else {REAL: real}
        texts |= poems_on(writer, form, options.seed + number, asked, ways)
        order = [str(name) for name in random.permutation(sorted(texts))]
        letters = dict(zip(string.ascii_uppercase, order, strict=False))
        titles.append({"title": title, "form": form, "letters": letters, "texts": texts})
        sheet.append(f"\n## {number}. {real[0] if options.openings else title}\n")
        sheet += [f"{letter}. {texts[way]}\n" for letter, way in letters.items()]
        print(number, title, flush=True)
    folder = HOME / options.name
    make_folder(folder)
    items = ("openings", ON_OPENINGS) if options.openings else ("titles", ON_TITLES)
    counts = {"name": options.name, "titles": len(titles), "letters": len(titles[0]["letters"])}
    counts |= {"form": "poems" if options.later else FORM, "more": WORST if options.later else ""}
    head = INSTRUCTIONS.format(**counts, items=items[0], question=items[1])
    write_whole(folder / "sheet.txt", head + "\n".join(sheet))
    key = {"model": writer.model.name, "seed": options.seed, "openings": options.openings}
    key |= {"ways": ways, "titles": titles}
    write_whole(folder / "key.json", json.dumps(key, ensure_ascii=False, indent=1) + "\n")


def make_page(options: argparse.Namespace) -> None:
    """Write the page on which people mark a sheet; like the sheet, it does not tell the ways."""
    titles = [
        {
            "title": item["title"],
            "poems": [[letter, item["texts"][way]] for letter, way in item["letters"].items()],
        }
        for item in _json(HOME / options.name / "key.json")["titles"]
    ]
    sheet = json.dumps({"name": options.name, "titles": titles}, ensure_ascii=False)
    sheet = sheet.replace("<", "\\u003c")
    template = Path(__file__).with_name("reading_sheet.html").read_text("utf-8")
    write_whole(DOCS / "reading-sheet.html", template.replace("SHEET", sheet))


def count(options: argparse.Namespace) -> None:
    """Print and store the results of a reading."""
    folder = HOME / options.name
    key, read = _json(folder / "key.json"), read_marks(folder)
    ways, titles = [REAL, *key["ways"]], range(len(key["titles"]))
    readers = sorted(read[0, REAL])
    # (titles, ways, readers, 4): sense, title, language, known
    marks = np.array([[[read[n, way][r] for r in readers] for way in ways] for n in titles])
    totals = marks[..., :3].sum(axis=-1)
    unknown = marks[:, 0, :, 3] == 0
    random = np.random.default_rng(0)
    print(f"{'way':<14}{'n':>4}  " + "".join(f"{aspect:<22}" for aspect in ASPECTS) + "place")
    results: dict[str, Any] = {}
    for number, (way, place) in enumerate(zip(ways, _places(totals), strict=True)):
        means = marks[:, number, :, :3].mean(axis=1)
        drawn = random.integers(len(means), size=(2000, len(means)))
        low, high = np.quantile(means[drawn].mean(axis=1), (0.025, 0.975), axis=0)
        shown = "".join(
            f"{m:.2f} [{a:.2f}, {b:.2f}]     "
            for m, a, b in zip(means.mean(axis=0), low, high, strict=True)
        )
        texts = [item["texts"][way] for item in key["titles"]]
        kept = np.mean([not check_poem(lines_of(text)).faults for text in texts])
        variety = distinct([lines_of(text) for text in texts], 2)
        print(f"{way:<14}{len(means):>4}  {shown}{place:.2f}", end="  ")
        print(f"rules kept {kept:.0%}  distinct-2 {variety:.3f}")
        results[way] = {
            **{a: round(float(m), 3) for a, m in zip(ASPECTS, means.mean(axis=0), strict=True)},
            "low": low.round(3).tolist(),
            "high": high.round(3).tolist(),
            "place": round(float(place), 3),
            "rules_kept": round(float(kept), 3),
            "distinct_2": round(variety, 3),
        }
        if way != REAL:
            # How often the real poem has more marks where it is unknown, ties half.
            ahead = np.sign(totals[:, 0] - totals[:, number])[unknown]
            lost, pairs = float(((ahead + 1) / 2).sum()), len(ahead)
            results[way]["real_preferred"] = f"{lost:g} of {pairs}"
            print(f"{'':<20}real preferred in {lost:g} of {pairs} unknown pairs")
    results["agreement"] = _agreement(marks[:, 1:])
    print(
        "agreement of readers (Spearman within titles, real poems left out):", results["agreement"]
    )
    write_whole(folder / "result.json", json.dumps(results, indent=1) + "\n")


def read_marks(folder: Path) -> dict[tuple[int, str], dict[str, tuple[int, ...]]]:
    """The marks of every reader, by title (from 0) and way: sense, title, language, known."""
    key = _json(folder / "key.json")
    marks: dict[tuple[int, str], dict[str, tuple[int, ...]]] = defaultdict(dict)
    for file in sorted(folder.glob("marks-*.tsv")):
        for line in file.read_text("utf-8").splitlines():
            if not line.strip() or not line[0].isdigit():
                continue
            number, letter, *values = line.split("\t")
            way = key["titles"][int(number) - 1]["letters"][letter.strip()]
            marks[int(number) - 1, way][file.stem] = tuple(map(int, values[:4]))
    return marks


def _places(totals: Any) -> Any:
    """The mean place of each way by its sums (titles, ways, readers), 1 the best; ties share."""
    others, own = totals[:, None], totals[:, :, None]
    places = (others > own).sum(axis=2) + ((others == own).sum(axis=2) + 1) / 2
    return places.mean(axis=(0, 2))


def _agreement(marks: Any) -> dict[str, float]:
    """The mean rank correlation of two readers within titles, of (titles, ways, readers, 4)."""
    pairs = list(combinations(range(marks.shape[2]), 2))
    found = {}
    for place, aspect in enumerate(ASPECTS):
        values = [spearman(*title[:, pair, place].T) for pair in pairs for title in marks]
        found[aspect] = round(float(np.nanmean(values)), 3) if values else float("nan")
    return found


def spearman(first: Any, second: Any) -> float:
    """Rank correlation (Spearman 1904), ties sharing ranks; NaN where one side is all ties."""
    ranks = [
        (values[:, None] > values).sum(axis=1) + ((values[:, None] == values).sum(axis=1) + 1) / 2
        for values in (np.asarray(first, dtype=float), np.asarray(second, dtype=float))
    ]
    if any(np.ptp(side) == 0 for side in ranks):
        return float("nan")
    return float(np.corrcoef(*ranks)[0, 1])


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def main() -> None:
    """Make a sheet or its page, or count the marks."""
    arguments = parser(__doc__)
    arguments.add_argument("action", choices=("sheet", "page", "count"))
    arguments.add_argument("name", help="of the reading")
    arguments.add_argument("--model", default=DEFAULT)
    arguments.add_argument("--titles", type=int, default=24)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--part", choices=(DEV, TEST), default=DEV, help="of the corpus")
    arguments.add_argument("--openings", action="store_true", help="in place of titles")
    arguments.add_argument("--later", action="store_true", help="titles of later verse")
    arguments.add_argument("--way", action="append", default=[], help="NAME:OPTION=VALUE,…")
    options = arguments.parse_args()
    {"sheet": make_sheet, "page": make_page, "count": count}[options.action](options)


if __name__ == "__main__":
    main()
