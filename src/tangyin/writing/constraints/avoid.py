"""Some characters are not written."""

import numpy as np

from tangyin.writing.constraints.draft import Constraint, Draft, Mask, Start
from tangyin.writing.options import Option

OPTIONS = (
    Option("avoid", str, "", regulated=True).texts(
        en=("Must not hold", "Characters that must not occur in the poem."),
        zh=("不用", "詩中不用的字。"),
    ),
)


def build(start: Start) -> "Forbidden | None":
    """The constraint, where there is something to avoid."""
    forbidden = start.plan.fitting.forbidden
    return Forbidden(forbidden) if forbidden.any() else None


class Forbidden(Constraint):
    """Never writes certain characters."""

    def __init__(self, forbidden: Mask) -> None:
        """`forbidden` is (characters,), True for what must not be written."""
        self._mask = ~forbidden[None]

    def allowed(self, draft: Draft) -> Mask:
        """See `Constraint.allowed`."""
        return np.broadcast_to(self._mask, (len(draft.columns), self._mask.shape[1]))
