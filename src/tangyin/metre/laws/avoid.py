"""Some characters are not written."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.metre.finding import Finding
from tangyin.metre.law import Draft, Law, Mask, Place, Wish
from tangyin.metre.option import Option

OPTIONS = (
    Option("avoid", str, "", regulated=True).texts(
        en=("Must not hold", "Characters that must not occur in the poem."),
        zh=("不用", "詩中不用的字。"),
    ),
)

AVOIDED = "忌字"


def build(wish: Wish) -> "Avoid | None":
    """The law, where there is something to avoid."""
    avoided = frozenset(wish.options["avoid"])
    return Avoid(avoided) if avoided.intersection(wish.characters) else None


@dataclass(frozen=True)
class Avoid(Law):
    """Certain characters do not occur."""

    characters: frozenset[str]

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """See `Law.check`."""
        return tuple(
            Finding.of(AVOIDED, number, (at,), characters=character)
            for number, line in enumerate(lines, 1)
            for at, character in enumerate(line, 1)
            if character in self.characters
        )

    def begin(self, draft: Draft) -> Place:
        """See `Law.begin`."""
        return _Place(draft, ~np.isin(draft.characters, list(self.characters)))


class _Place(Place):
    def __init__(self, draft: Draft, mask: Mask) -> None:
        super().__init__(draft)
        self._mask = mask[None]

    def allowed(self) -> Mask:
        """See `Place.allowed`."""
        return np.broadcast_to(self._mask, (len(self.draft.given), self._mask.shape[1]))
