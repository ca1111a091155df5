"""No character occurs too often."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.metre.finding import Finding
from tangyin.metre.law import FREE, Columns, Draft, Law, Mask, Place, Wish
from tangyin.metre.option import Option
from tangyin.verse import BLANK, Form

OPTIONS = (
    Option("most", int, 2, minimum=1, regulated=True).texts(
        en=(
            "Repeats",
            "How often one character may occur in a poem; a doubled one (離離) counts once.",
        ),
        zh=("重字", "同一個字在一首詩裡最多出現幾次；疊字（離離）算一次。"),
    ),
)


REPEATED = "重字"


def build(wish: Wish) -> "Repetition":
    """The law on repeated characters."""
    return Repetition(wish.form, wish.options["most"])


@dataclass(frozen=True)
class Repetition(Law):
    """No character occurs more often than a number of times, reduplication (離離) counted as one.

    What a 詞 repeats does not count.
    """

    form: Form
    most: int

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """See `Law.check`."""
        counts: Counter[str] = Counter()
        for start, line in zip(self.form.starts, lines, strict=False):
            counts.update(
                character
                for at, character in enumerate(line)
                if start + at not in self.form.repeats and (not at or line[at - 1] != character)
            )
        del counts[BLANK]
        return tuple(
            Finding.of(REPEATED, 0, (), characters=character)
            for character, count in counts.items()
            for _ in range(count - self.most)
        )

    def begin(self, draft: Draft) -> "Repeating":
        """See `Law.begin`."""
        return Repeating(draft, self.most)


class Repeating(Place):
    """Counts the characters of every row.

    What is given counts from the beginning, so that the places before it leave room for it.
    """

    by_row = ("_counts",)

    def __init__(self, draft: Draft, most: int) -> None:
        """`most` is how often one character may occur in a poem."""
        super().__init__(draft)
        given = draft.given
        counted = given != FREE
        starts_line = np.isin(np.arange(draft.form.hanzi), draft.form.starts)
        counted[:, 1:] &= (given[:, 1:] != given[:, :-1]) | starts_line[1:]
        self._counts = np.zeros((len(given), len(draft.characters)), dtype=np.int8)
        np.add.at(self._counts, (np.nonzero(counted)[0], given[counted]), 1)
        self._most = most

    def allowed(self) -> Mask | None:
        """See `Place.allowed`."""
        draft = self.draft
        if draft.place in draft.form.repeats:
            return None
        mask: Mask = self._counts < self._most
        if draft.column:
            before = draft.columns[:, draft.place - 1]
            mask[np.arange(len(mask)), before] = (
                before != draft.columns[:, draft.place - 2] if draft.column > 1 else True
            )
        return mask

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        draft = self.draft
        counted = (draft.given[:, draft.place] == FREE) & (draft.place not in draft.form.repeats)
        if draft.column:
            counted &= draft.columns[:, draft.place - 1] != columns
        self._counts[np.arange(len(columns)), columns] += counted.astype(np.int8)
