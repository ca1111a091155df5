"""Blind readings: a sheet of poems for readers, and what their marks say.

    python scripts/reading.py sheet NAME --seed 1 --way default --way cool:temperature=0.6
    python scripts/reading.py count NAME

`sheet` draws titles of unseen dev 五律 by lesser-known poets, writes a poem on each title in every
way, and stores `sheet.txt`, which readers see, and `key.json`, which they do not, in
docs/results/reading/NAME. A way is a name with options of `tangyin write`, such as
`cool:temperature=0.6,guidance=1`. A reader, a person or a language model that sees the sheet alone,
writes `marks-READER.tsv`: number of the title, letter, sense, title, language (1 to 5), and 1 for a
poem that was recognised. `count` prints means with 95 % intervals over titles (bootstrap), the mean
place, the share of poems that keep the rules, distinct-2, agreement between readers, and how often
the real poem was preferred where nobody knew it.
"""

import argparse
import json
import re
import string
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from tangyin.api import Writer, load
from tangyin.corpus import DEV, load_corpus
from tangyin.files import make_folder, write_whole
from tangyin.model import DEFAULT
from tangyin.prosody import check_poem
from tangyin.verse import MARKS, title_characters

HOME = Path(__file__).parent.parent / "docs/results/reading"
FORM, REAL = "五律", "real"
ASPECTS = ("sense", "title", "language")
FAMOUS = 60
"""Poets with more poems than this in the corpus's Tang 五律 may be known to a reader."""

INSTRUCTIONS = """# Reading {name}

{titles} titles, {letters} 五律 on each. Read each poem as a reader of classical verse would.
Mark from 1 (worst) to 5 (best):

- **sense**: do the lines say something that can be paraphrased, in one situation, to an end?
- **title**: is this a poem on its title?
- **language**: are these words and phrases that classical verse has?

Write one row per poem to your file, tab-separated, with nothing else: number of the title, letter,
sense, title, language, known (1 if you recognise the poem, otherwise 0). A mark is a whole number.
Use the whole scale.
"""


def read_way(text: str) -> tuple[str, dict[str, Any]]:
    """A way of writing as typed: its name and options."""
    name, _, options = text.partition(":")
    pairs = (pair.partition("=") for pair in options.split(",") if pair)
    return name, {key: json.loads(value) for key, _, value in pairs}


def titled(count: int, seed: int, used: set[str]) -> list[tuple[str, str]]:
    """Titles and texts of dev poems by lesser-known poets, none of them `used`."""
    tang = load_corpus().select(dynasties=["tang"], forms=[FORM])
    poems_of = Counter(tang.author)
    rows = zip(tang.part, tang.title, tang.author, tang.text, strict=True)
    found = {
        title: text
        for part, title, author, text in rows
        if part == DEV and poems_of[author] <= FAMOUS and 2 <= len(title_characters(title)) <= 12
        if title == title_characters(title) and "其" not in title and title not in used
    }
    drawn = np.random.default_rng(seed).permutation(sorted(found))[:count]
    return [(title, found[title]) for title in map(str, drawn)]


def make_sheet(options: argparse.Namespace) -> None:
    """Write the poems, the sheet and its key."""
    writer, ways = load(options.model), dict(map(read_way, options.way))
    used = {item["title"] for key in HOME.glob("*/key.json") for item in _json(key)["titles"]}
    random = np.random.default_rng(options.seed)
    titles, sheet = [], []
    for number, (title, real) in enumerate(titled(options.titles, options.seed, used), 1):
        texts = {REAL: real} | {
            name: _poem(writer, title, options.seed, ways[name]) for name in ways
        }
        order = [str(name) for name in random.permutation(sorted(texts))]
        letters = dict(zip(string.ascii_uppercase, order, strict=False))
        titles.append({"title": title, "letters": letters, "texts": texts})
        sheet.append(f"\n## {number}. {title}\n")
        sheet += [f"{letter}. {texts[way]}\n" for letter, way in letters.items()]
        print(number, title, flush=True)
    folder = HOME / options.name
    make_folder(folder)
    counts = {"name": options.name, "titles": len(titles), "letters": len(ways) + 1}
    write_whole(folder / "sheet.txt", INSTRUCTIONS.format(**counts) + "\n".join(sheet))
    key = {"model": writer.model.name, "seed": options.seed, "ways": ways, "titles": titles}
    write_whole(folder / "key.json", json.dumps(key, ensure_ascii=False, indent=1) + "\n")


def _poem(writer: Writer, title: str, seed: int, way: dict[str, Any]) -> str:
    return writer.write(title=title, form=FORM, seed=seed, **way).text.replace("\n", "")


def count(options: argparse.Namespace) -> None:
    """Print what the marks of a reading say, and store it."""
    folder = HOME / options.name
    key, marks = _json(folder / "key.json"), read_marks(folder)
    ways = [REAL, *key["ways"]]
    random = np.random.default_rng(0)
    print(f"{'way':<14}{'n':>4}  " + "".join(f"{aspect:<22}" for aspect in ASPECTS) + "place")
    results: dict[str, Any] = {}
    places = _places(key, marks)
    for way in ways:
        rows = [marks[number, way] for number in range(len(key["titles"]))]
        means = np.array([np.mean(list(row.values()), axis=0)[:3] for row in rows])
        drawn = random.integers(len(means), size=(2000, len(means)))
        low, high = np.quantile(means[drawn].mean(axis=1), (0.025, 0.975), axis=0)
        shown = "".join(
            f"{m:.2f} [{a:.2f}, {b:.2f}]     "
            for m, a, b in zip(means.mean(axis=0), low, high, strict=True)
        )
        kept = np.mean([_kept(item["texts"][way]) for item in key["titles"]])
        variety = distinct_2([item["texts"][way] for item in key["titles"]])
        print(f"{way:<14}{len(rows):>4}  {shown}{places[way]:.2f}", end="  ")
        print(f"rules kept {kept:.0%}  distinct-2 {variety:.3f}")
        results[way] = {
            **{a: round(float(m), 3) for a, m in zip(ASPECTS, means.mean(axis=0), strict=True)},
            "low": low.round(3).tolist(),
            "high": high.round(3).tolist(),
            "place": round(places[way], 3),
            "rules_kept": round(float(kept), 3),
            "distinct_2": round(variety, 3),
        }
        if way != REAL:
            lost, pairs = _against_real(key, marks, way)
            results[way]["real_preferred"] = f"{lost:g} of {pairs}"
            print(f"{'':<20}real preferred in {lost:g} of {pairs} unknown pairs")
    results["agreement"] = _agreement(key, marks)
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


def _total(values: tuple[int, ...]) -> int:
    return sum(values[:3])


def _places(key: dict[str, Any], marks: Any) -> dict[str, float]:
    """The mean place of each way by the sum of its marks, 1 being the best; ties share places."""
    places = defaultdict[str, list[float]](list)
    ways = [REAL, *key["ways"]]
    for number in range(len(key["titles"])):
        for reader in marks[number, REAL]:
            totals = {way: _total(marks[number, way][reader]) for way in ways}
            for way, total in totals.items():
                above = sum(other > total for other in totals.values())
                equal = sum(other == total for other in totals.values())
                places[way].append(above + (equal + 1) / 2)
    return {way: float(np.mean(values)) for way, values in places.items()}


def _against_real(key: dict[str, Any], marks: Any, way: str) -> tuple[float, int]:
    """How often the real poem has more marks where it is unknown, ties half; and of how many."""
    lost, pairs = 0.0, 0
    for number in range(len(key["titles"])):
        for reader, real in marks[number, REAL].items():
            if not real[3]:
                difference = _total(real) - _total(marks[number, way][reader])
                lost += 1 if difference > 0 else 0.5 * (difference == 0)
                pairs += 1
    return lost, pairs


def _agreement(key: dict[str, Any], marks: Any) -> dict[str, float]:
    found = {}
    readers = sorted(marks[0, REAL])
    for place, aspect in enumerate(ASPECTS):
        values = []
        for first, second in combinations(readers, 2):
            for number in range(len(key["titles"])):
                both = [
                    [marks[number, way][reader][place] for way in key["ways"]]
                    for reader in (first, second)
                ]
                values.append(spearman(*map(np.array, both)))
        found[aspect] = round(float(np.nanmean(values)), 3) if len(values) else float("nan")
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


def distinct_2(texts: list[str]) -> float:
    """Distinct pairs of neighbours within a line, as a share of all pairs."""
    lines = [line for text in texts for line in re.findall(f"[^{MARKS}]+", text)]
    pairs = [line[at : at + 2] for line in lines for at in range(len(line) - 1)]
    return len(set(pairs)) / len(pairs)


def _kept(text: str) -> bool:
    return not check_poem(re.findall(f"[^{MARKS}]+", text)).faults


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def main() -> None:
    """Make a sheet, or count the marks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("sheet", "count"))
    parser.add_argument("name", help="of the reading")
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--titles", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", action="append", default=[], help="NAME:OPTION=VALUE,…")
    options = parser.parse_args()
    (make_sheet if options.action == "sheet" else count)(options)


if __name__ == "__main__":
    main()
