"""The rows of a typed text: what is heading, number, note, pinyin or verse in each.

This is the only scanner of rows. The reader of one poem, and that of files, judge what it finds.
"""

import re
from collections.abc import Container, Iterator
from functools import lru_cache

from tangyin.errors import UsageError
from tangyin.verse.punctuation import FOREIGN, MARKS, normalize
from tangyin.verse.tune import tunes_so_called

BLANK = "□"
"""A character of a partial poem that is left open; 囗 is read as the same."""

LONGEST = 10_000
"""Characters up to which a text may be one poem, white space, quotation marks and all."""

HEADING_ROWS = 3
"""At most this many rows above the verse are its heading."""

HEADING_LENGTH = 18
"""Longest row of a heading of verse without marks, or with a blank line below: shorter than any
poem."""

WHOLE = 4
"""A row with at least this many marked lines is a poem of its own."""

_NUMERAL = "一二三四五六七八九十百"
NOTE = re.compile(rf"[\[［〔【(（][註注]?[\d{_NUMERAL}]{{1,3}}[\]］〕】)）]|[①-⑳⑴-⒇⁰¹²³⁴-⁹]")
"""The number of a note."""

_ASIDE = re.compile(r"[(（\[［〔【][^()（）\[\]［］〔〕【】]*[)）\]］〕】]")
_SERIES = re.compile(rf"[(（]?其[{_NUMERAL}]{{1,3}}[)）]?")
_NUMBER = re.compile(
    rf"^(?:第?\d{{1,6}}(?:首|[.．、:：)）]|$)|[{_NUMERAL}]{{1,4}}[、.．)）]|其[{_NUMERAL}]{{1,3}}[、:：])"
)
_PINYIN = re.compile(
    r"(?=.*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ])[a-zāáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜńňǹ\W]+", re.IGNORECASE
)
# 王之渙《登鸛雀樓》, or 《登鸛雀樓》王之渙 with a colon or a space behind; not 夜讀《離騷》.
_NAME = rf"[^《》{MARKS}:,.、．\s]"
_TITLE = re.compile(
    rf"({_NAME}{{2,4}}(?<!讀)(?<!读))?\s*(《[^》]*》)"
    rf"(?:\s*({_NAME}{{1,8}})[:：]|\s*({_NAME}{{2,4}})(?=\s))?"
)
_LABEL = re.compile(r"^(?:[詩诗]?[題题]目?|[標标][題题]|作者|[詩诗]人)[：:]\s*")
_DOTTED = re.compile(rf"\s*([^{MARKS},.]{{2,8}})([.．。])[^{MARKS},.]+")
"""水調歌頭.明月幾時有: the name of a tune and what the 詞 is called."""

RUN = re.compile(f"([^{MARKS}\n]+)([{MARKS}]?)")


def check_length(text: str) -> None:
    """Refuse a text that is too long for a poem."""
    if len(text) > LONGEST:
        raise UsageError("text.overlong", count=len(text), most=LONGEST)


def rows_of(text: str) -> Iterator[str]:
    """The rows that hold something, 《title》, author and verse of one row being three."""
    seen: set[str] = set()
    for row in text.splitlines():
        if is_footnote(row, seen):
            continue
        seen.update(notes_inside(row))
        parts, rest = split_heading(row)
        yield from (part for part in (*parts, rest) if bare_row(part))


@lru_cache(maxsize=1024)
def split_heading(row: str) -> tuple[tuple[str, ...], str]:
    """Author and 《title》 at the head of a row, and the rest of it; the number is left out."""
    row = _NUMBER.sub("", row.strip()).strip()
    if not (found := _TITLE.match(row)):
        return (), row
    return tuple(part for part in found.groups() if part), row[found.end() :].strip()


def is_numbered(row: str) -> bool:
    """Whether a row begins with a number, as poems of a list do."""
    return bool(_NUMBER.match(row.strip()))


def is_title(row: str) -> bool:
    """Whether a row says that it is a heading: by a number, 《》 or a label."""
    bare = NOTE.sub("", row.strip())
    signs = (_NUMBER.match(bare), _TITLE.match(bare), _LABEL.match(bare), _SERIES.fullmatch(bare))
    return any(signs)


def notes_inside(row: str) -> list[str]:
    """The numbers of notes in a row, except one at its head."""
    return [found[0] for found in NOTE.finditer(row.strip()) if found.start()]


def is_footnote(row: str, notes: Container[str]) -> bool:
    """Whether a row begins with the number of one of these `notes`."""
    found = NOTE.match(row.strip())
    return found is not None and found[0] in notes


@lru_cache(maxsize=1024)
def bare_row(row: str) -> str:
    """A row without notes, label and pinyin, normalized."""
    if _PINYIN.fullmatch(row):
        return ""
    row = NOTE.sub("", row)
    if (dotted := _DOTTED.fullmatch(row)) and tunes_so_called(dotted[1]):
        row = row.replace(dotted[2], "", 1)
    if not _SERIES.fullmatch(row):
        row = _LABEL.sub("", _ASIDE.sub("", row))
    return normalize(row)


def has_marks(text: str) -> bool:
    """Whether a normalized text has a mark."""
    return any(mark in text for mark in MARKS)


def heading_rows(rows: list[str], *, marked: bool) -> int:
    """How many rows may be a heading: those before the first mark, or not as long as the last."""
    for number, row in enumerate(rows[:HEADING_ROWS]):
        is_long = len(row) > HEADING_LENGTH or len(row) == len(rows[-1])
        is_verse = has_marks(row) if marked else is_long
        if is_verse and not row.startswith("《"):
            return number
    return min(len(rows), HEADING_ROWS)


def heading_of(rows: list[str]) -> tuple[str, str]:
    """Title and author: the row in 《》 or the first is the title, the next one the author."""
    rows = [_LABEL.sub("", NOTE.sub("", row)).strip() for row in rows]
    series = [row for row in rows if _SERIES.fullmatch(row)]
    rows = sorted((row for row in rows if row not in series), key=lambda row: row[0] != "《")
    title, author, *_ = [*(row[1:-1] if row[0] == "《" else row for row in rows), "", ""]
    return " ".join(filter(None, [title, *series])), author


def check_rows(rows: list[str], skipped: int) -> None:
    """Refuse a character that is neither Chinese nor a mark; `skipped` rows are above these."""
    for number, row in enumerate(rows, skipped + 1):
        if found := FOREIGN.search(row):
            point = f"U+{ord(found[0]):04X}"
            raise UsageError(
                "text.character", character=found[0], point=point, line=number, marks=MARKS
            )
