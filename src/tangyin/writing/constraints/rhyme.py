"""Rhyme: the even lines in one level rhyme, the first one with them when its type says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from tangyin.errors import UsageError
from tangyin.prosody import LEVEL_RHYMES, ToneTable, neighbouring, readings_of
from tangyin.verse import to_traditional
from tangyin.writing.constraints.draft import (
    FREE,
    OPEN,
    Columns,
    Constraint,
    Draft,
    Mask,
    Rows,
    Start,
)
from tangyin.writing.options import Option

OPTIONS = (
    Option("rhyme", str, "", offered=tuple(LEVEL_RHYMES), regulated=True).texts(
        en=("Rhyme", "A level rhyme (東); for a 詞, a part of 詞林正韻 or a character in it."),
        zh=("押韻", "三十個平聲韻之一，如「東」；填詞則用詞林正韻的韻部（第七部）或其中一字。"),
    ),
)

SURE = 0.3  # A character rhymes only by a reading that has this share of its level readings' weight


@dataclass(frozen=True)
class RhymeBook:
    """Which characters may be written to rhyme."""

    rhyming: Mask  # (30, V) the character rhymes in that rhyme (`LEVEL_RHYMES`)
    borrowed: Mask  # (30, V) a first line of a poem in that rhyme may borrow it from a neighbour
    likeliest: Rows  # (V,) the rhyme a character has most often

    @classmethod
    def of(cls, table: ToneTable, characters: Sequence[str]) -> "RhymeBook":
        """The book of some characters, `table` being their tones and rhymes."""
        weights = np.exp(table.log_rhymes)  # (V, 30)
        whole = weights.sum(axis=1)
        rhyming = (table.rhymes & (weights >= SURE * whole[:, None])).T
        borrowed = np.zeros_like(rhyming)
        for column, character in enumerate(characters):
            for reading in readings_of(character):
                if reading.level and reading.share >= SURE * whole[column]:
                    borrowed[:, column] |= _neighbours(reading.rhyme, reading.rime)
        likeliest = np.asarray(table.log_rhymes.argmax(axis=1), dtype=np.intp)
        # What can rhyme at all, if only by a rare reading, would not be heard as borrowed.
        return cls(rhyming, borrowed & ~table.rhymes.T, likeliest)


@cache
def _neighbours(rhyme: str, rime: str) -> Mask:
    """(30,) the rhymes that may borrow from a rhyme, as `neighbouring` has it."""
    return np.array([neighbouring(rhyme, rime, of) for of in LEVEL_RHYMES])


def build(start: Start) -> "Rhyme | None":
    """The constraint on line ends of 詩."""
    if start.draft.form.variant:
        return None
    fitting = start.plan.fitting
    rhymed = np.array([sequence.rhymed_start for sequence in start.sequences])
    writable = fitting.rhyme_writable
    return Rhyme(fitting.book, writable, start.draft, start.asked, rhymed, start.borrows)


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


class Rhyme(Constraint):
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
        """`writable` is (V,), the others (rows,); see `Start` for `asked` and `borrows`."""
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

    def allowed(self, draft: Draft) -> Mask | None:
        """See `Constraint.allowed`."""
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

    def record(self, draft: Draft, chosen: Columns) -> None:
        """See `Constraint.record`."""
        if not _rhyming_place(draft):
            return
        rhymes = self._rhymed_start if draft.line == 0 else np.ones(len(chosen), dtype=bool)
        settled = self._likeliest[chosen]
        if draft.line == 0:
            settled = np.where(self._borrows, self._lent_to[chosen], settled)
        self.rhyme = np.where((self.rhyme == OPEN) & rhymes, settled, self.rhyme)
        self._used[np.flatnonzero(rhymes), chosen[rhymes]] = True


def _rhyming_place(draft: Draft) -> bool:
    return draft.at_line_end and (draft.line == 0 or draft.line % 2 == 1)
