"""Poems being written, many side by side, and the interface of the constraints on them."""

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tangyin.prosody import Sequence as LineSequence
from tangyin.verse import Form

if TYPE_CHECKING:
    from tangyin.writing.planning import Plan

Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.int32]

FREE = -1  # Nothing is given for this place
OPEN = -1  # No rhyme is requested, or settled yet


@dataclass
class Draft:
    """Rows of poems, all of one form and all written up to the same place.

    Characters are numbered by their column: their place among the characters a model knows
    (`Vocabulary.hanzi`). Marks are not part of a draft. `columns`, (rows, form.hanzi) int32, are
    the characters so far; what lies ahead means nothing.
    """

    form: Form
    characters: tuple[str, ...]  # that columns refer to
    given: Columns  # (rows, form.hanzi) int32, or FREE
    place: int = 0  # being written, counting characters only

    def __post_init__(self) -> None:
        self.columns = np.zeros_like(self.given)

    @property
    def line(self) -> int:
        """The line of the place being written, from 0."""
        return self.form.line_of(self.place)

    @property
    def column(self) -> int:
        """The place within that line, from 0."""
        return self.place - self.form.starts[self.line]

    @property
    def at_line_end(self) -> bool:
        """Whether the place being written is the last one of its line."""
        return self.place + 1 in self.form.starts

    @property
    def near_line_end(self) -> bool:
        """Whether it is one of the last two, where constraints may refuse the line."""
        return self.at_line_end or self.place + 2 in self.form.starts

    def line_texts(self, rows: Rows, line: int, last: Columns | None = None) -> list[str]:
        """A written line of some rows; with `last` these columns are at the place being written."""
        columns = self.columns[rows, self.form.characters_of(line)]
        if last is not None:
            columns[:, self.column] = last
        character = self.characters.__getitem__
        return ["".join(map(character, row)) for row in columns.tolist()]

    def keep(self, rows: Rows) -> None:
        """Go on with these rows, in this order; a row may be named more than once."""
        self.columns, self.given = self.columns[rows], self.given[rows]


@dataclass(frozen=True, eq=False)
class Start:
    """What a constraint is built from: the plan, and what was drawn for each row.

    The particles of one poem share `licences`, so that resampling leaves these at their rates.
    """

    plan: "Plan"  # the request and what follows from it
    draft: Draft  # the rows, nothing written yet
    sequences: tuple[LineSequence, ...]  # the line types of each row
    asked: Rows  # (rows,) number of the rhyme that each must take (`LEVEL_RHYMES`), or OPEN
    borrows: Mask  # (rows,) whether a rhymed first line takes a neighbouring rhyme if there is one
    licences: npt.NDArray[np.float64]  # (rows, lines) in [0, 1), to draw each line's licence by
    banned: Container[str]  # lines that must not be written


class Constraint:
    """One rule that poems must keep, with what it has to remember of each row.

    A character may be written where every constraint allows it. Each constraint sees the same
    calls in the same order: for every place `allowed`, then `record`; `keep` after rows were
    resampled. A module of this package that defines a constraint has its `OPTIONS`, and
    `build(start)`, which makes the constraint, or None where the request does not ask for it.
    """

    by_row: tuple[str, ...] = ()
    """Names of the attributes that have an entry for each row, (rows, …)."""

    def allowed(self, draft: Draft) -> Mask | None:  # noqa: ARG002
        """What may be written at the draft's place: (rows, characters), or None for anything.

        Has no effect on rows whose character is given there.
        """
        return None

    def refused(self, draft: Draft, rows: Rows, columns: Columns) -> Mask:  # noqa: ARG002
        """Which of some rows' lines must not continue with these columns; asked `near_line_end`."""
        return np.zeros(len(rows), dtype=bool)

    def record(self, draft: Draft, chosen: Columns) -> None:
        """Take note of the characters chosen at the draft's place, (rows,)."""

    def keep(self, rows: Rows) -> None:
        """Go on with these rows, in this order; a row may be named more than once."""
        for name in self.by_row:
            setattr(self, name, getattr(self, name)[rows])
