"""Antithesis (對仗): how parallel two lines are, and why, learned from the corpus.

Characters that poets oppose to the same characters have similar vectors; the product of two vectors
says how much likelier poets set the two opposite each other than strangers. The vectors and the
counts of pairs are made by `scripts/build_antithesis.py`.
"""

import math
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tangyin.data.files import data_file, data_text
from tangyin.errors import catalogue
from tangyin.metre.finding import Couplet, Pair
from tangyin.verse import BLANK, lookup_spelling

SAME, OPPOSITE, CLASS, REDUPLICATED, POETS = "same", "opposite", "class", "reduplicated", "poets"
"""The reasons of a pair, the strongest first; a pair without one has ""."""

_SENTENCES = {
    SAME: "pair.same",
    OPPOSITE: "pair.opposite",
    REDUPLICATED: "pair.reduplicated",
    POETS: "pair.poets",
}


def pair_score(upper: str, lower: str) -> float | None:
    """How much two characters are a pair, -1 to 1; None when one of them is unknown.

    It is 2p - 1, p being the probability that poets set them opposite each other, with equal
    prior odds for a pair set by poets and a random pair.
    """
    return _score(lookup_spelling(upper), lookup_spelling(lower))


@lru_cache(maxsize=65536)
def _score(upper: str, lower: str) -> float | None:
    index, vectors, scale, offset = _table()
    first, second = index.get(upper), index.get(lower)
    if first is None or second is None:
        return None
    return float(np.tanh((vectors[first] @ vectors[second] * scale + offset) / 2))


def similarities(character: str) -> dict[str, float]:
    """The `pair_score` of a character with every one that has a vector; empty if it has none."""
    index, vectors, scale, offset = _table()
    at = index.get(lookup_spelling(character))
    if at is None:
        return {}
    scores = np.tanh((vectors @ vectors[at] * scale + offset) / 2)
    return dict(zip(index, scores.tolist(), strict=True))


def couplet_score(upper: str, lower: str) -> float | None:
    """The mean score of the pairs of two lines of equal length, those of one character left out.

    None when no pair has a score.
    """
    return _mean([pair_score(a, b) for a, b in zip(upper, lower, strict=True) if a != b])


def couplets_of(lines: tuple[str, ...], shown: tuple[str, ...]) -> tuple[Couplet, ...]:
    """The antithesis of each couplet of a poem, without the last line of an odd number.

    `shown` are the lines as a person typed them, in which characters are named.
    """
    last = len(lines) // 2
    return tuple(
        couplet_of(
            (lines[2 * number], lines[2 * number + 1]),
            (shown[2 * number], shown[2 * number + 1]),
            first=2 * number + 1,
            expected=last >= 4 and 0 < number < last - 1,
        )
        for number in range(last)
    )


def couplet_of(
    lines: tuple[str, str], shown: tuple[str, str], *, first: int = 1, expected: bool = True
) -> Couplet:
    """The antithesis of two lines of equal length; `first` is the number of the upper one."""
    upper, lower = lines
    pairs = tuple(_pairs(upper, lower, shown))
    known = [pair.score for pair in pairs if pair.reason != SAME]
    score = _mean(known)
    return Couplet(
        (first, first + 1),
        expected,
        None if score is None else round(score, 3),
        (*pairs, *_words(upper, lower, shown)),
        tuple(c for c, a, b in zip(shown[0], upper, lower, strict=True) if a == b != BLANK),
    )


def _mean(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    # Exactly summed: Python's own sum rounds otherwise since 3.12.
    return math.fsum(known) / len(known) if known else None


def _pairs(upper: str, lower: str, shown: tuple[str, str]) -> list[Pair]:
    """The pairs of characters in their order."""
    doubled = [
        {at for at in range(1, len(line)) if line[at] == line[at - 1] != BLANK}
        for line in (upper, lower)
    ]
    both = {at - back for at in doubled[0] & doubled[1] for back in (0, 1)}
    found = []
    for at, (a, b) in enumerate(zip(*map(lookup_spelling, (upper, lower)), strict=True)):
        judged = _judged(a, b)
        if at in both and judged[1] in ("", POETS):
            judged = (*judged[:1], REDUPLICATED, "", judged[3], *_in_words(REDUPLICATED, "", 0))
        found.append(Pair(at + 1, shown[0][at], shown[1][at], *judged))
    return found


@lru_cache(maxsize=65536)
def _judged(upper: str, lower: str) -> tuple[float | None, str, str, int, str, str]:
    """All of a `Pair` of two characters in the spelling of look-ups, except its place."""
    score, (reason, kind, count) = _score(upper, lower), reason_of(upper, lower)
    rounded = None if score is None else round(score, 3)
    return rounded, reason, kind, count, *_in_words(reason, kind, count)


def _words(upper: str, lower: str, shown: tuple[str, str]) -> list[Pair]:
    """The pairs of two-character words that poets set opposite each other."""
    one, other = lookup_spelling(upper), lookup_spelling(lower)
    found = []
    for at in range(len(one) - 1):
        a, b = one[at : at + 2], other[at : at + 2]
        if count := _counts(2).get(a + b if a < b else b + a):
            score = _mean([_score(one[n], other[n]) for n in (at, at + 1)])
            rounded = None if score is None else round(score, 3)
            typed = shown[0][at : at + 2], shown[1][at : at + 2]
            words = _in_words(POETS, "", count)
            found.append(Pair(at + 1, *typed, rounded, POETS, "", count, *words))
    return found


def reason_of(upper: str, lower: str) -> tuple[str, str, int]:
    """Why two characters in the spelling of look-ups are a pair.

    Returns:
        The reason; the class, of `CLASS`; how often poets set them opposite each other, 0 where
        that is seldom or no more than by chance.
    """
    count = _counts(1).get(_key(upper, lower), 0)
    if upper == lower:
        return (SAME if upper != BLANK else ""), "", 0
    if upper + lower in _opposites():
        return OPPOSITE, "", count
    shared = [kind for kind in _classes().get(upper, ()) if kind in _classes().get(lower, ())]
    if shared:
        return CLASS, shared[0], count
    return (POETS if count else ""), "", count


def _key(upper: str, lower: str) -> str:
    return min(upper, lower) + max(upper, lower)


def _in_words(reason: str, kind: str, count: int) -> tuple[str, str]:
    """The reason in Chinese and in English."""
    if reason == CLASS:
        return _names()[kind]
    if not reason:
        return "", ""
    sentences = catalogue()[_SENTENCES[reason]]
    return sentences["zh"].format(count=count), sentences["en"].format(count=count)


@cache
def _opposites() -> frozenset[str]:
    pairs = map(lookup_spelling, data_text("opposite_meanings.txt").split())
    return frozenset(way for pair in pairs for way in (pair, pair[::-1]))


@cache
def _rows() -> list[list[str]]:
    rows = data_text("parallel_classes.tsv").splitlines()[1:]
    return [row.split("\t") for row in rows]


@cache
def _classes() -> dict[str, list[str]]:
    """The classes of each character."""
    found: dict[str, list[str]] = {}
    for kind, _, _, sure, others in _rows():
        for character in dict.fromkeys(lookup_spelling(sure + others)):
            found.setdefault(character, []).append(kind)
    return found


@cache
def _names() -> dict[str, tuple[str, str]]:
    return {kind: (zh, en) for kind, zh, en, _, _ in _rows()}


@cache
def _stored() -> dict[str, Any]:
    with data_file("antithesis.npz").open("rb") as file, np.load(file) as stored:
        return dict(stored)


@cache
def _table() -> tuple[dict[str, int], NDArray[np.int32], float, float]:
    """Characters, their vectors (N, 32), and how the product of two becomes a logit.

    Products of whole numbers are the same on every processor, and in a browser.
    """
    stored = _stored()
    scale, offset = stored["logit"].tolist()
    vectors = stored["vectors"].astype(np.int32)
    return {c: at for at, c in enumerate(str(stored["characters"]))}, vectors, scale, offset


@cache
def _counts(length: int) -> dict[str, int]:
    """How often words of a length are opposite each other, the lesser one first."""
    stored = _stored()
    codes, counts = stored[f"of_{length}"].T.tolist(), stored[f"counts_{length}"].tolist()
    return {"".join(map(chr, pair)): count for pair, count in zip(codes, counts, strict=True)}
