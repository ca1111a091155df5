"""Antithesis (對仗): how well two lines stand against each other, learned from the corpus.

Characters that stand against the same characters get vectors near each other; two characters make
a good pair when their vectors do, since parallel members of a couplet are of one kind. How the
vectors are made: `scripts/build_antithesis.py`.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tangyin.data.files import data_file
from tangyin.prosody.report import Couplet, Pair
from tangyin.verse import corpus_spelling

CARRYING = 0.5
"""Pairs of at least this score carry a couplet: a random pair of the corpus' middle couplets
reaches it once in twenty."""


def pair_score(upper: str, lower: str) -> float | None:
    """The cosine of two characters' vectors (-1 to 1); None when one of them is unknown."""
    index, vectors = _table()
    first, second = index.get(corpus_spelling(upper)), index.get(corpus_spelling(lower))
    if first is None or second is None:
        return None
    return float(vectors[first] @ vectors[second])


def couplet_score(upper: str, lower: str) -> float | None:
    """The mean score of the pairs of two lines of equal length, those of one character left out.

    None when no pair has a score.
    """
    scores = [s for a, b, s in _pairs(upper, lower) if s is not None and a != b]
    return sum(scores) / len(scores) if scores else None


def couplets_of(lines: tuple[str, ...]) -> tuple[Couplet, ...]:
    """The antithesis of each couplet of a poem; a last line without a fellow is left out."""
    last = len(lines) // 2
    found = []
    for number in range(last):
        upper, lower = lines[2 * number], lines[2 * number + 1]
        scored = list(enumerate(_pairs(upper, lower), start=1))
        scores = [s for _, (a, b, s) in scored if s is not None and a != b]
        carrying = [
            Pair(place, a, b, round(s, 3))
            for place, (a, b, s) in scored
            if s is not None and a != b and s >= CARRYING
        ]
        found.append(
            Couplet(
                (2 * number + 1, 2 * number + 2),
                last >= 4 and 0 < number < last - 1,
                round(sum(scores) / len(scores), 3) if scores else None,
                tuple(sorted(carrying, key=lambda pair: -pair.score)),
                tuple(a for a, b in zip(upper, lower, strict=True) if a == b),
            )
        )
    return tuple(found)


def _pairs(upper: str, lower: str) -> list[tuple[str, str, float | None]]:
    return [(a, b, pair_score(a, b)) for a, b in zip(upper, lower, strict=True)]


@cache
def _table() -> tuple[dict[str, int], NDArray[np.float32]]:
    """Characters and their vectors of length 1, (N, 64)."""
    with data_file("antithesis.npz").open("rb") as file, np.load(file) as stored:
        characters = str(stored["characters"])
        vectors = stored["vectors"].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return {character: at for at, character in enumerate(characters)}, vectors
