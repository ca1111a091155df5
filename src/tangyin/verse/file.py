"""The poems of a file, found one at a time: in rows of text, or in lines of JSON."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain, dropwhile
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from tangyin.errors import TangyinError, UsageError
from tangyin.files import Remark, read_lines
from tangyin.verse.couplet import couplet_lines
from tangyin.verse.form import known_forms
from tangyin.verse.lyric import tunes_in
from tangyin.verse.punctuation import FOREIGN, PLACEHOLDER, is_hanzi
from tangyin.verse.reader import cut, length_by_count, only_length, read_verse
from tangyin.verse.scan import (
    BLANK,
    HEADING_LENGTH,
    HEADING_ROWS,
    LONGEST,
    RUN,
    WHOLE,
    bare_row,
    has_marks,
    heading_rows,
    is_footnote,
    is_numbered,
    is_title,
    notes_inside,
    split_heading,
)  # fmt: skip
from tangyin.verse.tune import UNUSUAL, strangeness

SHORTEST_STANZA, LONGEST_STANZA = 3, 6
"""A stanza of 詞 beside one of equal lines has at least so many lines, and that at most so many."""

MOST_STANZAS, POEM = 4, 2
"""A 詞 has at most so many; what a poem more must come nearer to tunes (`tune.strangeness`)."""

_STRAY_BYTES = re.compile("[\udc80-\udcff]")  # what `files.read_lines` makes of them

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """A poem as it is in a file, not read yet.

    Attributes:
        line: number of the line of the file where it begins, from 1.
        text: rows of verse, possibly below a heading.
        fields: of a JSON object: `title` and `author` as text, and its other fields as they are.
        error: why the line of JSON is not a poem.
    """

    line: int
    text: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    error: UsageError | None = None

    def read(self, read: Callable[[str], T]) -> T | TangyinError:
        """What `read` makes of the text, or why it cannot."""
        try:
            if self.error:
                raise self.error
            if _STRAY_BYTES.search(self.text):
                raise UsageError("text.bytes")
            return read(self.text)
        except TangyinError as error:
            return error


def poems_of_file(path: Path, remark: Remark = lambda _, __: None) -> Iterator[Found]:
    """The poems of a text or JSONL file; see `files.read_lines` and `find_poems`."""
    return find_poems(read_lines(path, remark), jsonl=path.suffix.lower() in (".jsonl", ".ndjson"))


def find_poems(lines: Iterable[str], *, jsonl: bool = False) -> Iterator[Found]:
    """Find the poems of a file, in constant memory.

    Lines are JSON objects if `jsonl` is true or the first that is not blank begins with a brace
    (`read_record`), otherwise text (`split_poems`).
    """
    lines = iter(lines)
    for number, line in enumerate(lines, 1):
        if line.strip("\ufeff \t\r\n"):
            every = chain([line], lines)
            if jsonl or line.lstrip("\ufeff \t").startswith("{"):
                rows = enumerate(every, number)
                yield from (read_record(at, row) for at, row in rows if row.strip())
            else:
                for at, text in split_poems(every):
                    yield Found(at + number - 1, text)


def read_record(line: int, content: str) -> Found:
    """The poem of a JSON object: `text` (a string), or `lines` or `paragraphs` (lists of strings).

    `title` and `author` are read where they are; null is as good as nothing.
    """
    try:
        record = json.loads(content.removeprefix("\ufeff"))
        text = record.get("text") or "\n".join(record.get("lines") or record["paragraphs"])
        names = {name: record.get(name) or "" for name in ("title", "author")}
        if not all(isinstance(value, str) for value in (text, *names.values())):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Found(line, error=UsageError("text.not_a_record"))
    return Found(line, text, {**record, **names})


def split_poems(text: str | Iterable[str]) -> Iterator[tuple[int, str]]:
    """Split a text, or its lines, into its poems, each with the number of its first line.

    Blank lines separate poems. Of rows without a blank line between them, each that is whole by its
    marks or by the number of its characters is a poem, possibly below a heading; others are rows of
    one poem. A heading alone belongs to the poem that follows it. But one row directly below a poem
    without a heading, or between blank lines below two such poems, is not a heading, unless 《》, a
    label or a number says so. Single lines of verse with blank lines between them are one poem.
    Lines of unequal lengths are the stanzas of one poem if together they come nearer to the tune of
    a 詞. So are equal ones beside them, or below the name of the tune, if together they fit it. No
    more than `LONGEST` characters of a poem are kept.
    """
    stanzas: list[_Block] = []
    for block in _split(text):
        even = stanzas and stanzas[-1].is_even and block.is_even
        alone = even and not tunes_in(stanzas[0].title)
        begins = block.heading and not (block.is_of_rows and not tunes_in(block.title))
        if stanzas and (alone or begins or not block.lengths):
            yield from _poems_of(stanzas)
            stanzas = []
        stanzas.append(block)
        if not block.lengths:
            yield stanzas.pop().poem
        elif len(stanzas) == MOST_STANZAS:
            first = _grouped(stanzas)[0]
            yield reduce(_Block.above, first).poem
            stanzas = stanzas[len(first) :]
    yield from _poems_of(stanzas)


def _poems_of(stanzas: "list[_Block]") -> Iterator[tuple[int, str]]:
    return (reduce(_Block.above, group).poem for group in _grouped(stanzas))


def _grouped(stanzas: "list[_Block]") -> "list[list[_Block]]":
    """The stanzas of each poem: those that come nearest to tunes."""
    ways: list[tuple[float, list[list[_Block]]]] = [(0, [])]
    for end in range(1, len(stanzas) + 1):
        found = []
        for start, (cost, earlier) in enumerate(ways):
            group = stanzas[start:end]
            found.append((cost + _strangeness(group) + POEM, [*earlier, group]))
        ways.append(min(found, key=itemgetter(0)))
    return ways[-1][1]


def _strangeness(stanzas: "list[_Block]") -> float:
    """How far stanzas are from being one poem.

    One of equal lines is a poem. With others it must have the lines of a tune, or come near to them
    below the name of one; with its like it must fit the tune of the heading.
    """
    lengths = [length for each in stanzas for length in each.lengths]
    even = [each.is_even for each in stanzas]
    if even == [True]:
        return 0
    named = tunes_in(stanzas[0].title) if all(even) else ()
    short = any(len(each.lengths) < SHORTEST_STANZA for each in stanzas)
    if (any(even) and short) or (all(even) and not named):
        return math.inf
    found = strangeness(lengths, named)
    tune = tunes_in(stanzas[0].title)
    if tune and (verse := stanzas[0].verse):  # the first row may be a preface
        below = lengths[len(RUN.findall(verse[0])) :]
        found = min(found, strangeness(below, tune)) if below else found
    most = UNUSUAL if tune else 0
    return math.inf if any(even) and found > most else found


def _split(text: str | Iterable[str]) -> "Iterator[_Block]":
    """The poems that are apart by blank lines and marks, and the stanzas of 詞."""
    held, untitled = _Block(), 0
    for block, ended in _blocks(text.splitlines() if isinstance(text, str) else text):
        if held.leads(block) and not (untitled > 1 and held.is_bare_row):
            block = held.above(block)
        elif held:
            yield held
        held = _Block()
        if ended and (block.may_lead or block.spaced):
            held = block
            continue
        if stray := block.strays(untitled):
            yield stray
            block = replace(block, rows=block.rows[len(stray.rows) :])
        untitled = 0 if block.heading else untitled + 1
        yield block
    if held:
        yield held


@dataclass(frozen=True)
class _Block:
    """Rows that may be a poem: the number of each, itself, and what is verse of it.

    `apart` says that there is a blank line above, and `spaced` that each row is a single line of
    verse between blank lines; `size` counts characters.
    """

    rows: tuple[tuple[int, str, str], ...] = ()
    apart: bool = True
    spaced: bool = False
    size: int = 0

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def poem(self) -> tuple[int, str]:
        """What is split off."""
        return self.rows[0][0], "\n".join(row for _, row, _ in self.rows)

    @property
    def bare(self) -> list[str]:
        return [bare for _, _, bare in self.rows]

    @property
    def verse(self) -> list[str]:
        """The rows below the heading, if one of them has marks or is a whole poem."""
        return list(dropwhile(lambda bare: not (has_marks(bare) or _is_whole(bare)), self.bare))

    @property
    def lengths(self) -> list[int]:
        """The lengths of the lines of verse, if they have marks and may be a stanza."""
        if self.is_of_rows:
            return list(map(len, self.rows_of_verse))
        verse = "".join(self.verse)
        counted = has_marks(verse) and not self.is_too_long and not self.is_couplet
        if FOREIGN.search(verse.replace(PLACEHOLDER, BLANK).replace(BLANK, "")):
            return []
        lengths = [len(run) for run, _ in RUN.findall(verse)] if counted else []
        return [] if len(lengths) > LONGEST_STANZA and self.is_even else lengths

    @property
    def rows_of_verse(self) -> list[str]:
        """The rows below the name of a tune."""
        return [row for row in dropwhile(tunes_in, self.bare) if row]

    @property
    def is_of_rows(self) -> bool:
        """Whether the rows are lines of unequal lengths without marks, as of a stanza of 詞."""
        rows = self.rows_of_verse
        if len(rows) < WHOLE or self.is_too_long or any(map(_is_whole, rows)):
            return False
        known = {form.characters for form in known_forms()}
        return not {len(row) for row in rows} <= known and all(map(is_hanzi, "".join(rows)))

    @property
    def is_even(self) -> bool:
        """Whether the lines make couplets of equal lines."""
        runs = RUN.findall("".join(self.verse))
        return len(runs) % 2 == 0 and bool(length_by_count(runs) or only_length(runs))

    @property
    def title(self) -> str:
        """The heading as it was typed."""
        return " ".join(row for _, row, _ in self.heading.rows)

    @property
    def is_couplet(self) -> bool:
        """Whether this is a 對聯 by its shape."""
        lines = couplet_lines("\n".join(row for _, row, _ in self.rows), sure=True)
        return bool(lines) and not tunes_in(self.rows[0][1])

    @property
    def may_lead(self) -> bool:
        """Whether the rows are short and not verse."""
        if len(self.rows) > HEADING_ROWS or max(map(len, self.bare)) > HEADING_LENGTH:
            return False
        if self.is_couplet:
            return False
        with suppress(UsageError):
            return not cut(self.bare)
        return True

    @property
    def is_too_long(self) -> bool:
        """Whether this cannot be a poem, whatever follows."""
        return self.size > LONGEST

    @property
    def heading(self) -> "_Block":
        """The rows above those with marks; all if none has marks or is a whole poem."""
        return _Block(self.rows[: len(self.rows) - len(self.verse)])

    def strays(self, untitled: int) -> "_Block":
        """Rows above a whole poem that are not its heading, if any."""
        heading, last = self.heading, _Block(self.rows[-1:])
        if untitled and self.verse and heading.is_bare_row and not self.apart:
            return heading
        hides = len(self.rows) > 1 and _is_whole(last.bare[0]) and not self.can_be_read()
        return _Block(self.rows[:-1]) if hides and last.can_be_read() else _Block()

    def leads(self, block: "_Block") -> bool:
        """Whether this is the heading of `block`, or both are lines of one poem."""
        if self.spaced and block.spaced:
            return True
        both = self.bare + block.bare
        rows = heading_rows(both, marked=has_marks("".join(both)))
        named = bool(self) and len(self.rows) == 1 and bool(tunes_in(self.rows[0][1]))
        return bool(self) and self.may_lead and (named or rows >= len(self.rows))

    @property
    def is_bare_row(self) -> bool:
        """Whether this is one row, and no sign says that it is a heading."""
        return len(self.rows) == 1 and not is_title(self.rows[0][1])

    def with_row(self, number: int, row: str, bare: str) -> "_Block":
        return replace(self, rows=(*self.rows, (number, row, bare)), size=self.size + len(row))

    def above(self, block: "_Block") -> "_Block":
        return replace(self, rows=self.rows + block.rows, spaced=self.spaced and block.spaced)

    def can_be_read(self) -> bool:
        with suppress(UsageError):
            return bool(read_verse(self.poem[1]))
        return False

    def is_done(self) -> bool:
        """Whether the last row ends a poem: nothing of it is missing."""
        if self.is_too_long or not _is_whole(self.rows[-1][2]):
            return False
        verse = self.verse
        runs = RUN.findall("".join(verse))
        return bool(length_by_count(runs) if len(verse) > 1 else only_length(runs))

    def ends_before(self, row: str, bare: str) -> bool:
        """Whether the next row begins another poem, or the heading of one."""
        whole = _is_whole(bare)
        if self.is_too_long:
            return whole
        if not (verse := self.verse):
            numbered = is_numbered(row) and is_numbered(self.rows[-1][1])
            return whole and (numbered or len(self.rows) > HEADING_ROWS)
        if not whole and has_marks(bare):
            return is_title(row)
        runs = RUN.findall("".join(verse))
        if whole:
            both = RUN.findall("".join([*verse, bare]))
            return bool(length_by_count(runs)) or not length_by_count(both)
        # A title, unless the mark before is missing, or that of the last line.
        is_line = len(runs) % 2 and len(bare) == len(runs[-1][0])
        return is_title(row) or bool(runs and runs[-1][1] and not is_line)


def _blocks(lines: Iterable[str]) -> Iterator[tuple[_Block, bool]]:
    """Rows that belong together by themselves, and whether a blank line follows."""
    block = _Block()
    notes: set[str] = set()
    for number, line in enumerate(chain(lines, [""]), 1):
        row = " ".join(line[: LONGEST + 1].replace("\ufeff", "").splitlines()).strip()
        parts, rest = split_heading(row)
        bare = bare_row(rest)
        if row and (is_footnote(row, notes) or not (parts or bare)):
            continue
        if block and (not row or block.ends_before(row, bare)):
            alone = not row and len(block.rows) == 1 and _is_line(block.bare[0])
            yield replace(block, spaced=alone), not row
            block = _Block(apart=False)
        if not row:
            block = _Block()
            continue
        if not block:
            notes = set()
        notes.update(notes_inside(row))
        if not block.is_too_long:
            block = block.with_row(number, row, bare)
        if block.is_done():
            yield block, False
            block = _Block(apart=False)


def _is_whole(bare: str) -> bool:
    """Whether a row is a whole poem, by its marks or by the number of its characters."""
    if has_marks(bare):
        return len(RUN.findall(bare)) >= WHOLE
    return any(form.hanzi == len(bare) for form in known_forms())


def _is_line(bare: str) -> bool:
    """Whether a row is a single line of verse, with its mark or without."""
    runs = RUN.findall(bare)
    return len(runs) == 1 and any(form.characters == len(runs[0][0]) for form in known_forms())
