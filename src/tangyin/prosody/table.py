"""Tones and rhymes of whole vocabularies as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tangyin.prosody.lexicon import place_of, readings_of
from tangyin.prosody.rhyme import LEVEL_RHYMES
from tangyin.verse import Vocabulary


@dataclass(frozen=True)
class ToneTable:
    """The readings of V characters, as ln of their shares; -inf for what is impossible.

    `log_level` and `log_oblique` are (V,), of 平 and 仄 inside a line, and -inf for an unknown
    character. `rhymes` and `log_rhymes` are (V, 30): whether a character may rhyme in each of
    `LEVEL_RHYMES`, and the share of that reading. `known` is (V,).
    """

    log_level: NDArray[np.float32]
    log_oblique: NDArray[np.float32]
    rhymes: NDArray[np.bool_]
    log_rhymes: NDArray[np.float32]
    known: NDArray[np.bool_]


def tone_table(characters: Sequence[str]) -> ToneTable:
    """The table of the given characters, in their order.

    It ignores the words of `data/reading_words.tsv`, so it is slightly stricter than the checker.
    """
    places = [place_of(character) for character in characters]
    known = np.array([bool(readings_of(character)) for character in characters], dtype=bool)
    log_level = -np.array([place.level for place in places], np.float32)
    log_oblique = -np.array([place.oblique for place in places], np.float32)
    log_rhymes = np.full((len(places), len(LEVEL_RHYMES)), -np.inf, np.float32)  # (V, 30)
    columns = {rhyme: column for column, rhyme in enumerate(LEVEL_RHYMES)}
    for row, place in enumerate(places):
        for rhyme, cost in place.rhymes.items():
            if rhyme in columns:
                log_rhymes[row, columns[rhyme]] = -cost
    log_level[~known] = log_oblique[~known] = -np.inf
    return ToneTable(log_level, log_oblique, np.isfinite(log_rhymes), log_rhymes, known)


def tone_classes(vocabulary: Vocabulary) -> NDArray[np.uint8]:
    """Tone class of each token, (len(vocabulary),) uint8 (`tangyin.model.features.Reader`).

    It is 1 for a character whose readings are all level, 2 all oblique, 3 for one with both, and 0
    for an unknown character and for other tokens.
    """
    classes = np.zeros(len(vocabulary), dtype=np.uint8)
    for number, character in zip(vocabulary.hanzi_ids, vocabulary.hanzi, strict=True):
        tones = {reading.level for reading in readings_of(character)}
        classes[number] = (True in tones) + 2 * (False in tones)
    return classes
