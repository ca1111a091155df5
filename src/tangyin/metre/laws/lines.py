"""No line is in the corpus, within one character of it, in the poem already, or banned."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.metre import novelty
from tangyin.metre.finding import Finding
from tangyin.metre.law import FREE, Columns, Draft, Law, Mask, Place, Rows, Wish
from tangyin.metre.option import Option
from tangyin.verse import BLANK, Form

OPTIONS = (
    Option("allow_quotes", bool, False, regulated=True).texts(
        en=("Allow old lines", "Allow lines of the corpus and near copies of them."),
        zh=("可用古人成句", "可以用語料中已有或只差一字的句子。"),
    ),
)

Known = Container[str] | novelty.LineFilter

OWN = 3
"""So many characters of a line must be the model's own for it to be refused as nearly known."""


KNOWN = "成句"


def build(wish: Wish) -> "Lines":
    """The law on whole lines."""
    if wish.options["allow_quotes"]:
        return Lines(wish.form, (), ())
    return Lines(wish.form, novelty.corpus_lines(), novelty.near_lines())


@dataclass(frozen=True)
class Lines(Law):
    """No line is known already, or within one character of a known one; nor is one repeated.

    `near` has known lines with a hole (`novelty.with_hole`).
    """

    form: Form
    known: Known
    near: Known

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """See `Law.check`."""
        repeated = {self.form.line_of(place) for place in self.form.repeats}
        return tuple(
            Finding.of(KNOWN, number + 1, (), words=line)
            for number, line in enumerate(lines)
            if BLANK not in line and number not in repeated
            if line in self.known or line in lines[:number] or self.is_near(line, range(len(line)))
        )

    def begin(self, draft: Draft) -> "NewLines":
        """See `Law.begin`."""
        return NewLines(draft, self, draft.course.banned if draft.course else ())

    def is_near(self, line: str, holes: Iterable[int]) -> bool:
        """Whether a known line differs at one of the holes alone."""
        return any(novelty.with_hole(line, hole) in self.near for hole in holes)


class NewLines(Place):
    """Refuses lines that are known already, or nearly, and those that are banned."""

    def __init__(self, draft: Draft, law: Lines, banned: Container[str]) -> None:
        super().__init__(draft)
        self._law, self._banned = law, banned

    def refused(self, rows: Rows, columns: Columns) -> Mask:
        """See `Place.refused`."""
        draft, law = self.draft, self._law
        texts = draft.line_texts(rows, draft.line, columns)
        if draft.place in draft.form.repeats:
            return np.array([draft.at_line_end and text in self._banned for text in texts])
        own = (draft.given[rows, draft.form.characters_of(draft.line)] == FREE).sum(axis=1) >= OWN
        if not draft.at_line_end:
            own &= draft.given[rows, draft.place] == FREE
            checked = zip(texts, own, strict=True)
            return np.array([of and law.is_near(text, [len(text) - 1]) for text, of in checked])
        refused = [text in self._banned or text in law.known for text in texts]
        for before in range(draft.line):
            earlier = draft.line_texts(rows, before)
            refused = [is_ or a == b for is_, a, b in zip(refused, texts, earlier, strict=True)]
        return np.array(
            [
                is_ or (of and law.is_near(text, range(len(text) - 1)))
                for is_, text, of in zip(refused, texts, own, strict=True)
            ]
        )
