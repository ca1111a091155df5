"""What a law is: one object that checks a finished poem and says what an unfinished one may have.

The two faces of a law agree: a character is allowed at a place if and only if the checker finds no
new fault that no continuation can avoid. `tests/metre/test_law.py` tests this for every law. (A
later character may make a word that frees the reading of an earlier one; nothing counts on this.)
"""

from abc import ABC, abstractmethod
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from tangyin.metre.finding import Finding
from tangyin.metre.pattern import Sequence as LineSequence
from tangyin.verse import BLANK, Form

Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.int32]
Uniforms = npt.NDArray[np.float64]

FREE = -1  # Nothing is given for this place
OPEN = -1  # No rhyme is requested, or settled yet


@dataclass(frozen=True, eq=False)
class Course:
    """What was drawn for each row at the rates of Tang verse: a part of what the laws allow.

    The particles of one poem share `licences`, so that resampling leaves these at their rates.
    """

    sequences: tuple[LineSequence, ...] = ()  # the line types of each row
    asked: Rows | None = None  # (rows,) number of the rhyme that each must take, or OPEN
    borrows: Mask | None = None  # (rows,) whether a rhymed first line takes a neighbouring rhyme
    licences: Uniforms | None = None  # (rows, lines) in [0, 1), to draw each line's licence by
    banned: Container[str] = ()  # lines that must not be written


@dataclass
class Draft:
    """Rows of poems, all of one form and all written up to the same place.

    Characters are numbered by their column: their place among the characters a model knows
    (`Vocabulary.hanzi`). Marks are not part of a draft. `columns`, (rows, form.hanzi) int32, are
    the characters so far; what lies ahead means nothing.
    """

    form: Form
    characters: tuple[str, ...]  # that columns refer to
    given: Columns  # (rows, form.hanzi) int32, or FREE
    place: int = 0  # being written, counting characters only
    course: Course | None = None  # what was drawn for each row at the beginning

    def __post_init__(self) -> None:
        self.columns = np.where(self.given == FREE, 0, self.given)

    @classmethod
    def of(cls, form: Form, characters: tuple[str, ...], text: str = "", rows: int = 1) -> Self:
        """A draft in which each row is given the same text, with □ for what is open."""
        column = {character: number for number, character in enumerate(characters)} | {BLANK: FREE}
        given = [column[c] for c in text.ljust(form.hanzi, BLANK)]
        return cls(form, characters, np.tile(np.array(given, dtype=np.int32), (rows, 1)))

    @property
    def line(self) -> int:
        """The line of the place being written, from 0."""
        return self.form.line_of(self.place)

    @property
    def column(self) -> int:
        """The place within that line, from 0."""
        return self.place - self.form.starts[self.line]

    @property
    def at_line_end(self) -> bool:
        """Whether the place being written is the last one of its line."""
        return self.place + 1 in self.form.starts

    @property
    def near_line_end(self) -> bool:
        """Whether it is one of the last two, where laws may refuse the line."""
        return self.at_line_end or self.place + 2 in self.form.starts

    def line_texts(self, rows: Rows, line: int, last: Columns | None = None) -> list[str]:
        """A written line of some rows; with `last` these columns are at the place being written."""
        columns = self.columns[rows, self.form.characters_of(line)]
        if last is not None:
            columns[:, self.column] = last
        character = self.characters.__getitem__
        return ["".join(map(character, row)) for row in columns.tolist()]

    def write(self, columns: Columns) -> None:
        """Write a character in each row, (rows,), and move to the next place."""
        self.columns[:, self.place] = columns
        self.place += 1

    def keep(self, rows: Rows) -> None:
        """Go on with these rows, in this order; a row may be named more than once."""
        self.columns, self.given = self.columns[rows], self.given[rows]


@dataclass(frozen=True)
class Wish:
    """What laws are built from: the form, the characters to write with, and options by name."""

    form: Form
    characters: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


class Place:
    """Where the rows of a draft are by one law, with what the law remembers of each row.

    For every place `allowed` is asked, then `read` is called; `keep` after rows were resampled.
    """

    by_row: tuple[str, ...] = ()
    """Names of the attributes that have an entry for each row, (rows, …)."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def allowed(self) -> Mask | None:
        """What may be written here: (rows, characters), or None for anything.

        Has no effect on rows whose character is given here.
        """
        return None

    def refused(self, rows: Rows, columns: Columns) -> Mask:  # noqa: ARG002
        """Which of some rows' lines must not continue with these columns.

        It is asked where the draft is `near_line_end`, of what depends on the whole line.
        """
        return np.zeros(len(rows), dtype=bool)

    def read(self, columns: Columns) -> None:
        """Read the characters (rows,) that are written at the draft's place."""

    def keep(self, rows: Rows) -> None:
        """Go on with these rows, in this order; a row may be named more than once."""
        for name in self.by_row:
            setattr(self, name, getattr(self, name)[rows])


class TextPlace(Place):
    """A place that judges the whole text of each row, rows of the same text once."""

    by_row = ("texts",)

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft)
        signs = (*draft.characters, BLANK)  # of which FREE is the last
        self.texts = np.array(["".join(signs[c] for c in row) for row in draft.given.tolist()])

    def allowed(self) -> Mask | None:
        """See `Place.allowed`."""
        found = {text: self.allowed_in(text) for text in dict.fromkeys(self.texts.tolist())}
        return np.stack([found[text] for text in self.texts.tolist()])

    @abstractmethod
    def allowed_in(self, text: str) -> Mask:
        """(V,) what may be at the draft's place of a text."""

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        written = zip(self.texts.tolist(), columns.tolist(), strict=True)
        self.texts = np.array([self.put(text, self.draft.characters[c]) for text, c in written])

    def put(self, text: str, character: str) -> str:
        """A text with a character at the draft's place."""
        return text[: self.draft.place] + character + text[self.draft.place + 1 :]


class Law(ABC):
    """A demand on poems.

    A module of `tangyin.metre.laws` has the `OPTIONS` that ask for its law, and `build(wish)`,
    which makes the law, or None where the wish does not ask for it.
    """

    is_metre: ClassVar[bool] = False
    """Whether it judges what is given too: a poem that breaks it is written again."""

    @abstractmethod
    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """The faults of a poem in traditional characters; an open place (□) is what suits it."""

    @abstractmethod
    def begin(self, draft: Draft) -> Place:
        """Where the rows of a draft are; if it has a course, within what that leaves of the law."""


@dataclass(frozen=True)
class All(Law):
    """The intersection of laws: what every one of them allows."""

    laws: tuple[Law, ...]

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """See `Law.check`: the faults by all laws."""
        return tuple(finding for law in self.laws for finding in law.check(lines))

    def begin(self, draft: Draft) -> "AllPlaces":
        """See `Law.begin`."""
        return AllPlaces(draft, [law.begin(draft) for law in self.laws])


class AllPlaces(Place):
    """The places of several laws."""

    def __init__(self, draft: Draft, places: Sequence[Place]) -> None:
        super().__init__(draft)
        self.places = places

    def allowed(self) -> Mask | None:
        """See `Place.allowed`."""
        found: Mask | None = None
        for place in self.places:
            mask = place.allowed()
            if mask is not None:
                found = mask.copy() if found is None else np.logical_and(found, mask, out=found)
        return found

    def refused(self, rows: Rows, columns: Columns) -> Mask:
        """See `Place.refused`."""
        refused = np.zeros(len(rows), dtype=bool)
        for place in self.places:
            refused |= place.refused(rows, columns)
        return refused

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        for place in self.places:
            place.read(columns)

    def keep(self, rows: Rows) -> None:
        """See `Place.keep`."""
        for place in self.places:
            place.keep(rows)
