"""No character occurs too often."""

import numpy as np

from tangyin.writing.constraints.draft import FREE, Columns, Constraint, Draft, Mask, Start
from tangyin.writing.options import Option

OPTIONS = (
    Option("most", int, 2, minimum=1, regulated=True).texts(
        en=(
            "Repeats",
            "How often one character may occur in a poem; a doubled one (離離) counts once.",
        ),
        zh=("重字", "同一個字在一首詩裡最多出現幾次；疊字（離離）算一次。"),
    ),
)


def build(start: Start) -> "Repetition":
    """The constraint on repeated characters."""
    return Repetition(start.draft, start.plan.request.most)


class Repetition(Constraint):
    """Writes no character more often than a number of times, reduplication (離離) counted as one.

    What is given counts from the beginning, so that the places before it leave room for it.
    """

    by_row = ("_counts",)

    def __init__(self, draft: Draft, most: int) -> None:
        """`most` is how often one character may occur in a poem."""
        given = draft.given
        counted = given != FREE
        starts_line = np.isin(np.arange(draft.form.hanzi), draft.form.starts)
        counted[:, 1:] &= (given[:, 1:] != given[:, :-1]) | starts_line[1:]
        self._counts = np.zeros((len(given), len(draft.characters)), dtype=np.int8)
        np.add.at(self._counts, (np.nonzero(counted)[0], given[counted]), 1)
        self._most = most

    def allowed(self, draft: Draft) -> Mask | None:
        """See `Constraint.allowed`."""
        if draft.place in draft.form.repeats:
            return None
        mask: Mask = self._counts < self._most
        if draft.column:
            before = draft.columns[:, draft.place - 1]
            mask[np.arange(len(mask)), before] = (
                before != draft.columns[:, draft.place - 2] if draft.column > 1 else True
            )
        return mask

    def record(self, draft: Draft, chosen: Columns) -> None:
        """See `Constraint.record`."""
        counted = (draft.given[:, draft.place] == FREE) & (draft.place not in draft.form.repeats)
        if draft.column:
            counted &= draft.columns[:, draft.place - 1] != chosen
        self._counts[np.arange(len(chosen)), chosen] += counted.astype(np.int8)
