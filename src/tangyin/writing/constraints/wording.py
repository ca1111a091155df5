"""Constraints on the characters themselves: none that is forbidden, none too often."""

import numpy as np

from tangyin.writing.constraints.draft import Columns, Draft, Mask, Rows, Stateless


class Forbidden(Stateless):
    """Never writes certain characters."""

    def __init__(self, forbidden: Mask) -> None:
        """`forbidden` is (characters,), True for what must not stand."""
        self._mask = ~forbidden[None]

    def allowed(self, draft: Draft) -> Mask:
        """See `Constraint.allowed`."""
        return np.broadcast_to(self._mask, (len(draft.columns), self._mask.shape[1]))


class Repetition:
    """Writes no character more often than a number of times, reduplication (離離) aside."""

    def __init__(self, rows: int, characters: int, most: int) -> None:
        """Begin with nothing written.

        Args:
            rows: number of rows.
            characters: number of characters known.
            most: how often one may stand in a poem.
        """
        self._counts = np.zeros((rows, characters), dtype=np.int8)
        self._most = most

    def allowed(self, draft: Draft) -> Mask:
        """See `Constraint.allowed`."""
        mask: Mask = self._counts < self._most
        if draft.column:
            before = draft.columns[:, draft.place - 1]
            mask[np.arange(len(mask)), before] = True
        return mask

    def record(self, draft: Draft, chosen: Columns) -> None:
        """See `Constraint.record`."""
        doubled = draft.columns[:, draft.place - 1] == chosen if draft.column else False
        self._counts[np.arange(len(chosen)), chosen] += np.where(doubled, 0, 1).astype(np.int8)

    def keep(self, rows: Rows) -> None:
        """See `Constraint.keep`."""
        self._counts = self._counts[rows]
