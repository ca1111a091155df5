"""How often the tune of a Song 詞 is found from its text, and how well Song 詞 keep to their tunes.

    python scripts/measure_tunes.py

Found: 1,000 random 詞 of those that `scripts/build_tunes.py` did not count, with their marks and as
one run of characters. Left out are 詞 with a title that no tune has and fragments (less than nine
tenths of the shortest variant); both are counted. The tune is found if it has the title among its
names, so tunes that 欽定詞譜 divides (雨中花 and 雨中花慢) are errors if the title is not a name.
Kept: the 詞 of the authors that `scripts/build_tunes.py` leaves out of its counts, without the test
part, beside the nearest variant of the tune that the title names.
Shared: of the feet of other authors in a part of 詞林正韻, the share that is in another part.
Unlike: Tang verse of unequal lines beside the nearest tune of all, by departures a character.

Writes docs/results/tunes.json and prints the table of docs/check.md.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from build_tunes import HELD_OUT, is_held_out
from shared import keep, table
from tangyin.corpus import load_corpus
from tangyin.corpus.download import download
from tangyin.corpus.source import poem_folder, raw_poems
from tangyin.metre.books import CILIN
from tangyin.metre.ci import EXTRA, MISSING, check_ci
from tangyin.metre.ci_match import Song, feet_of, nearest
from tangyin.metre.finding import OUT_OF_RHYME
from tangyin.paths import corpus_home
from tangyin.verse import CI
from tangyin.verse.tune import Tune, tunes_so_called

SAMPLE, SEED, FEWEST, UNEQUAL = 1000, 17, 20, 200
SHARED, FEWEST_FEET = 0.02, 50  # least share, and feet, of parts that are listed
RUNS = re.compile("[^，。？！；：]+")


def song(text: str, *, marks: bool = True) -> Song:
    """A text of the corpus, possibly without its marks."""
    runs = RUNS.findall(text)
    ends = list(accumulate(map(len, runs)))
    return Song(tuple("".join(runs)), frozenset(end - 1 for end in (ends if marks else ends[-1:])))


def is_whole(text: str, tunes: Sequence[Tune]) -> bool:
    """Whether a text is complete."""
    shortest = min(variant.hanzi for tune in tunes for variant in tune.variants)
    return sum(map(len, RUNS.findall(text))) >= 0.9 * shortest


def found(poems: list[tuple[str, str]]) -> dict[str, Any]:
    """Tunes found from the text alone."""
    random.Random(SEED).shuffle(poems)
    counts: dict[str, int] = defaultdict(int)
    wrong = []
    for title, text in poems:
        known = tunes_so_called(title)
        if not known or not is_whole(text, known):
            counts["fragments" if known else "unknown titles"] += 1
            continue
        counts["poems"] += 1
        for marks in (True, False):
            best = nearest(song(text, marks=marks))[0].variant
            right = best.name in [tune.name for tune in known]
            counts["found" if marks else "found without marks"] += right
            if marks and not right:
                wrong.append([title, best.name, best.number, text])
        if counts["poems"] == SAMPLE:
            break
    return {**counts, "wrong": wrong}


def kept(poems: list[tuple[str, str]]) -> tuple[dict[str, list[int]], list[float]]:
    """By tune the 詞, and those that keep rhymes, length and everything; and all excesses."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    excess = []
    for title, text in poems:
        known = tunes_so_called(title)
        if known and is_whole(text, known):
            report = check_ci(text, title)[1]
            kinds = {fault.kind for fault in report.faults}
            length = kinds.isdisjoint({MISSING, EXTRA})
            row = rows[report.tune]
            for at, keeps in enumerate(
                (True, length and OUT_OF_RHYME not in kinds, length, report.regulated)
            ):
                row[at] += keeps
            excess.append(round(report.excess / sum(map(len, report.lines)), 3))
    return rows, sorted(excess)


def shared(poems: list[tuple[str, str]]) -> list[list[Any]]:
    """Rows of a part, another part, the feet in that, and their share of the feet."""
    feet: Counter[str] = Counter()
    strays: Counter[tuple[str, str]] = Counter()
    for title, text in poems:
        if not (known := tunes_so_called(title)):
            continue
        words = song(text)
        match = nearest(words, known)[0]
        groups: dict[int, list[str]] = {}
        last = -1
        for line in match.variant.lines:
            last += len(line.tones)
            if line.rhyme >= 0 and match.places[last] >= 0:
                level = line.tones[-1] == "平"
                own = feet_of(words.forms[match.places[last]], CILIN)
                parts = [part for part, tone in own if part in CILIN.parts and tone == level]
                if len(parts) == 1:
                    groups.setdefault(line.rhyme, []).append(f"{parts[0]}{line.tones[-1]}")
        for group in groups.values():
            main, count = Counter(group).most_common(1)[0]
            if len(group) > 2 and count > 1:
                feet[main] += len(group)
                strays.update((main, own) for own in group if own[-1] == main[-1] and own != main)
    return [
        [main, other, count, round(count / feet[main], 3)]
        for (main, other), count in sorted(strays.items())
        if count >= max(FEWEST_FEET, SHARED * feet[main])
    ]


def unlike() -> list[list[Any]]:
    """The excess per character of Tang verse of unequal lines over its nearest tune."""
    clean = re.compile("([\u3400-\u9fff]+[，。？！；：])+")
    texts = []
    for poem in raw_poems(poem_folder(download(corpus_home())), "tang"):
        lengths = {len(run) for run in RUNS.findall(poem.text)}
        if clean.fullmatch(poem.text) and len(lengths) > 1 and len(poem.text) < 250:
            texts.append((poem.title, poem.text))
    rows = []
    for title, text in random.Random(SEED).sample(texts, UNEQUAL):
        words = song(text)
        best = nearest(words)[0]
        rows.append([round(best.excess / len(words.forms), 3), title, best.variant.name])
    return sorted(rows)


def commonest(rows: dict[str, list[int]]) -> str:
    """The tunes with the most 詞."""
    total = [sum(column) for column in zip(*rows.values(), strict=True)]
    common = sorted(rows.items(), key=lambda item: -item[1][0])
    shown = [("all", total), *(item for item in common if item[1][0] >= FEWEST)]
    lines = [
        (name, f"{count:,}", *(f"{each / count:.0%}" for each in own))
        for name, (count, *own) in shown
    ]
    return table(("tune", "詞", "rhymes", "length", "all"), lines)


if __name__ == "__main__":
    corpus = load_corpus().select(forms=[CI])
    poems = [
        (int(number.removeprefix("ci-")), (title, text))
        for number, title, text in zip(corpus.id, corpus.title, corpus.text, strict=True)
    ]
    results: dict[str, Any] = {
        "found": found([poem for number, poem in poems if number % HELD_OUT == 0])
    }
    authors = list(zip(corpus.author, corpus.part, poems, strict=True))
    held_out = [own for author, part, (_, own) in authors if is_held_out(author) and part != "test"]
    rows, excess = kept(held_out)
    results["kept"] = dict(sorted(rows.items(), key=lambda item: -item[1][0]))
    quantiles = {f"{q:.0%}": excess[int(q * len(excess))] for q in (0.5, 0.9, 0.95, 0.98, 0.99)}
    results["excess"] = quantiles
    counted = [
        own for author, part, (_, own) in authors if part == "train" and not is_held_out(author)
    ]
    results["shared"] = shared(counted)
    results["unlike"] = unlike()
    keep("tunes", results)
    counts = results["found"]
    print({name: count for name, count in counts.items() if name != "wrong"}, quantiles)
    print(*results["shared"], sep="\n")
    print(commonest(rows))
