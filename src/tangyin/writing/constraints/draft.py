"""Poems under way, many side by side, and what a constraint on them is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tangyin.prosody.lexicon import place_of, tone_costs
from tangyin.verse import Form

Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.int32]

FREE = -1
"""In `Draft.given`: nothing is given for this place."""


@dataclass
class Draft:
    """Rows of poems, all of one form and all written up to the same place.

    Characters are numbered by their column: their place among the characters a model knows
    (`Vocabulary.hanzi`). Marks are not part of a draft.

    Attributes:
        form: the form.
        characters: what the columns stand for.
        columns: (rows, form.hanzi) int32, the characters so far; what lies ahead means nothing.
        given: (rows, form.hanzi) int32, characters that must stand, or FREE.
        place: the place being written, counting characters only.
        given_level: (rows, form.hanzi) what is given there can be read 平; True where nothing is.
        given_oblique: the same of 仄.
    """

    form: Form
    characters: tuple[str, ...]
    columns: Columns
    given: Columns
    place: int = 0
    given_level: Mask = field(init=False)
    given_oblique: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.given_level, self.given_oblique = tones_of_given(
            self.given, self.characters, self.form.characters
        )

    @property
    def line(self) -> int:
        """The line of the place being written, from 0."""
        return self.place // self.form.characters

    @property
    def column(self) -> int:
        """The place within that line, from 0."""
        return self.place % self.form.characters

    @property
    def at_line_end(self) -> bool:
        """Whether the place being written is the last one of its line."""
        return self.column == self.form.characters - 1

    def line_text(self, row: int, line: int, last: int | None = None) -> str:
        """A written line; with `last` its final character is that column instead."""
        width = self.form.characters
        columns = list(self.columns[row, line * width : (line + 1) * width])
        if last is not None:
            columns[-1] = last
        return "".join(self.characters[column] for column in columns)

    def keep(self, rows: Rows) -> None:
        """Go on with these rows, in this order; a row may be named more than once."""
        self.columns = self.columns[rows]
        self.given = self.given[rows]
        self.given_level = self.given_level[rows]
        self.given_oblique = self.given_oblique[rows]


def tones_of_given(given: Columns, characters: Sequence[str], width: int) -> tuple[Mask, Mask]:
    """Whether the checker can read given characters 平, and 仄, where they stand.

    Args:
        given: (rows, lines · width) columns or FREE.
        characters: what the columns stand for.
        width: characters in a line.

    Returns:
        Two masks of the same shape, True where nothing is given.
    """
    # Most rows are given the same.
    different, row_of = np.unique(given, axis=0, return_inverse=True)
    level, oblique = np.ones(different.shape, dtype=bool), np.ones(different.shape, dtype=bool)
    words = ["", *characters]  # FREE + 1 is the number of no neighbour
    for row, place in zip(*np.nonzero(different != FREE), strict=True):
        column = place % width
        before = words[different[row, place - 1] + 1] if column else ""
        after = words[different[row, place + 1] + 1] if column < width - 1 else ""
        level[row, place], oblique[row, place] = _tones(
            before, words[different[row, place] + 1], after, at_end=bool(column == width - 1)
        )
    row_of = row_of.reshape(-1)  # one version of NumPy keeps an axis here
    return level[row_of], oblique[row_of]


@lru_cache(maxsize=10_000)
def _tones(before: str, character: str, after: str, *, at_end: bool) -> tuple[bool, bool]:
    if at_end:
        place = place_of(character)
        costs = place.end_level, place.end_oblique
    else:
        costs = tone_costs(before, character, after)
    return math.isfinite(costs[0]), math.isfinite(costs[1])


class Constraint(Protocol):
    """One rule that poems must keep, with what it has to remember of each row.

    Constraints are composed by intersection: a character may stand where every constraint allows
    it. Each sees the same calls in the same order: for every place `allowed`, then `record`; `keep`
    after rows were resampled.
    """

    def allowed(self, draft: Draft) -> Mask | None:
        """What may stand at the draft's place: (rows, characters), or None for anything.

        A row of its own whose `given` place is filled is not asked: what is given stands.
        """
        ...

    def record(self, draft: Draft, chosen: Columns) -> None:
        """Take note of the characters chosen at the draft's place, (rows,)."""
        ...

    def keep(self, rows: Rows) -> None:
        """Go on with these rows, in this order."""
        ...


class Stateless:
    """What a constraint without memory of its own shares."""

    def record(self, draft: Draft, chosen: Columns) -> None:
        """Nothing to note."""

    def keep(self, rows: Rows) -> None:
        """Nothing to carry over."""
