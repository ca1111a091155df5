"""No line is in the corpus, within one character of it, in the poem already, or banned."""

from collections.abc import Container, Iterable

import numpy as np

from tangyin.writing import novelty
from tangyin.writing.constraints.draft import FREE, Columns, Constraint, Draft, Mask, Rows, Start
from tangyin.writing.options import Option

OPTIONS = (
    Option("allow_quotes", bool, False, regulated=True).texts(
        en=("Allow old lines", "Allow lines of the corpus and near copies of them."),
        zh=("可用古人成句", "可以用語料中已有或只差一字的句子。"),
    ),
)

Known = Container[str] | novelty.LineFilter

OWN = 3
"""So many characters of a line must be the model's own for it to be refused as nearly known."""


def build(start: Start) -> "Lines":
    """The constraint on whole lines."""
    if start.plan.request.allow_quotes:
        return Lines(start.banned, (), ())
    return Lines(start.banned, novelty.corpus_lines(), novelty.near_lines())


class Lines(Constraint):
    """Refuses lines that are known already, or nearly."""

    def __init__(self, banned: Container[str], known: Known, near: Known) -> None:
        """Lines that must not be written, and lines with a hole (`novelty.with_hole`) likewise."""
        self._banned, self._known, self._near = banned, known, near

    def refused(self, draft: Draft, rows: Rows, columns: Columns) -> Mask:
        """See `Constraint.refused`."""
        texts = draft.line_texts(rows, draft.line, columns)
        if draft.place in draft.form.repeats:
            return np.array([draft.at_line_end and text in self._banned for text in texts])
        own = (draft.given[rows, draft.form.characters_of(draft.line)] == FREE).sum(axis=1) >= OWN
        if not draft.at_line_end:
            own &= draft.given[rows, draft.place] == FREE
            checked = zip(texts, own, strict=True)
            return np.array([of and self._is_near(text, [len(text) - 1]) for text, of in checked])
        refused = [text in self._banned or text in self._known for text in texts]
        for before in range(draft.line):
            earlier = draft.line_texts(rows, before)
            refused = [is_ or a == b for is_, a, b in zip(refused, texts, earlier, strict=True)]
        return np.array(
            [
                is_ or (of and self._is_near(text, range(len(text) - 1)))
                for is_, text, of in zip(refused, texts, own, strict=True)
            ]
        )

    def _is_near(self, line: str, holes: Iterable[int]) -> bool:
        """Whether a known line differs at one of the holes alone."""
        return any(novelty.with_hole(line, hole) in self._near for hole in holes)
