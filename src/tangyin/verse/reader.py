"""The reader of poems that a person typed or pasted.

It takes verse with or without marks, line breaks and quotation marks, in either script. Note
numbers such as [1] are skipped. Rows above the verse are its title and author.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import groupby, pairwise
from typing import TypeVar

from tangyin.errors import UsageError
from tangyin.verse.form import Form, known_forms
from tangyin.verse.poem import Poem
from tangyin.verse.punctuation import FOREIGN, MARKS, PLACEHOLDER, is_hanzi, normalize
from tangyin.verse.script import to_traditional

BLANK = "□"
"""A character of a partial poem that is left open; 囗 is read as the same."""

LONGEST = 10_000
"""Characters up to which a text may be one poem, white space, quotation marks and all."""

HEADING_ROWS = 3
"""At most this many rows above the verse are its heading."""

HEADING_LENGTH = 18
"""Longest row of a heading that a blank line separates from its poem: shorter than any poem."""

WHOLE = 4
"""A row with at least this many marked lines is a poem of its own."""

_NOTE = re.compile(
    r"[\[［〔【(（][註注]?[\d一二三四五六七八九十]{1,3}[\]］〕】)）]|[①-⑳⑴-⒇⁰¹²³⁴-⁹]"
)
_TITLE = re.compile(r"^\s*(《[^》\n]*》)", re.MULTILINE)
_LABEL = re.compile(r"^(?:[詩诗]?[題题]目?|[標标][題题]|作者|[詩诗]人)[：:]\s*")
_RUN = re.compile(f"([^{MARKS}\n]+)([{MARKS}]?)")

T = TypeVar("T")
Block = list[tuple[int, str]]
"""Rows of text, each with its number in the text."""
Lines = list[tuple[str, str]]
"""Lines of verse, or runs of several, each with its mark or ""."""


def read_verse(text: str) -> Poem:
    """Read a poem of any number of lines.

    Lines end at marks, at line breaks, or after as many characters as the lines of a form have.
    Missing marks are added: ， and 。 in turn. Title and author may be above the poem.

    Returns:
        Two or more lines in the script of the text, all as long as the lines of some form.

    Raises:
        UsageError: the text is not such a poem.
    """
    return _read(text)[0]


def read_poem(text: str, title: str = "", author: str = "") -> tuple[Poem, bool]:
    """Read a poem in one of the forms (see `read_verse`), and whether marks were added.

    `title` and `author` replace those of the text unless they are empty.

    Raises:
        UsageError: the text is not a poem, or no form has its shape.
    """
    poem, added = _read(text)
    _ = poem.form
    return replace(poem, title=title or poem.title, author=author or poem.author), added


def read_each(text: str, read: Callable[[str], T]) -> Iterator[tuple[int, T | UsageError]]:
    """Read the poems of a text (`split_poems`) one by one by `read`, such as `read_verse`.

    Yields:
        The number of the poem, from 1, and the poem, or the error "text.poem" with its `number`,
        the `line` of the text where it begins, and the `error`.
    """
    for number, (line, poem) in enumerate(split_poems(text), 1):
        try:
            yield number, read(poem)
        except UsageError as error:
            yield number, UsageError("text.poem", number=number, line=line, error=error)


def read_places(text: str, form: Form, *, blanks: bool = True) -> dict[int, str]:
    """Read a part of a poem: its beginning, or any characters with `BLANK` for the others.

    Args:
        text: lines with or without marks, in either script; the last may be unfinished.
        form: the form of the whole poem.
        blanks: whether `BLANK` may be used.

    Returns:
        Traditional characters and marks by their place: the index into the text of a whole poem,
        where each line is followed by a mark. Open places and missing marks are left out.

    Raises:
        UsageError: there is a foreign character, a mark inside a line, or too much text.
    """
    _check_length(text)
    typed = to_traditional(normalize(_NOTE.sub("", text)))
    count = sum(character not in MARKS for character in typed)
    if count > form.hanzi:
        raise UsageError("text.too_long", count=count, form=form.name, room=form.hanzi)
    places: dict[int, str] = {}
    place, length = 0, form.characters
    for character in typed:
        before = place % (length + 1)
        if character in MARKS and before != length:
            raise UsageError(
                "text.mark_inside", mark=character, before=before, form=form.name, length=length
            )
        if character not in MARKS and before == length:
            place += 1
        if character not in (BLANK, PLACEHOLDER) or not blanks:
            if character not in MARKS and not is_hanzi(character):
                point = f"U+{ord(character):04X}"
                raise UsageError("text.foreign", character=character, point=point)
            places[place] = character
        place += 1
    return places


def _check_length(text: str) -> None:
    if len(text) > LONGEST:
        raise UsageError("text.overlong", count=len(text), most=LONGEST)


def _read(text: str) -> tuple[Poem, bool]:
    _check_length(text)
    rows = [row.strip() for row in _TITLE.sub(r"\1\n", text).splitlines() if normalize(row)]
    verse = [_bare_row(row) for row in rows]
    marked = _has_marks("".join(row for row in verse if not row.startswith("《")))
    found: tuple[int, Lines] | None = None
    refusal: UsageError | None = None
    for skipped in range(_heading_rows(verse, marked=marked) + 1):
        try:
            lines = _cut(verse[skipped:], skipped)
        except UsageError as error:
            refusal = error if marked else refusal or error
            continue
        if _is_sound(lines, verse[skipped:]):
            found = skipped, lines
            break
        if found is None and (marked or not skipped):
            found = skipped, lines
    if found is None:
        raise refusal or UsageError("text.empty")
    skipped, lines = found
    marks = "".join(mark or "，。"[number % 2] for number, (_, mark) in enumerate(lines))
    poem = Poem(tuple(line for line, _ in lines), marks, *_heading(rows[:skipped]))
    return poem, not all(mark for _, mark in lines)


def _bare_row(row: str) -> str:
    """A row without notes and label, normalized."""
    return normalize(_LABEL.sub("", _NOTE.sub("", row)))


def _has_marks(text: str) -> bool:
    return any(mark in text for mark in MARKS)


def _heading_rows(rows: list[str], *, marked: bool) -> int:
    """How many rows may be a heading: those before the first mark, or not as long as the last."""
    for number, row in enumerate(rows[:HEADING_ROWS]):
        is_verse = _has_marks(row) if marked else len(row) == len(rows[-1])
        if is_verse and not row.startswith("《"):
            return number
    return min(len(rows), HEADING_ROWS)


def _is_sound(lines: Lines, rows: list[str]) -> bool:
    """Whether lines pair and no row ends inside a line, so that no row is a heading."""
    return len(lines) % 2 == 0 and len(lines) >= WHOLE and not _wraps(rows, len(lines[0][0]))


def _wraps(rows: list[str], length: int) -> bool:
    return any(sum(character not in MARKS for character in row) % length for row in rows)


def _heading(rows: list[str]) -> tuple[str, str]:
    """Title and author: the row in 《》 or the first is the title, the next one the author."""
    rows = sorted(
        (_LABEL.sub("", _NOTE.sub("", row)).strip() for row in rows),
        key=lambda row: not row.startswith("《"),
    )
    title, author, *_ = [*(row.strip("《》") for row in rows), "", ""]
    return title, author


def _cut(rows: list[str], skipped: int = 0) -> Lines:
    """The lines of one poem's normalized rows, `skipped` rows of the text being above them."""
    for number, row in enumerate(rows, skipped + 1):
        if found := FOREIGN.search(row):
            point = f"U+{ord(found[0]):04X}"
            raise UsageError(
                "text.character", character=found[0], point=point, line=number, marks=MARKS
            )
    joined = "".join(rows)
    if not joined:
        raise UsageError("text.empty")
    lengths = sorted({form.characters for form in known_forms()})
    runs = _RUN.findall(joined)
    by_row = _RUN.findall("\n".join(rows))
    length = _length_by_count(runs) or _only_length(by_row, lengths)
    if not length and (_has_marks(joined) or not all(len(row) in lengths for row in rows)):
        length = _only_length(runs, lengths)
    if not length:
        raise _unequal(runs if _has_marks(joined) else by_row, lengths)
    lines = [
        (run[start : start + length], mark if start + length == len(run) else "")
        for run, mark in runs
        for start in range(0, len(run), length)
    ]
    if len(lines) < 2:
        raise UsageError("text.one_line")
    return lines


def _length_by_count(runs: Lines) -> int:
    """The length of the lines by the number of characters of a form, or 0."""
    count = sum(len(run) for run, _ in runs)
    lengths = (form.characters for form in known_forms() if form.hanzi == count)
    return next((length for length in lengths if _divides(length, runs)), 0)


def _only_length(runs: Lines, lengths: list[int]) -> int:
    """The only length of lines that all runs can be divided into, or 0."""
    fitting = [length for length in lengths if _divides(length, runs)]
    return fitting[0] if runs and len(fitting) == 1 else 0


def _divides(length: int, runs: Lines) -> bool:
    return all(len(run) % length == 0 for run, _ in runs)


def _unequal(runs: Lines, lengths: list[int]) -> UsageError:
    """What is wrong with runs that do not make lines."""
    found = [len(run) for run, _ in runs]
    if not found:
        return UsageError("text.only_marks")
    if len(found) == 1:
        return UsageError("text.unclear", count=found[0], lengths=lengths)
    common = Counter(found).most_common(1)[0][0]
    if set(found) == {common}:
        return UsageError("text.line_length", length=common, lengths=lengths)
    line = next(number for number, length in enumerate(found, 1) if length != common)
    return UsageError(
        "text.unequal", line=line, length=found[line - 1], common=common, lengths=sorted(set(found))
    )


def split_poems(text: str) -> list[tuple[int, str]]:
    """Split the text of a file into its poems, each with the number of its first line.

    Blank lines separate poems. Rows between two blank lines are one poem each if each row is a
    whole poem, possibly below a heading; otherwise they are one poem. A heading alone belongs to
    the poem that follows it.
    """
    poems: list[tuple[int, str]] = []
    heading: Block = []
    blocks = _blocks(text)
    for block, following in pairwise([*blocks, []]):
        block, heading = heading + block, []
        if following and _is_heading(block, following):
            heading = block
            continue
        poems += [(p[0][0], "\n".join(row for _, row in p)) for p in _poems_of_block(block)]
    return poems


def _blocks(text: str) -> list[Block]:
    """Rows between blank lines, numbered."""
    rows = enumerate((row.strip() for row in text.replace("\ufeff", "").splitlines()), 1)
    groups = groupby(rows, key=lambda row: bool(row[1]))
    return [list(group) for is_filled, group in groups if is_filled]


def _is_heading(block: Block, following: Block) -> bool:
    """Whether rows above a blank line are short, not verse, and so the heading of verse below."""
    rows = _bare_rows(block)
    both = rows + _bare_rows(following)
    above = _heading_rows(both, marked=_has_marks("".join(both))) >= len(rows)
    if not above or max(map(len, rows)) > HEADING_LENGTH:
        return False
    with suppress(UsageError):
        return not _cut(rows)
    return True


def _bare_rows(block: Block) -> list[str]:
    return [_bare_row(_TITLE.sub("", row)) for _, row in block]


def _poems_of_block(block: Block) -> Iterator[Block]:
    if len(block) == 1:
        yield block
        return
    rows = _bare_rows(block)
    whole = [_is_whole(row) for row in rows]
    length = _length_by_count(_RUN.findall("".join(rows)))
    wrapped = length and _wraps(rows, length)
    plain = all(is_whole or not _has_marks(row) for is_whole, row in zip(whole, rows, strict=True))
    if wrapped or not whole[-1] or not plain:
        yield block
        return
    start = 0
    for number, is_whole in enumerate(whole, 1):
        if is_whole:
            yield block[start:number]
            start = number


def _is_whole(row: str) -> bool:
    """Whether a row is a whole poem, by its marks or by the number of its characters."""
    if _has_marks(row):
        return len(_RUN.findall(row)) >= WHOLE
    return any(form.hanzi == len(row) for form in known_forms())
