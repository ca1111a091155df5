"""The checker: from lines to a report."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tangyin.errors import UsageError
from tangyin.metre import finding as report
from tangyin.metre.antithesis import couplets_of
from tangyin.metre.books import BOOKS, PINGSHUI, Book
from tangyin.metre.finding import ByBook, Finding, Report
from tangyin.metre.lattice import ShiPlace
from tangyin.metre.law import Columns, Draft, Law, Mask
from tangyin.metre.lian import check_couplet, is_opening
from tangyin.metre.pattern import OUT_OF_PATTERN, THREE_LEVELS, sequence_of
from tangyin.metre.reading import FAULT, Assignment, assign, first_line_ends, read_with_ends
from tangyin.metre.script import traditional_lines
from tangyin.metre.shi_findings import (
    chosen_readings,
    common_rhyme,
    end_rhyme,
    first_line_rhyme,
    judge,
    letters,
    warn,
)
from tangyin.verse import BLANK, Form, form_of_shape, read_verse

BREAKS = (OUT_OF_PATTERN, THREE_LEVELS, report.UNRESCUED, report.NO_OPPOSITION)
"""Faults inside a couplet: many of them are a sign of ancient verse."""


def check_text(text: str, book: Book | None = None) -> Report:
    """Check one poem as typed: with or without marks, traditional or simplified; see `check_poem`.

    Raises:
        UsageError: the text is not two or more lines of five or seven characters.
    """
    return check_poem(read_verse(text).lines, book=book)


def check_poem(
    lines: Sequence[str],
    read_as: Sequence[str] = (),
    book: Book | None = None,
    *,
    briefly: bool = False,
) -> Report:
    """Check two or more lines without marks, all of five or all of seven characters.

    Two are a 對聯 (`check_couplet`) unless the first rhymes with the second. Tones and rhymes are
    those of `book`; None is the book of the kind of verse, 平水韻.

    Places left open (□) are read as it suits the others: an unfinished poem has the faults that no
    character there would remove. Its `pattern` and `tones` are one way to complete it, and `rhyme`
    is `-` until a foot is written.

    The report shows them as they are given; simplified ones are read in traditional characters
    (`traditional_lines`), which a caller who knows them gives as `read_as`.

    A brief report says nothing of antithesis and other books, whose tables it does not load.

    Raises:
        UsageError: the lines have other lengths, or there are fewer than two.
    """
    shown = tuple(lines)
    if len(shown) < 2 or {len(line) for line in shown} not in ({5}, {7}):
        raise UsageError("prosody.shape", lengths=[len(line) for line in shown])
    book = book or PINGSHUI
    poem = tuple(read_as) or traditional_lines(shown, book)
    if len(poem) == 2 and BLANK not in "".join(poem) and not is_opening(poem[0], poem[1], book):
        return check_couplet(shown[0], shown[1], poem, book)
    reading = assign(poem, book)
    rhyme = common_rhyme(poem, reading)
    licences, faults = judge(poem, shown, reading)
    ancient = _is_ancient(poem, reading, faults)
    types = "-" * len(poem) if reading.oblique else letters(reading.patterns, strict=bool(faults))
    sequence = None if ancient else sequence_of(types)
    couplets = () if briefly else couplets_of(poem, shown)
    tones = tuple(pattern.tones for pattern in reading.patterns)
    return Report(
        form=_form(poem, ancient=ancient),
        regulated=not faults,
        pattern=sequence.name(len(poem[0])) if sequence else report.NONE,
        line_types=types,
        nearest=types if reading.oblique else "".join(p.type for p in reading.patterns),
        tones=tones,
        rhyme=rhyme or report.NONE,
        first_line=_first_line(poem, reading),
        licences=tuple(licences),
        faults=tuple(faults),
        warnings=tuple(warn(poem, shown, reading, couplets)),
        couplets=couplets,
        readings=chosen_readings(poem, shown, tones, book),
        lines=shown,
        read_as=poem,
        book=book.name,
        books=() if briefly else by_books(poem, reading),
    )


def _form(lines: tuple[str, ...], *, ancient: bool) -> str:
    shape = form_of_shape(len(lines), len(lines[0]))
    if len(lines) == 2:
        return "聯"
    return "古體" if ancient else shape.name if shape else "排律"


def _is_ancient(lines: tuple[str, ...], reading: Assignment, faults: list[Finding]) -> bool:
    """Whether a poem is ancient-style verse rather than regulated verse with faults.

    It is if it has an oblique rhyme; if the number of lines is odd; if at least half of its
    couplets, and at least two, have a fault of `BREAKS`; if no couplet adheres to the one before
    (eight lines or more); or if at most half of the rhymes agree or are neighbours (six lines or
    more).
    """
    if reading.oblique or len(lines) % 2:
        return True
    couplets = len(lines) // 2
    broken = {(fault.line - 1) // 2 for fault in faults if fault.kind in BREAKS}
    if len(broken) >= max(2, couplets / 2):
        return True
    loose = sum(fault.kind == report.NO_ADHESION for fault in faults)
    if couplets >= 4 and loose == couplets - 1:
        return True
    strays = sum(fault.kind == report.OUT_OF_RHYME for fault in faults)
    if couplets < 3 or 2 * strays < couplets:
        return False
    feet, book = [line[-1] for line in lines[1::2]], reading.book
    rhymes = {rhyme for foot in feet for rhyme in book.costs(foot).rhymes}
    allied = [sum(bool(first_line_rhyme(foot, rhyme, book)) for foot in feet) for rhyme in rhymes]
    return 2 * max(allied, default=0) <= couplets


def _first_line(lines: tuple[str, ...], reading: Assignment) -> str:
    end = lines[0][-1]
    if reading.oblique:
        rhymes = end_rhyme(end, reading.rhyme, reading.book) == reading.rhyme
        return "入韻" if rhymes and reading.patterns[0].tones[-1] == "Z" else "不入韻"
    level = reading.patterns[0].tones[-1] == "P"
    own = first_line_rhyme(end, reading.rhyme, reading.book) if level else ""
    return "不入韻" if not own else "入韻" if own == reading.rhyme else "鄰韻"


def by_books(lines: tuple[str, ...], reading: Assignment) -> tuple[ByBook, ...]:
    """Whether a poem that was read by one book holds by each of `BOOKS`.

    `lines` are in traditional characters. `ByBook.holds` is the checker's verdict by that book.
    """
    complete = len(lines) % 2 == 0
    later = ["ZP"[number % 2] for number in range(1, len(lines))]
    found: dict[Book, ByBook] = {}
    # Two books of old tones, or of modern ones, read a line alike.
    keeps: dict[tuple[bool, str], bool] = {}
    for book in sorted(BOOKS, key=lambda book: book is not reading.book):
        feet = [book.costs(line[-1]) for line in lines]
        first, *ends = [foot.end_tones for foot in feet]
        known = (foot.rhymes for foot in feet[1::2] if foot.rhymes)
        rhymes = set(book.level_rhymes).intersection(*known)
        start = first if rhymes else ""
        own = feet[0], book.readings(lines[0][-1])
        level_starts = (first_line_ends(*own, rhyme, book)["P"] for rhyme in rhymes)
        if all(cost >= FAULT for cost in level_starts):
            start = start.replace("P", "")
        possible = complete and all(map(operator.contains, ends, later))
        starts = (start or first) if possible else ""
        if (book.modern, starts) not in keeps:
            if start and book is reading.book:
                kept = complete and not reading.faults
            else:
                costs = [dict.fromkeys(tones, 0.0) for tones in (starts, *later)]
                kept = bool(starts) and read_with_ends(lines, costs, book)[0] < FAULT
            keeps[book.modern, starts] = kept
        found[book] = ByBook(book.name, bool(start), keeps[book.modern, starts])
    return tuple(found[book] for book in BOOKS)


@dataclass(frozen=True)
class Shi(Law):
    """Regulated verse: 絕句, 律詩 and 排律, in any sequence of line types.

    With `sure` and `plain` less is allowed than passes (`lattice.ShiPlace`).
    """

    form: Form
    book: Book = PINGSHUI
    sure: bool = False
    plain: bool = False

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """See `Law.check`."""
        poem = tuple(lines)
        reading = assign(poem, self.book, level_only=True)
        return tuple(judge(poem, poem, reading)[1])

    def begin(self, draft: Draft) -> ShiPlace:
        """See `Law.begin`."""
        return ShiPlace(draft, self.book, sure=self.sure, plain=self.plain)


def tones_of_given(given: Columns, characters: Sequence[str], width: int) -> tuple[Mask, Mask]:
    """Whether the checker can read given characters (rows, lines · width) 平, and 仄.

    Both masks have the shape of `given`, and are True where nothing is given.
    """
    # Most rows are given the same.
    different, row_of = np.unique(given, axis=0, return_inverse=True)
    signs = [BLANK, *characters]  # FREE + 1 is the number of an open place
    texts = ("".join(signs[column + 1] for column in row) for row in different.tolist())
    lines = ([text[at : at + width] for at in range(0, len(text), width)] for text in texts)
    tones = [[own for line in poem for own in tones_of_line(line)] for poem in lines]
    row_of = row_of.reshape(-1)  # one version of NumPy keeps an axis here
    level, oblique = (np.array([[tone in own for own in row] for row in tones]) for tone in "PZ")
    return level[row_of], oblique[row_of]


@lru_cache(maxsize=10_000)
def tones_of_line(line: str) -> tuple[str, ...]:
    """For each place of a line the tones that the checker can read it in: P, Z or PZ."""
    return tuple(PINGSHUI.tones_at(line, at) for at in range(len(line)))
