"""Rhyme: the even lines in one level rhyme, the first one with them when its type says so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.errors import UsageError
from tangyin.metre.finding import Finding
from tangyin.metre.law import FREE, OPEN, Columns, Course, Draft, Law, Mask, Place, Rows, Wish
from tangyin.metre.option import Option
from tangyin.metre.reading import assign
from tangyin.metre.rhyme import LEVEL_RHYMES
from tangyin.metre.shi_findings import common_rhyme
from tangyin.metre.table import RhymeBook, tables_of
from tangyin.verse import BLANK, Form, to_traditional

OPTIONS = (
    Option("rhyme", str, "", offered=tuple(LEVEL_RHYMES), regulated=True).texts(
        en=("Rhyme", "A level rhyme (東); for a 詞, a part of 詞林正韻 or a character in it."),
        zh=("押韻", "三十個平聲韻之一，如「東」；填詞則用詞林正韻的韻部（第七部）或其中一字。"),
    ),
)

OTHER_RHYME = "限韻"


def build(wish: Wish) -> "InRhyme | None":
    """The law of the rhyme of 詩."""
    if wish.form.variant:
        return None
    asked = rhyme_number(wish.options["rhyme"])
    return InRhyme(wish.form, wish.characters, asked, frozenset(wish.options["avoid"]))


@dataclass(frozen=True)
class InRhyme(Law):
    """The poem has the requested rhyme (its number in `LEVEL_RHYMES`, or OPEN).

    In a course the rhyme is settled by the first foot. It may have no character to be avoided.
    """

    is_metre = True

    form: Form
    characters: tuple[str, ...]
    asked: int = OPEN
    avoided: frozenset[str] = frozenset()

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """See `Law.check`."""
        if self.asked == OPEN:
            return ()
        wanted, poem = LEVEL_RHYMES[self.asked], tuple(lines)
        rhyme = common_rhyme(poem, assign(poem, level_only=True))
        if rhyme == wanted or not any(line[-1] != BLANK for line in poem[1::2]):
            return ()
        return (Finding.of(OTHER_RHYME, 0, (), wanted=wanted, rhyme=rhyme or "-"),)

    def begin(self, draft: Draft) -> Place:
        """See `Law.begin`."""
        rows = len(draft.given)
        course = draft.course or Course()
        asked = np.full(rows, self.asked) if course.asked is None else course.asked
        borrows = np.zeros(rows, dtype=bool) if course.borrows is None else course.borrows
        rhymed = np.array([sequence.rhymed_start for sequence in course.sequences] or [False])
        _, readings, book = tables_of(self.characters)
        writable = readings.level & ~np.isin(self.characters, list(self.avoided))
        return Rhyme(book, writable, draft, asked, np.broadcast_to(rhymed, rows), borrows)


def rhyme_number(name: str) -> int:
    """The number of a rhyme (`LEVEL_RHYMES`) that the option `rhyme` names; OPEN for none."""
    if not name:
        return OPEN
    # 肴 is its own name, which OpenCC would change.
    spelled = name if name in LEVEL_RHYMES else to_traditional(name)
    spelled = {"眞": "真", "靑": "青"}.get(spelled, spelled)
    if len(spelled) != 1 or spelled not in LEVEL_RHYMES:
        raise UsageError("request.unknown_rhyme", name=name, rhymes=LEVEL_RHYMES)
    return LEVEL_RHYMES.index(spelled)


class Rhyme(Place):
    """Keeps the rhyme of every row.

    A row takes the rhyme of the first character at a rhyming place, unless one was requested; no
    character rhymes with itself. A first line may borrow from a neighbouring rhyme.
    """

    by_row = ("rhyme", "_rhymed_start", "_borrows", "_enough", "_used")

    def __init__(
        self,
        book: RhymeBook,
        writable: Mask,
        draft: Draft,
        asked: Rows,
        rhymed_start: Mask,
        borrows: Mask,
    ) -> None:
        """`writable` is (V,), the others (rows,); see `Course` for `asked` and `borrows`."""
        super().__init__(draft)
        self._rhyming = book.rhyming & writable
        self._borrowed = book.borrowed & writable
        self._likeliest = book.likeliest
        self._begins = self._rhyming[book.likeliest, np.arange(len(writable))]  # (V,)
        self.rhyme = asked.copy()  # (rows,) or OPEN
        self._rhymed_start = rhymed_start
        sizes = self._rhyming.sum(axis=1)
        has_near: Mask = np.asarray(self._borrowed.any(axis=1))
        self._borrows = rhymed_start & borrows & ((asked == OPEN) | has_near[asked])
        # A poem that begins on a borrowed rhyme continues in the largest rhyme that may borrow it.
        self._lent_to = np.where(self._borrowed, sizes[:, None], -1).argmax(axis=0)  # (V,)

        width = draft.form.characters
        ends = draft.given[:, width - 1 :: width]  # (rows, lines)
        rhymes = np.zeros_like(ends, dtype=bool)
        rhymes[:, 1::2] = True
        rhymes[:, 0] = rhymed_start
        self._used = np.zeros((len(ends), len(writable)), dtype=bool)
        given = rhymes & (ends != FREE)
        self._used[np.nonzero(given)[0], ends[given]] = True
        # A rhyme that has too few characters for what is left to be written is not begun.
        open_ = (rhymes & (ends == FREE)).sum(axis=1)
        self._enough = sizes >= open_[:, None]  # (rows, 30)

    def allowed(self) -> Mask | None:
        """See `Place.allowed`."""
        draft = self.draft
        if not _rhyming_place(draft):
            return None
        is_open = (self.rhyme == OPEN)[:, None]
        begins = self._begins & self._enough[:, self._likeliest]
        mask: Mask = np.where(is_open, begins, self._rhyming[self.rhyme])  # (rows, V)
        if draft.line == 0:
            if self._borrows.any():
                lent = self._borrowed.any(axis=0) & self._enough[:, self._lent_to]
                borrowed = np.where(is_open, lent, self._borrowed[self.rhyme])
                mask = np.where(self._borrows[:, None], borrowed, mask)
            mask |= ~self._rhymed_start[:, None]
        mask &= ~self._used
        return mask

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        draft = self.draft
        if not _rhyming_place(draft):
            return
        rhymes = self._rhymed_start if draft.line == 0 else np.ones(len(columns), dtype=bool)
        settled = self._likeliest[columns]
        if draft.line == 0:
            settled = np.where(self._borrows, self._lent_to[columns], settled)
        self.rhyme = np.where((self.rhyme == OPEN) & rhymes, settled, self.rhyme)
        self._used[np.flatnonzero(rhymes), columns[rhymes]] = True


def _rhyming_place(draft: Draft) -> bool:
    return draft.at_line_end and (draft.line == 0 or draft.line % 2 == 1)
