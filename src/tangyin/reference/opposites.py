"""`parallel`: what poets set opposite a word, and what the antithesis model would."""

import math
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from tangyin.metre.antithesis import pair_score, similarities
from tangyin.metre.lexicon import place_of
from tangyin.reference.asked import Source, WordCount, corpus_source, counted, meanings
from tangyin.reference.index import Index, open_index, spelling
from tangyin.reference.lines import LONGEST

OFTEN = 20
"""How often the couplets must have a word for it to be a candidate of the antithesis model."""

LOOKED_AT = 200
"""Opposites, the commonest, among which the most telling are looked for."""


@dataclass(frozen=True)
class Opposite:
    """A word opposite another.

    Attributes:
        tones: P, Z, or E for either, of each character.
        count: how often it is at the same places of the other line of the couplet.
        by_chance: how often it would be if poets paired words at random.
        association: the log-likelihood ratio of the two (Dunning 1993), negative where the pair is
            rarer than by chance.
        score: the mean cosine of the antithesis model (`metre.antithesis`), if it knows them.
    """

    word: str
    tones: str
    count: int
    by_chance: float
    association: float
    score: float | None


@dataclass(frozen=True)
class Opposites:
    """What is set opposite a word in couplets 2 and 3 of the eight-line training poems.

    Attributes:
        count: how many times the word is there.
        often: what is opposite, the commonest first.
        telling: the same by association: what is opposite this word rather than others.
        candidates: the common words that the antithesis model finds most parallel, of one or two
            characters; the last can have the opposite tone.
        others: other words that the typed one may mean.
    """

    asked: str
    word: str
    tones: str
    count: int
    often: tuple[Opposite, ...]
    telling: tuple[Opposite, ...]
    candidates: tuple[Opposite, ...]
    others: tuple[WordCount, ...]
    source: tuple[Source, ...]


def parallel(word: str, count: int = 12) -> Opposites:
    """What poets set opposite a word of one to seven characters.

    Args:
        word: traditional or simplified.
        count: most words of each list.

    Raises:
        UsageError: it is not such a word.
        TangyinError: the corpus is not prepared.
    """
    meant = meanings(word, LONGEST)
    index = open_index()
    found, others = counted(meant, lambda way: index.count(way, index.couplets))
    pairing = _Pairing(index, found)
    often = [pairing.opposite(other) for other, _ in pairing.counts.most_common(count)]
    telling = [pairing.opposite(other) for other, _ in pairing.counts.most_common(LOOKED_AT)]
    telling.sort(key=lambda opposite: -opposite.association)
    return Opposites(
        asked=word,
        word=found,
        tones=tones_of(found),
        count=pairing.count,
        often=tuple(often),
        telling=tuple(opposite for opposite in telling if opposite.association > 0)[:count],
        candidates=tuple(pairing.opposite(other) for other in pairing.candidates(count)),
        others=others,
        source=(
            corpus_source(index, "reference.source_couplets"),
            Source.of("reference.source_antithesis"),
        ),
    )


def tones_of(word: str) -> str:
    """P or Z for each character, E for one that may be either inside a line."""
    return "".join(map(_tone, word))


@cache
def _tone(character: str) -> str:
    place = place_of(character)
    return "Z" if place.level == math.inf else "P" if place.oblique == math.inf else "E"


class _Pairing:
    """What is opposite a word, counted in an index."""

    def __init__(self, index: Index, word: str) -> None:
        self.index, self.word = index, word
        places = index.places(word, index.couplets)
        self.count = len(places)
        poems, lines, characters = index.located(places)
        # Lines 3 and 5 come first in their couplets (from 0: 2 and 4).
        others = index.first_lines[poems] + lines + np.where(lines % 2 == 0, 1, -1)
        opposite = index.starts[others] + characters
        columns = [spelling()[index.codes[opposite + at]].tolist() for at in range(len(word))]
        self.counts = Counter("".join(map(chr, codes)) for codes in zip(*columns, strict=True))
        self.places = _places(index, len(word))

    def opposite(self, other: str) -> Opposite:
        """A word as the opposite of this one."""
        count = self.counts[other]
        total = self.index.count(other, self.index.couplets)
        by_chance = self.count * total / max(self.places, 1)
        score = _score(self.word, other)
        return Opposite(
            word=other,
            tones=tones_of(other),
            count=count,
            by_chance=round(by_chance, 2),
            association=round(_likelihood_ratio(count, self.count, total, self.places), 1) + 0.0,
            score=None if score is None else round(score, 3),
        )

    def candidates(self, most: int) -> list[str]:
        """The common words of the couplets that are most parallel by the antithesis model."""
        length = len(self.word)
        tables = [similarities(character) for character in self.word]
        if length > 2 or not all(tables):
            return []
        scores = {
            word: sum(table.get(c, -1.0) for table, c in zip(tables, word, strict=True)) / length
            for word in _common(self.index, length)
            if not set(word) & set(self.word) and _opposed(word[-1], self.word[-1])
        }
        return sorted(scores, key=lambda word: -scores[word])[:most]


def _opposed(character: str, other: str) -> bool:
    """Whether one of two characters can be level and the other oblique."""
    first, second = _tone(character), _tone(other)
    return first != second or first == "E"


def _score(word: str, other: str) -> float | None:
    found = map(pair_score, word, other)
    known = [score for score in found if score is not None]
    return sum(known) / len(known) if known else None


@lru_cache(maxsize=LONGEST)
def _places(index: Index, length: int) -> int:
    """How many places of the couplets a word of a length can have."""
    inside = np.zeros(len(index.codes), dtype=bool)
    inside[index.couplets] = True
    widths = np.diff(index.starts)[inside[index.starts[:-1]]] - 1
    return int(np.maximum(widths - length + 1, 0).sum())


@lru_cache(maxsize=2)
def _common(index: Index, length: int) -> list[str]:
    """The words of one or two characters that the couplets have `OFTEN`."""
    order = index.couplets
    codes = [spelling()[index.codes[order + at]] for at in range(length)]
    whole = np.all([column > 0 for column in codes], axis=0)
    keys = np.zeros(int(whole.sum()), np.uint32)
    for column in codes:
        keys = (keys << 16 | column[whole]).astype(np.uint32)
    # Sorted as they are, equal words follow one another.
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1], [True])))
    often = keys[starts[:-1][np.diff(starts) >= OFTEN]].tolist()
    return [chr(key >> 16) + chr(key & 0xFFFF) if length == 2 else chr(key) for key in often]


def _likelihood_ratio(both: int, first: int, second: int, total: int) -> float:
    """2 ln of how much better the counts of a pair are explained by association than by chance.

    Ted Dunning, "Accurate Methods for the Statistics of Surprise and Coincidence" (1993).
    """
    rows = (
        (both, first, second),
        (first - both, first, total - second),
        (second - both, total - first, second),
        (total - first - second + both, total - first, total - second),
    )
    ratio = 2 * sum(
        seen * math.log(seen * total / (row * column)) for seen, row, column in rows if seen > 0
    )
    return math.copysign(ratio, both * total - first * second)
