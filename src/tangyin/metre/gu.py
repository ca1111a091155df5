"""古體: verse without tone patterns, of which rhyme alone can be told."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tangyin.metre.antithesis import couplets_of
from tangyin.metre.books import Book
from tangyin.metre.finding import NONE, Finding, Report
from tangyin.metre.law import Draft, Law, Place
from tangyin.metre.script import traditional_lines


@dataclass(frozen=True)
class Gu(Law):
    """A form without rules: everything is allowed."""

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:  # noqa: ARG002
        """See `Law.check`."""
        return ()

    def begin(self, draft: Draft) -> Place:
        """See `Law.begin`."""
        return Place(draft)


def check_ancient(lines: Sequence[str], book: Book) -> Report:
    """Report on 古體 of two or more lines of one length, other than 5 or 7: on its rhyme alone.

    No tone pattern exists for them, so they are not regulated. Each tone is the commonest one, and
    the rhyme is the one that most even lines can have.
    """
    shown = tuple(lines)
    poem = traditional_lines(shown, book)
    ends = [book.costs(line[-1]).rhymes for line in poem[1::2]]
    counts = Counter(rhyme for end in ends for rhyme in end)
    rhyme, count = counts.most_common(1)[0] if counts else (NONE, 0)
    if 2 * count <= len(ends):
        rhyme = NONE
    first = rhyme in book.costs(poem[0][-1]).rhymes
    none = NONE * len(poem)
    return Report(
        form="古體" if len(poem) > 2 else "聯",
        regulated=False,
        pattern=NONE,
        line_types=none,
        nearest=none,
        tones=tuple("".join(_tone(c, book) for c in line) for line in poem),
        rhyme=rhyme,
        first_line="入韻" if first else "不入韻",
        licences=(),
        faults=(Finding.of("非五七言", 0, (), count=len(poem[0])),),
        warnings=(),
        couplets=couplets_of(poem, shown),
        readings=(),
        lines=shown,
        read_as=poem,
        book=book.name,
        books=(),
    )


def _tone(character: str, book: Book) -> str:
    readings = book.readings(character)
    return "P" if not readings or readings[0].level else "Z"
