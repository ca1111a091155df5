"""The reader of poems that a person typed or pasted.

It takes verse with or without marks, line breaks and quotation marks, in either script. Numbers of
poems, notes, and pinyin are skipped. Rows above the verse are its title and author.
"""

import re
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import replace

from tangyin.errors import UsageError
from tangyin.verse.form import Form, known_forms
from tangyin.verse.poem import Poem
from tangyin.verse.punctuation import FOREIGN, MARKS, PLACEHOLDER, check_hanzi, normalize
from tangyin.verse.script import to_traditional
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

Lines = list[tuple[str, str]]
"""Lines of verse, or runs of several, each with its mark or ""."""


def read_verse(text: str, *, blanks: bool = False) -> Poem:
    """Read a poem of any number of lines, which may have □ for what is left open if `blanks`.

    Lines end at marks, at line breaks, or after as many characters as the lines of a form have.
    Missing marks are added: ， and 。 in turn. Title and author may be above the poem.

    Returns:
        Two or more lines in the script of the text, all as long as the lines of some form.

    Raises:
        UsageError: the text is not such a poem.
    """
    return _read(text, blanks=blanks)[0]


def read_poem(text: str, title: str = "", author: str = "") -> tuple[Poem, bool]:
    """Read a poem in one of the forms (see `read_verse`), and whether marks were added.

    `title` and `author` replace those of the text unless they are empty.

    Raises:
        UsageError: the text is not a poem, or no form has its shape.
    """
    poem, added = _read(text)
    _ = poem.form
    return replace(poem, title=title or poem.title, author=author or poem.author), added


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
    check_length(text)
    typed = to_traditional(normalize(NOTE.sub("", text)))
    count = sum(character not in MARKS for character in typed)
    if count > form.hanzi:
        raise UsageError("text.too_long", count=count, form=form.name, room=form.hanzi)
    places: dict[int, str] = {}
    line = before = 0
    for character in typed:
        length = form.widths[min(line, form.lines - 1)]
        if character in MARKS and before != length:
            code = "text.mark_inside_line" if form.variant else "text.mark_inside"
            place = {"form": form.name, "length": length, "line": line + 1}
            raise UsageError(code, mark=character, before=before, **place)
        if character not in MARKS and before == length:
            line, before = line + 1, 0
        if character not in (BLANK, PLACEHOLDER) or not blanks:
            check_hanzi(character.strip(MARKS))
            places[form.starts[line] + line + before] = character
        before += 1
        if character in MARKS:
            line, before = line + 1, 0
    return places


def check_length(text: str) -> None:
    """Refuse a text that is too long for a poem."""
    if len(text) > LONGEST:
        raise UsageError("text.overlong", count=len(text), most=LONGEST)


def _read(text: str, *, blanks: bool = False) -> tuple[Poem, bool]:
    check_length(text)
    rows = list(rows_of(text))
    verse = [bare_row(row) for row in rows]
    marked = has_marks("".join(row for row in verse if not row.startswith("《")))
    found: tuple[int, Lines] | None = None
    refusal: UsageError | None = None
    for skipped in range(heading_rows(verse, marked=marked) + 1):
        try:
            lines = cut(verse[skipped:], skipped, blanks=blanks)
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
    poem = Poem(tuple(line for line, _ in lines), marks, *heading_of(rows[:skipped]))
    return poem, not all(mark for _, mark in lines)


def rows_of(text: str) -> Iterator[str]:
    """The rows that hold something, 《title》, author and verse of one row being three."""
    seen: set[str] = set()
    for row in text.splitlines():
        if is_footnote(row, seen):
            continue
        seen.update(notes_inside(row))
        parts, rest = split_heading(row)
        yield from (part for part in (*parts, rest) if bare_row(part))


def split_heading(row: str) -> tuple[list[str], str]:
    """Author and 《title》 at the head of a row, and the rest of it; the number is left out."""
    row = _NUMBER.sub("", row.strip()).strip()
    if not (found := _TITLE.match(row)):
        return [], row
    return [part for part in found.groups() if part], row[found.end() :].strip()


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


def _is_sound(lines: Lines, rows: list[str]) -> bool:
    """Whether lines pair and no row ends inside a line, so that no row is a heading."""
    return len(lines) % 2 == 0 and len(lines) >= WHOLE and not _wraps(rows, len(lines[0][0]))


def _wraps(rows: list[str], length: int) -> bool:
    return any(sum(character not in MARKS for character in row) % length for row in rows)


def heading_of(rows: list[str]) -> tuple[str, str]:
    """Title and author: the row in 《》 or the first is the title, the next one the author."""
    rows = [_LABEL.sub("", NOTE.sub("", row)).strip() for row in rows]
    series = [row for row in rows if _SERIES.fullmatch(row)]
    rows = sorted((row for row in rows if row not in series), key=lambda row: row[0] != "《")
    title, author, *_ = [*(row[1:-1] if row[0] == "《" else row for row in rows), "", ""]
    return " ".join(filter(None, [title, *series])), author


def cut(rows: list[str], skipped: int = 0, *, blanks: bool = False) -> Lines:
    """The lines of one poem's normalized rows, `skipped` rows of the text being above them."""
    if blanks:
        rows = [row.replace(PLACEHOLDER, BLANK) for row in rows]
    check_rows([row.replace(BLANK, "") for row in rows] if blanks else rows, skipped)
    joined = "".join(rows)
    if not joined:
        raise UsageError("text.empty")
    runs = RUN.findall(joined)
    by_row = RUN.findall("\n".join(rows))
    length = length_by_count(runs) or only_length(by_row)
    if not length and (has_marks(joined) or not all(len(row) in _lengths() for row in rows)):
        length = only_length(runs)
    if not length:
        raise _unequal(runs if has_marks(joined) else by_row)
    lines = [
        (run[start : start + length], mark if start + length == len(run) else "")
        for run, mark in runs
        for start in range(0, len(run), length)
    ]
    if len(lines) < 2:
        raise UsageError("text.one_line")
    return lines


def check_rows(rows: list[str], skipped: int) -> None:
    """Refuse a character that is neither Chinese nor a mark; `skipped` rows are above these."""
    for number, row in enumerate(rows, skipped + 1):
        if found := FOREIGN.search(row):
            point = f"U+{ord(found[0]):04X}"
            raise UsageError(
                "text.character", character=found[0], point=point, line=number, marks=MARKS
            )


def length_by_count(runs: Lines) -> int:
    """The length of the lines by the number of characters of a form, or 0."""
    count = sum(len(run) for run, _ in runs)
    lengths = (form.characters for form in known_forms() if form.hanzi == count)
    return next((length for length in lengths if _divides(length, runs)), 0)


def only_length(runs: Lines) -> int:
    """The only length of lines that all runs can be divided into, or 0."""
    fitting = [n for n in _lengths() if _divides(n, runs)]
    return fitting[0] if runs and len(fitting) == 1 else 0


def _divides(length: int, runs: Lines) -> bool:
    return all(len(run) % length == 0 for run, _ in runs)


def _lengths() -> list[int]:
    """The lengths of lines of all forms."""
    return sorted({form.characters for form in known_forms()})


def _unequal(runs: Lines) -> UsageError:
    """What is wrong with runs that do not make lines."""
    lengths = _lengths()
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
