"""No line is in the corpus, in the poem already, or banned."""

from collections.abc import Container

from tangyin.writing import novelty
from tangyin.writing.constraints.draft import Constraint, Draft, Start
from tangyin.writing.options import Option

OPTIONS = (
    Option("allow_quotes", bool, False, regulated=True).texts(
        en=("Allow old lines", "Allow lines that occur in the corpus."),
        zh=("可用古人成句", "可以用語料中已有的句子。"),
    ),
)


def build(start: Start) -> "Lines":
    """The constraint on whole lines."""
    quotable = start.plan.request.allow_quotes
    known: Container[str] | novelty.LineFilter = () if quotable else novelty.corpus_lines()
    return Lines(start.banned, known)


class Lines(Constraint):
    """Refuses lines that are known already."""

    def __init__(self, banned: Container[str], known: Container[str] | novelty.LineFilter) -> None:
        """Both hold lines that must not be written."""
        self._banned, self._known = banned, known

    def refuses(self, draft: Draft, row: int, last: int) -> bool:
        """See `Constraint.refuses`."""
        line = draft.line_text(row, draft.line, last)
        earlier = (draft.line_text(row, before) for before in range(draft.line))
        return line in self._banned or line in self._known or line in earlier
