"""Poems under way, many side by side, and what a constraint on them is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

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
    """

    form: Form
    characters: tuple[str, ...]
    columns: Columns
    given: Columns
    place: int = 0

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
