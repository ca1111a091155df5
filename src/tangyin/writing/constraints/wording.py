"""Constraints on the characters themselves: none that is forbidden, none too often."""

import numpy as np

from tangyin.writing.constraints.draft import FREE, Columns, Draft, Mask, Rows, Stateless


class Forbidden(Stateless):
    """Never writes certain characters."""

    def __init__(self, forbidden: Mask) -> None:
        """`forbidden` is (characters,), True for what must not stand."""
        self._mask = ~forbidden[None]

    def allowed(self, draft: Draft) -> Mask:
        """See `Constraint.allowed`."""
        return np.broadcast_to(self._mask, (len(draft.columns), self._mask.shape[1]))


class Repetition:
    """Writes no character more often than a number of times, reduplication (離離) counted as one.

    What is given counts from the beginning, so that the places before it leave room for it.
    """

    def __init__(self, draft: Draft, most: int) -> None:
        """Begin.

        Args:
            draft: the poems, nothing written yet.
            most: how often one character may stand in a poem.
        """
        given = draft.given
        counted = given != FREE
        starts_line = np.arange(draft.form.hanzi) % draft.form.characters == 0
        counted[:, 1:] &= (given[:, 1:] != given[:, :-1]) | starts_line[1:]
        self._counts = np.zeros((len(given), len(draft.characters)), dtype=np.int8)
        np.add.at(self._counts, (np.nonzero(counted)[0], given[counted]), 1)
        self._most = most

    def allowed(self, draft: Draft) -> Mask:
        """See `Constraint.allowed`."""
        mask: Mask = self._counts < self._most
        if draft.column:
            before = draft.columns[:, draft.place - 1]
            doubled = (
                before == draft.columns[:, draft.place - 2]
                if draft.column > 1
                else np.zeros(len(before), dtype=bool)
            )
            mask[np.arange(len(mask)), before] = ~doubled
        return mask

    def record(self, draft: Draft, chosen: Columns) -> None:
        """See `Constraint.record`."""
        counted = draft.given[:, draft.place] == FREE
        if draft.column:
            counted &= draft.columns[:, draft.place - 1] != chosen
        self._counts[np.arange(len(chosen)), chosen] += counted.astype(np.int8)

    def keep(self, rows: Rows) -> None:
        """See `Constraint.keep`."""
        self._counts = self._counts[rows]
