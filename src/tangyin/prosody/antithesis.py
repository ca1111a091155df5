"""Antithesis (對仗): how parallel two lines are, learned from the corpus.

Characters that poets oppose to the same characters have similar vectors, and a pair of similar
vectors is a good pair. `scripts/build_antithesis.py` makes the vectors.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tangyin.data.files import data_file
from tangyin.prosody.report import Couplet, Pair
from tangyin.verse import BLANK, corpus_spelling

CARRYING = 0.5
"""Pairs of at least this score carry a couplet: nineteen in twenty random pairs of the corpus'
middle couplets stay below 0.45."""


def pair_score(upper: str, lower: str) -> float | None:
    """The cosine of two characters' vectors (-1 to 1); None when one of them is unknown."""
    index, vectors = _table()
    first, second = index.get(corpus_spelling(upper)), index.get(corpus_spelling(lower))
    if first is None or second is None:
        return None
    return float(vectors[first] @ vectors[second])


def similarities(character: str) -> dict[str, float]:
    """The `pair_score` of a character with every one that has a vector; empty if it has none."""
    index, vectors = _table()
    at = index.get(corpus_spelling(character))
    if at is None:
        return {}
    return dict(zip(index, (vectors @ vectors[at]).tolist(), strict=True))


def couplet_score(upper: str, lower: str) -> float | None:
    """The mean score of the pairs of two lines of equal length, those of one character left out.

    None when no pair has a score.
    """
    return _mean(_pairs(upper, lower))


def couplets_of(lines: tuple[str, ...], shown: tuple[str, ...]) -> tuple[Couplet, ...]:
    """The antithesis of each couplet of a poem, without the last line of an odd number.

    `shown` are the lines as a person typed them, in which characters are named.
    """
    last = len(lines) // 2
    found = []
    for number, (upper, lower) in enumerate(zip(lines[::2], lines[1::2], strict=False)):
        pairs = _pairs(upper, lower)
        score = _mean(pairs)
        first, second = shown[2 * number], shown[2 * number + 1]
        carrying = [
            Pair(p.place, first[p.place - 1], second[p.place - 1], round(p.score, 3))
            for p in pairs
            if p.score >= CARRYING
        ]
        found.append(
            Couplet(
                (2 * number + 1, 2 * number + 2),
                last >= 4 and 0 < number < last - 1,
                None if score is None else round(score, 3),
                tuple(sorted(carrying, key=lambda pair: -pair.score)),
                tuple(c for c, a, b in zip(first, upper, lower, strict=True) if a == b != BLANK),
            )
        )
    return tuple(found)


def _pairs(upper: str, lower: str) -> list[Pair]:
    """The pairs of different characters that have a score."""
    places = enumerate(zip(upper, lower, strict=True), start=1)
    scored = ((place, a, b, pair_score(a, b)) for place, (a, b) in places if a != b)
    return [Pair(place, a, b, score) for place, a, b, score in scored if score is not None]


def _mean(pairs: list[Pair]) -> float | None:
    return sum(pair.score for pair in pairs) / len(pairs) if pairs else None


@cache
def _table() -> tuple[dict[str, int], NDArray[np.float32]]:
    """Characters and their vectors of length 1, (N, 64)."""
    with data_file("antithesis.npz").open("rb") as file, np.load(file) as stored:
        characters = str(stored["characters"])
        vectors = stored["vectors"].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return {character: at for at, character in enumerate(characters)}, vectors
