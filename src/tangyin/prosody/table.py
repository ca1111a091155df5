"""Tones and rhymes of a whole vocabulary as arrays, for whoever builds verse under rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tangyin.prosody.lexicon import place_of, readings_of
from tangyin.prosody.rhyme import LEVEL_RHYMES


@dataclass(frozen=True)
class ToneTable:
    """What each of V characters may be.

    Attributes:
        level: whether verse reads it 平 inside a line, (V,) bool.
        oblique: whether verse reads it 仄 inside a line, (V,) bool.
        log_level: ln of the share of 平, (V,) float32; -inf where it is not read so.
        log_oblique: ln of the share of 仄, (V,) float32.
        end_oblique: whether it may end a line on an oblique tone, (V,) bool.
        rhymes: whether it may rhyme in each of the 30 level rhymes (`LEVEL_RHYMES`), (V, 30) bool.
        log_rhymes: ln of the share of the reading in that rhyme, (V, 30) float32.
        known: whether the lexicon has it, (V,) bool; what it lacks is neither level nor oblique.
    """

    level: NDArray[np.bool_]
    oblique: NDArray[np.bool_]
    log_level: NDArray[np.float32]
    log_oblique: NDArray[np.float32]
    end_oblique: NDArray[np.bool_]
    rhymes: NDArray[np.bool_]
    log_rhymes: NDArray[np.float32]
    known: NDArray[np.bool_]


def tone_table(characters: Sequence[str]) -> ToneTable:
    """The table of the given characters, in their order.

    A word of `data/reading_words.tsv` may still change which of two readings is the likelier, and
    admit a rare one, so the table is a little stricter than the checker.
    """
    places = [place_of(character) for character in characters]
    known = np.array([bool(readings_of(character)) for character in characters], dtype=bool)
    log_level = _negative([place.level for place in places])
    log_oblique = _negative([place.oblique for place in places])
    log_rhymes = _negative(
        [[place.rhymes.get(rhyme, np.inf) for rhyme in LEVEL_RHYMES] for place in places]
    ).reshape(len(places), len(LEVEL_RHYMES))  # (V, 30)
    log_level[~known] = log_oblique[~known] = -np.inf
    return ToneTable(
        level=np.isfinite(log_level),
        oblique=np.isfinite(log_oblique),
        log_level=log_level,
        log_oblique=log_oblique,
        end_oblique=np.isfinite([place.end_oblique for place in places]) & known,
        rhymes=np.isfinite(log_rhymes),
        log_rhymes=log_rhymes,
        known=known,
    )


def _negative(costs: list[float] | list[list[float]]) -> NDArray[np.float32]:
    return -np.asarray(costs, dtype=np.float32)
