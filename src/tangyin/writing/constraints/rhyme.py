"""Rhyme: the even lines in one level rhyme, the first one with them when its type says so."""

import numpy as np
import numpy.typing as npt

from tangyin.prosody import LEVEL_RHYMES, ToneTable, neighbouring
from tangyin.writing.constraints.draft import Columns, Draft, Mask, Rows

OPEN = -1
"""The rhyme of a row that has not come to one yet."""

SURE = 0.3
"""A character rhymes only by a reading that has this share of its level readings' weight."""


class Rhyme:
    """Keeps the rhyme of every row.

    A row takes the rhyme of the first character that stands at a rhyming place, unless one was
    asked for; no character rhymes with itself. A first line may borrow from a neighbouring rhyme.
    """

    def __init__(
        self,
        table: ToneTable,
        asked: npt.NDArray[np.intp],
        rhymed_start: Mask,
        borrows: Mask,
    ) -> None:
        """Begin.

        Args:
            table: tones and rhymes of the characters.
            asked: (rows,) number of the rhyme asked for (`LEVEL_RHYMES`), or OPEN.
            rhymed_start: (rows,) the first line rhymes.
            borrows: (rows,) the first line, where it rhymes, takes a neighbouring rhyme.
        """
        weights = np.exp(table.log_rhymes)  # (V, 30)
        whole = weights.sum(axis=1, keepdims=True)
        self._can_rhyme = (table.rhymes & (weights >= SURE * whole)).T  # (30, V)
        self._any = self._can_rhyme.any(axis=0)
        self._likeliest = table.log_rhymes.argmax(axis=1)  # (V,)
        self._log_rhymes = table.log_rhymes
        self._near = np.array(
            [[neighbouring(a, "", b) and a != b for b in LEVEL_RHYMES] for a in LEVEL_RHYMES]
        )  # (30, 30)
        self._rhyme = asked.copy()
        self._rhymed_start = rhymed_start
        self._borrows = borrows
        self._used = np.zeros((len(asked), 0), dtype=np.int32)

    @property
    def rhyme(self) -> npt.NDArray[np.intp]:
        """(rows,) number of each row's rhyme, or OPEN."""
        return self._rhyme

    def allowed(self, draft: Draft) -> Mask | None:
        """See `Constraint.allowed`."""
        if not draft.at_line_end or (draft.line != 0 and draft.line % 2 == 0):
            return None
        mask: Mask = np.where(
            (self._rhyme == OPEN)[:, None], self._any, self._can_rhyme[self._rhyme]
        )  # (rows, V)
        if draft.line == 0:
            borrowed = self._borrows & (self._rhyme != OPEN)
            if borrowed.any():
                near = self._near[self._rhyme[borrowed]] @ self._can_rhyme
                mask[borrowed] = near & ~self._can_rhyme[self._rhyme[borrowed]]
            mask |= ~self._rhymed_start[:, None]
            return mask
        if self._used.shape[1]:
            np.put_along_axis(mask, self._used, values=False, axis=1)
        return mask

    def record(self, draft: Draft, chosen: Columns) -> None:
        """See `Constraint.record`."""
        if not draft.at_line_end or (draft.line != 0 and draft.line % 2 == 0):
            return
        takes = (self._rhyme == OPEN) & ((draft.line > 0) | self._rhymed_start)
        if draft.line == 0:
            # The row goes on in a neighbour of what its first line ends on.
            near = self._near[self._likeliest[chosen]]  # (rows, 30)
            settled = np.where(
                self._borrows & near.any(axis=1), near.argmax(axis=1), self._likeliest[chosen]
            )
        else:
            settled = self._likeliest[chosen]
        self._rhyme = np.where(takes, settled, self._rhyme)
        self._used = np.concatenate((self._used, chosen[:, None]), axis=1)

    def keep(self, rows: Rows) -> None:
        """See `Constraint.keep`."""
        self._rhyme = self._rhyme[rows]
        self._rhymed_start = self._rhymed_start[rows]
        self._borrows = self._borrows[rows]
        self._used = self._used[rows]
