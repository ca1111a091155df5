"""The reader of 詞: lines of any length, possibly below the name of a tune."""

import re
from collections.abc import Iterator

from tangyin.errors import UsageError
from tangyin.verse.couplet import is_verse
from tangyin.verse.poem import Poem
from tangyin.verse.punctuation import MARKS, PLACEHOLDER
from tangyin.verse.scan import (
    BLANK,
    HEADING_LENGTH,
    HEADING_ROWS,
    RUN,
    bare_row,
    check_length,
    check_rows,
    has_marks,
    heading_of,
    rows_of,
)
from tangyin.verse.tune import Tune, tunes_so_called

_BETWEEN = re.compile(r"[\s·・•‧．.／/|｜:：—\-《》〈〉（）()【】,，。]+")
_BRACKETED = re.compile(r"^\s*[【〔\[［]([^】〕\]］]+)[】〕\]］]")


def read_lyric(text: str) -> list[Poem]:
    """The ways to read a text as lines of any length: with the first rows as heading or not.

    A row without marks above rows that have them is always heading; rows with marks below it may be
    a preface. In a text without marks a row of more than `HEADING_LENGTH` characters is verse, and
    one that names a tune may be: 大江東去 is 念奴嬌.
    Lines end at marks; in a text without any at line breaks and blanks, and then marks are added.

    Returns:
        One or more poems, those with the shortest heading first.

    Raises:
        UsageError: the text is too long or has no verse, or there is a foreign character in it.
    """
    check_length(text)
    rows = list(_rows(text))
    bare = [bare_row(row) for row in rows]
    marked = has_marks("".join(row for row in bare if not row.startswith("《")))
    least = _sure_heading(rows, bare, marked=marked)
    ways = []
    has_heading = least or not marked or (rows and tunes_in(rows[0]))
    most = max(least, min(HEADING_ROWS, len(rows) - 1)) if has_heading else 0
    if not marked:
        long = (number for number, row in enumerate(bare) if len(row) > HEADING_LENGTH)
        most = min(most, next(long, most))
        least = 0 if all(is_verse([row]) for row in bare[:least]) else least
    for skipped in range(least, most + 1):
        pieces = rows[skipped:] if marked else " ".join(rows[skipped:]).split()
        verse = [bare_row(piece) for piece in pieces]
        if runs := _runs(verse, skipped, marked=marked):
            lines, marks = zip(*runs, strict=True)
            ways.append(Poem(lines, "".join(marks), *heading_of(rows[:skipped])))
    if not ways:
        raise UsageError("text.only_marks" if rows else "text.empty")
    return ways


def tunes_in(heading: str) -> tuple[Tune, ...]:
    """The tunes that a heading names, such as 水調歌頭·明月幾時有; none in most."""
    parts = [part for part in _BETWEEN.split(heading) if part]
    found = (tune for part in parts[:HEADING_ROWS] for tune in tunes_so_called(part))
    return tuple(dict.fromkeys(found))


def is_headed(text: str) -> bool:
    """Whether the first of several rows names a tune."""
    first, *others = [*_rows(text), ""]
    return any(others) and bool(tunes_in(first))


def _rows(text: str) -> Iterator[str]:
    """The rows that hold something; the name of a tune before the verse is a row of its own."""
    bracketed = _BRACKETED.match(text)
    if bracketed and tunes_in(bracketed[1]):
        text = f"{bracketed[1]}\n{text[bracketed.end() :]}"
    for number, row in enumerate(rows_of(text)):
        head = re.split(f"[{MARKS}、,.?!;]", row)[0].rstrip()
        parts = _BETWEEN.split(head.lstrip())
        verse = len(head) - len(parts[-1])
        if not number and verse and len(row) > len(head) and tunes_so_called(parts[0]):
            yield row[:verse]
            yield row[verse:]
        else:
            yield row


def _sure_heading(rows: list[str], bare: list[str], *, marked: bool) -> int:
    """How many rows cannot be verse."""
    for number, (row, typed) in enumerate(zip(bare, rows, strict=True)):
        if number == HEADING_ROWS or number == len(rows) - 1:
            return number
        if has_marks(row) and not row.startswith("《") if marked else not tunes_in(typed):
            return number
    return 0


def _runs(verse: list[str], skipped: int, *, marked: bool) -> list[tuple[str, str]]:
    """The lines with their marks; in a text without marks ， after each."""
    verse = [row.replace(PLACEHOLDER, BLANK) for row in verse]
    check_rows([row.replace(BLANK, "") for row in verse], skipped)
    joined = ("" if marked else "，").join(verse)
    return [(run, mark or "。") for run, mark in RUN.findall(joined)]
