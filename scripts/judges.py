"""Do scores of poems agree with readers? Rank correlations with the marks of all readings.

    python scripts/judges.py [--old ../shared/data/reading_marks.tsv]

For every score that might choose among poems on one title: the rank correlation (Spearman) with the
readers' mean marks within titles, real poems left out, averaged over titles; for sense, title,
language and their mean. "same way" has the mean of each way of a reading taken away from scores and
marks first: it says whether the score knows the better of two poems that were written alike, which
is what a final choice needs. Weights are fitted to the first marks alone. The last row is what one
reader says of the other. Kept in docs/results/judges.json.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reading import HOME, REAL, read_marks, spearman
from shared import keep, parser
from tangyin.api import load
from tangyin.corpus import DEV, TRAIN, load_corpus
from tangyin.model import DEFAULT, Engine
from tangyin.scoring import NO_TARGET, target_costs
from tangyin.studies.diversity import lines_of
from tangyin.verse import EOS, form_named

FORM, COUPLET = "五律", 12  # characters and marks of a couplet
ASPECTS = ("sense", "title", "language", "mean")
OTHERS, SEED = 4, 0
SEASONS = {"春": "春桃杏鶯燕", "夏": "夏荷蓮暑", "秋": "秋菊雁蛩楓霜蟬", "冬": "冬雪冰臘"}
HOURS = {"朝": "曉晨朝曙", "夕": "夕暮昏夜宵月", "午": "午"}

FEW = ("log p(text | title)", "log p(text)", "characters of the title", "words that occur")
RIDGE = 20.0

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Read:
    """A poem that was read: the readings' name, title, way, text, and a row of marks a reader."""

    reading: str
    title: str
    way: str
    text: str
    marks: npt.NDArray[np.float64]  # (readers, 3)


def poems_read(old: Path | None) -> list[Read]:
    """Every poem of docs/results/reading, and of the first marks if their file is given."""
    found = []
    for path in sorted(HOME.glob("*/key.json")):
        marks, name, key = (
            read_marks(path.parent),
            path.parent.name,
            json.loads(path.read_text("utf-8")),
        )
        if key.get("openings"):
            continue  # its poems were not written on the titles of the key
        for number, item in enumerate(key["titles"]):
            for way, text in item["texts"].items():
                rows = marks.get((number, way), {})
                if rows:
                    values = np.array([row[:3] for _, row in sorted(rows.items())], dtype=float)
                    found.append(Read(name, item["title"], way, text, values))
    rows_of = defaultdict(list)
    for line in old.read_text("utf-8").splitlines() if old else ():
        if not line.startswith("#"):
            reader, title, way, text, *own = line.split("\t")
            rows_of[f"old {(int(reader) + 1) // 2}", title, way, text].append(own[:3])
    found += [Read(*poem, np.array(rows, dtype=float)) for poem, rows in rows_of.items()]
    return found


def likelihoods(
    engine: Engine, rows: list[tuple[str, str, str]], forms: Iterable[str] = repeat(FORM)
) -> Scores:
    """Log-likelihoods of texts and their ends, of (title, what is given before the text, text)."""
    vocabulary = engine.vocabulary
    inputs, targets = [], []
    for form, (title, given, text) in zip(forms, rows, strict=False):
        prefix = vocabulary.prefix(form_named(form), title=title)
        read = np.concatenate((prefix, vocabulary.encode(given)))
        ids = vocabulary.encode(text)
        inputs.append(np.concatenate((read, ids)).astype(np.int32))
        none = np.full(len(read) - 1, NO_TARGET, dtype=np.int32)
        targets.append(np.concatenate((none, ids, [vocabulary.id(EOS)])).astype(np.int32))
    return np.array([-costs.sum() for costs in target_costs(engine, inputs, targets)])


def by_model(engine: Engine, poems: list[Read]) -> dict[str, Scores]:
    """Scores by the model's likelihoods."""
    texts = [poem.text for poem in poems]
    conditional = likelihoods(engine, [(poem.title, "", poem.text) for poem in poems])
    unconditional = likelihoods(engine, [("", "", text) for text in texts])
    random = np.random.default_rng(SEED)
    orders = [[1, 0, 2, 3], [0, 2, 1, 3], [3, 1, 2, 0]]
    joined = [_joined(text, order) for text in texts for order in orders]
    mixed = likelihoods(engine, [("", "", text) for text in joined])
    dev = load_corpus().select(forms=[FORM], dynasties=["tang"], parts=[DEV]).text
    # The last couplet after its own poem and after others: what it owes to the couplets before.
    starts = [text[: 3 * COUPLET] for text in dev]
    drawn = random.integers(len(starts), size=len(texts) * OTHERS)
    strange = likelihoods(
        engine,
        [
            ("", starts[other], text[3 * COUPLET :])
            for text, others in zip(texts, drawn.reshape(-1, OTHERS), strict=True)
            for other in others
        ],
    )
    own = likelihoods(engine, [("", text[: 3 * COUPLET], text[3 * COUPLET :]) for text in texts])
    return {
        "log p(text | title)": conditional,
        "log p(text)": unconditional,
        "log p(text | title) − ½ log p(text)": conditional - unconditional / 2,
        "log p(text | title) − log p(text)": conditional - unconditional,
        "own order of couplets": unconditional - mixed.reshape(-1, len(orders)).mean(axis=1),
        "last couplet after its own": own - strange.reshape(-1, OTHERS).mean(axis=1),
    }


def _joined(text: str, order: list[int]) -> str:
    return "".join(text[COUPLET * part : COUPLET * (part + 1)] for part in order)


def by_counting(poems: list[Read]) -> dict[str, Scores]:
    """Scores that need no network."""
    pairs = Counter(
        line[at : at + 2]
        for text in load_corpus().select(parts=[TRAIN]).text
        for line in lines_of(text)
        for at in range(len(line) - 1)
    )

    def known_words(poem: Read) -> float:
        words = [
            max(pairs[w] for w in some) for line in lines_of(poem.text) for some in _words(line)
        ]
        return float(np.mean(np.array(words) >= 3))

    def agreed(names: dict[str, str]) -> Callable[[Read], float]:
        def score(poem: Read) -> float:
            counts = [sum(poem.text.count(c) for c in signs) for signs in names.values()]
            return max(counts) - sum(counts)

        return score

    scores: dict[str, Callable[[Read], float]] = {
        "words that occur": known_words,
        "one season": agreed(SEASONS),
        "one hour": agreed(HOURS),
        "characters of the title": lambda p: float(np.mean([c in p.text for c in set(p.title)])),
        "no character twice": lambda p: float(len(set(p.text)) - len(p.text)),
    }
    return {name: np.array([score(poem) for poem in poems]) for name, score in scores.items()}


def _words(line: str) -> list[tuple[str, ...]]:
    """Where a line of five has its words of two."""
    return [(line[:2],), (line[2:4], line[3:5])]


def correlations(poems: list[Read], scores: Scores, values: Scores, *, alike: bool) -> float:
    """The mean rank correlation within titles; `alike` takes the means of ways away first."""
    if alike:
        ways = [(poem.reading, poem.way) for poem in poems]
        scores, values = (_without_means(ways, side) for side in (scores, values))
    groups = defaultdict(list)
    for row, poem in enumerate(poems):
        groups[poem.reading, poem.title].append(row)
    pairs = [(scores[rows], values[rows]) for rows in groups.values() if len(rows) > 1]
    return float(np.nanmean([spearman(*pair) for pair in pairs]))


def together(poems: list[Read], scores: dict[str, Scores], values: Scores) -> Scores:
    """All scores weighted by ridge regression on the poems of the first marks, within titles."""
    titles = [(poem.reading, poem.title) for poem in poems]
    x = np.column_stack([_without_means(titles, side) for side in scores.values()])
    y = _without_means(titles, values)
    old = np.array([poem.reading.startswith("old ") for poem in poems])
    x /= x[old].std(axis=0)
    weights = np.linalg.solve(x[old].T @ x[old] + RIDGE * np.eye(x.shape[1]), x[old].T @ y[old])
    result: Scores = x @ weights
    return result


def _without_means(names: list[tuple[str, str]], values: Scores) -> Scores:
    sums, counts = Counter[tuple[str, str]](), Counter(names)
    for name, value in zip(names, values, strict=True):
        sums[name] += value
    without: Scores = values - np.array([sums[name] / counts[name] for name in names])
    return without


def main() -> None:
    """Score, correlate, keep and print."""
    arguments = parser(__doc__)
    arguments.add_argument("--old", type=Path, help="the marks before docs/results/reading")
    arguments.add_argument("--model", default=DEFAULT)
    options = arguments.parse_args()
    poems = [poem for poem in poems_read(options.old) if poem.way != REAL]
    marks = np.array([poem.marks.mean(axis=0) for poem in poems])
    marks = np.column_stack((marks, marks.mean(axis=1)))
    first, second = (np.array([p.marks[row].mean() for p in poems]) for row in (0, -1))
    scores = by_model(load(options.model).engine, poems) | by_counting(poems)
    if options.old:
        few = {name: scores[name] for name in FEW}
        scores["the first two and two more, weighted"] = together(poems, few, marks[:, -1])
        scores["all, weighted"] = together(poems, dict(list(scores.items())[:-1]), marks[:, -1])
    parts = {"old": [p.reading.startswith("old ") for p in poems]} if options.old else {}
    parts["readings"] = [not p.reading.startswith("old ") for p in poems]
    kept: dict[str, Any] = {}
    for part, mask in parts.items():
        rows = np.flatnonzero(mask)
        chosen = [poems[row] for row in rows]
        print(f"\n{part}, {len(rows)} poems: {', '.join(ASPECTS)}; same way: mean")
        for name, values in scores.items():
            found = [
                correlations(chosen, values[rows], marks[rows, column], alike=False)
                for column in range(len(ASPECTS))
            ] + [correlations(chosen, values[rows], marks[rows, -1], alike=True)]
            _show(kept.setdefault(part, {}), name, found)
        between = [
            correlations(chosen, first[rows], second[rows], alike=alike) for alike in (False, True)
        ]
        _show(kept[part], "the other reader", [*[float("nan")] * 3, *between])
    keep("judges", kept)


def _show(kept: dict[str, Any], name: str, found: list[float]) -> None:
    kept[name] = {
        key: round(value, 3)
        for key, value in zip((*ASPECTS, "same way"), found, strict=True)
        if not np.isnan(value)
    }
    print(f"{name:<38}" + "".join(f"{value:+8.2f}" for value in found), flush=True)


if __name__ == "__main__":
    main()
