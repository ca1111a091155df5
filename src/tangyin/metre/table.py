"""Tones and rhymes of whole vocabularies as arrays, and how characters may be written."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from tangyin.metre.law import Mask, Rows
from tangyin.metre.lexicon import SURE, place_of, readings_of
from tangyin.metre.rhyme import LEVEL_RHYMES, neighbouring
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


CLEAR = 0.9
"""Where a licence departs from the type, the share from which a character is written there: one
that can be read either way is read so that there is no licence."""


@dataclass(frozen=True)
class Readings:
    """What each character may be in the tone patterns, (V,) each."""

    level: Mask  # it may be written on 平
    oblique: Mask  # it may be written on 仄
    mostly_level: Mask  # verse reads it 平 more often than not
    clearly_level: Mask  # it may be written on 平 where that is a licence
    clearly_oblique: Mask  # it may be written on 仄 where that is a licence

    @classmethod
    def of(cls, table: ToneTable) -> "Readings":
        """The readings in a table of tones."""
        sure, clear = np.log(SURE), np.log(CLEAR)
        return cls(
            level=table.log_level >= sure,
            oblique=table.log_oblique >= sure,
            mostly_level=table.log_level >= table.log_oblique,
            clearly_level=table.log_level >= clear,
            clearly_oblique=table.log_oblique >= clear,
        )

    @cached_property
    def flags(self) -> NDArray[np.uint8]:
        """What a character may be, a bit each (`flags_of`)."""
        return flags_of(self.level, self.oblique, self.clearly_level, self.clearly_oblique)


def flags_of(*bits: Mask) -> NDArray[np.uint8]:
    """Booleans side by side in one number, the first in the lowest bit."""
    flags: NDArray[np.uint8] = np.packbits(np.stack(bits), axis=0, bitorder="little")[0]
    return flags


@dataclass(frozen=True)
class RhymeBook:
    """Which characters may be written to rhyme."""

    rhyming: Mask  # (30, V) the character rhymes in that rhyme (`LEVEL_RHYMES`)
    borrowed: Mask  # (30, V) a first line of a poem in that rhyme may borrow it from a neighbour
    likeliest: Rows  # (V,) the rhyme a character has most often

    @classmethod
    def of(cls, table: ToneTable, characters: Sequence[str]) -> "RhymeBook":
        """The book of some characters, `table` being their tones and rhymes."""
        weights = np.exp(table.log_rhymes)  # (V, 30)
        whole = weights.sum(axis=1)
        rhyming = (table.rhymes & (weights >= SURE * whole[:, None])).T
        borrowed = np.zeros_like(rhyming)
        for column, character in enumerate(characters):
            for reading in readings_of(character):
                if reading.level and reading.share >= SURE * whole[column]:
                    borrowed[:, column] |= _neighbours(reading.rhyme, reading.rime)
        likeliest = np.asarray(table.log_rhymes.argmax(axis=1), dtype=np.intp)
        # What can rhyme at all, if only by a rare reading, would not be heard as borrowed.
        return cls(rhyming, borrowed & ~table.rhymes.T, likeliest)


@cache
def _neighbours(rhyme: str, rime: str) -> Mask:
    """(30,) the rhymes that may borrow from a rhyme, as `neighbouring` has it."""
    return np.array([neighbouring(rhyme, rime, of) for of in LEVEL_RHYMES])


@lru_cache(maxsize=4)
def tables_of(hanzi: tuple[str, ...]) -> tuple[ToneTable, Readings, RhymeBook]:
    """Tones, readings and rhymes of the characters that a model knows."""
    table = tone_table(hanzi)
    return table, Readings.of(table), RhymeBook.of(table, hanzi)
