"""A text that was pasted on the sheet, as poems of the sheet: finished ones, and unfinished ones.

Title, author, script, form and open places are recognised. □, ＿, ○ and ＊ are open places, and so
is ？ inside a line. An empty row is an open line where the rows are then as many as the lines of
the form.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from operator import itemgetter

from tangyin.errors import TangyinError
from tangyin.metre import AnyReport, CiReport, check_any
from tangyin.verse import (
    BLANK,
    MARKS,
    Poem,
    find_poems,
    form_of_shape,
    is_hanzi,
    is_simplified,
    known_forms,
    open_forms,
    to_traditional,
)
from tangyin.verse.punctuation import PLACEHOLDER
from tangyin.verse.reader import HEADING_LENGTH, HEADING_ROWS, RUN, bare_row, heading_of, rows_of
from tangyin.verse.tune import LINE, PAUSE, Variant, tunes

_UPRIGHT = str.maketrans("︐︑︒︓︔︕︖﹁﹂﹃﹄", "，、。：；！？「」『』")
_OPEN = re.compile(rf"[_＿○◯×＊*{PLACEHOLDER}]")
_DYNASTY = re.compile(
    r"[\[［〔【(（]?(?:先秦|[兩两西東东]?[漢汉]|三國|三国|魏|[西東东]?晉|[西東东]?晋|南北朝|隋|初?盛?中?晚?唐|五代"
    r"|[北南]?宋|遼|辽|金|元|明|[清])(?:朝|代)?\s*[\]］〕】)）·・•\s:：]+"
)
_SIGNED = re.compile(rf"(?<=[{MARKS}」』\s])[—–─~～-]{{1,4}}\s*([^{MARKS}\s][^{MARKS}\n]{{0,20}})$")
_AROUND = " \u3000()（）[]［］〔〕【】/／·・,，"


FEWEST = 3
"""Two lines are a 對聯, or the beginning of a poem."""

Piece = tuple[str, str]
"""Characters of a row, and the mark behind them or ""."""


@dataclass(frozen=True)
class Lines:
    """The lines of a sheet whose form does not say them."""

    kind: str
    regulated: bool
    widths: tuple[int, ...]
    marks: tuple[str, ...]
    breaks: tuple[int, ...]


@dataclass(frozen=True)
class Pasted:
    """A poem for the sheet; □ is an open place, and `shape` null where the form says the lines."""

    form: str
    title: str
    author: str
    script: str
    lines: tuple[str, ...]
    marks: tuple[str, ...]
    open: int
    shape: Lines | None = None


def read_pasted(text: str, form: str = "", widths: Sequence[int] = ()) -> list[Pasted]:
    """The poems of a pasted text, for a sheet of a form with lines of these lengths.

    An unfinished poem takes the form of the sheet if it fits; a text without verse gives none.
    """
    marked, signed = _unsigned(_OPEN.sub(BLANK, text.translate(_UPRIGHT).replace("\t", " ")))
    asked = _with_asked(marked, {5, 7, *widths})
    # ？ is a mark wherever that makes a whole poem.
    found = _whole_poems(marked, widths) or (asked != marked and _whole_poems(asked, widths))
    return [_named(each, signed) for each in found or _unfinished(asked, form, tuple(widths))]


def _with_asked(text: str, known: set[int]) -> str:
    """The text with □ for each ？ that is inside a line; `known` are the lengths of lines."""
    return "\n".join(
        "".join(_asked(part, known) for part in re.split("([，。！；：,.!;:\\s]+)", row))
        for row in text.splitlines()
    )


def _asked(part: str, known: set[int]) -> str:
    """A part between other marks, with □ for ？ where that is an open place."""
    typed = part.replace("?", "？")
    if "？" not in typed:
        return part
    pieces = {len(piece) for piece in typed.split("？") if piece}
    whole = bool(pieces) and pieces <= known
    is_open = len(typed) in known or "？？" in typed
    return typed.replace("？", BLANK) if is_open and not whole else typed


def _unsigned(text: str) -> tuple[str, str]:
    """The text without ——杜甫 at its end, and that name."""
    found = _SIGNED.search(text.rstrip())
    return (text[: found.start()], found[1]) if found else (text, "")


def _named(poem: Pasted, signed: str) -> Pasted:
    """The poem with its author's name without the dynasty, which may part it from the title."""
    title, author = poem.title, poem.author or signed
    if not author and (dynasty := _DYNASTY.search(title)) and dynasty.start():
        title, author = title[: dynasty.start()], title[dynasty.end() :]
    author = _DYNASTY.sub("", author, count=1).partition("《")[0]
    return replace(poem, title=title.strip(_AROUND), author=author.strip(_AROUND))


# Finished poems


def _whole_poems(text: str, widths: Sequence[int]) -> list[Pasted]:
    """The poems of a text, if each of them fills a form; none otherwise."""
    found = []
    for each in find_poems(text.splitlines()):
        read = each.read(check_any)
        poem = None if isinstance(read, TangyinError) else _whole(*read, widths)
        if poem is None:
            return []
        found.append(poem)
    return found


def _whole(poem: Poem, report: AnyReport, widths: Sequence[int]) -> Pasted | None:
    if isinstance(report, CiReport):
        return _lyric(poem, report)
    count, lengths = len(poem.lines), {len(line) for line in poem.lines}
    if len(lengths) > 1 or count < FEWEST:
        return None
    width = lengths.pop()
    if form := form_of_shape(count, width):
        return _pasted(form.name, poem, None)
    if count < len(widths) and {*widths} == {width}:
        return None  # it begins what the sheet is for
    open_ = [
        form
        for form in open_forms()
        if form.characters == width and form.fewest_lines <= count <= form.most_lines
    ]
    # 排律 if it keeps the rules, and 古體 if not.
    form = next((form for form in open_ if form.regulated == report.regulated), None)
    if form is None:
        return None
    shape = Lines(form.kind, form.regulated, (width,) * count, tuple(poem.marks), ())
    return _pasted(form.name, poem, shape)


def _lyric(poem: Poem, report: CiReport) -> Pasted | None:
    """A 詞, if all its lines are as long as in the variant that it is nearest to."""
    tune = next(tune for tune in tunes() if tune.variants[0].names[0] == report.tune)
    variant = next(one for one in tune.variants if one.number == report.variant)
    shape = lines_of(variant)
    if tuple(map(len, report.lines)) != shape.widths:
        return None
    name = report.tune if variant.usual else f"{report.tune}·{variant.number}"
    title = " ".join(
        part for part in re.split(r"[·・•\s]", poem.title) if to_traditional(part) not in tune.names
    )
    lines = tuple(report.lines)
    marks = tuple(poem.marks) if len(poem.marks) == len(lines) else shape.marks
    return replace(_pasted(name, poem, shape), title=title, lines=lines, marks=marks)


def lines_of(variant: Variant) -> Lines:
    """The lines of a variant of a tune, with the marks that are usual there."""
    lines = variant.lines
    return Lines(
        kind="詞",
        regulated=True,
        widths=tuple(len(line.tones) for line in lines),
        marks=tuple({PAUSE: "、", LINE: "，"}.get(line.end, "。") for line in lines),
        breaks=tuple(number for number, line in enumerate(lines) if line.opens),
    )


def _pasted(form: str, poem: Poem, shape: Lines | None) -> Pasted:
    text = "".join(poem.lines)
    return Pasted(
        form=form,
        title=poem.title,
        author=poem.author,
        script="simplified" if is_simplified(text) else "traditional",
        lines=tuple(poem.lines),
        marks=tuple(poem.marks),
        open=text.count(BLANK),
        shape=shape,
    )


# Unfinished poems


def _unfinished(text: str, form: str, widths: tuple[int, ...]) -> list[Pasted]:
    """The text as one unfinished poem of the form of the sheet, or of the smallest that fits.

    Of the ways to part the heading from the verse the one with the fewest broken lines is taken.
    """
    forms = sorted(
        ((each.name, (each.characters,) * each.lines) for each in known_forms()),
        key=lambda each: len(each[1]),
    )
    own = [(form, widths)] if widths else []
    rows = [*rows_of(text)]
    ways: list[tuple[int, Pasted]] = []
    for heading in range(min(HEADING_ROWS, max(len(rows) - 1, 0)) + 1):
        if heading and not _may_be_heading(bare_row(rows[heading - 1])):
            break
        for name, lengths in [*own, *forms]:
            pieces = _spaced(text, heading, len(lengths)) or [
                piece for row in rows[heading:] for piece in _pieces(row)
            ]
            if laid := _laid(pieces, lengths) if _is_near(pieces, lengths) else None:
                poem = Poem(*laid, *heading_of(rows[:heading]))
                broken = sum(0 < len(piece) < lengths[0] for piece, _ in pieces)
                ways.append((broken, _pasted(name, poem, None)))
                break
    return [min(ways, key=itemgetter(0))[1]] if ways else []


def _may_be_heading(row: str) -> bool:
    return len(row) <= HEADING_LENGTH and not any(mark in row for mark in MARKS)


def _spaced(text: str, heading: int, lines: int) -> list[Piece]:
    """The pieces of rows of which each is a line and some are empty; none if they are not so."""
    rows = [row.strip() for row in text.splitlines()]
    while heading and rows:
        heading -= bool(rows.pop(0))
    below = [*dropwhile(lambda row: not row, rows)]
    pieces = [[*_pieces(row)] or [("", "")] for row in below]
    if len(below) != lines or "" not in below or any(len(row) > 1 for row in pieces):
        return []
    return [piece for row in pieces for piece in row]


def _pieces(row: str) -> Iterator[Piece]:
    """The parts of a row between marks and blanks, each with the mark behind it."""
    for part in row.split():
        yield from RUN.findall(bare_row(part))


def _is_near(pieces: list[Piece], widths: tuple[int, ...]) -> bool:
    """Whether some piece is as long as its line, and all are verse."""
    text = "".join(piece for piece, _ in pieces)
    return all(is_hanzi(c) or c == BLANK for c in text) and any(
        piece and len(piece) % width == 0 for (piece, _), width in zip(pieces, widths, strict=False)
    )


def _laid(pieces: list[Piece], widths: tuple[int, ...]) -> tuple[tuple[str, ...], str] | None:
    """Lines with □ for what is open, and their marks; None if the pieces do not fit."""
    lines: list[str] = []
    marks = ""
    for piece, mark in pieces:
        left = piece
        while left or not piece:
            if len(lines) == len(widths):
                return None
            width = widths[len(lines)]
            if width < len(left) and len(left) % width:
                return None
            lines.append(left[:width].ljust(width, BLANK))
            left = left[width:]
            marks += (not left and mark) or "，。"[len(lines) % 2 - 1]
            if not piece:
                break
    for width in widths[len(lines) :]:
        lines.append(BLANK * width)
        marks += "，。"[len(lines) % 2 - 1]
    return tuple(lines), marks
