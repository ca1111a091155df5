"""The reader of poems that a person typed or pasted.

It takes verse with or without marks, line breaks and quotation marks, in either script. Numbers of
poems, notes, and pinyin are skipped. Rows above the verse are its title and author.
"""

from collections import Counter
from dataclasses import replace

from tangyin.errors import UsageError
from tangyin.verse.form import Form, known_forms
from tangyin.verse.poem import Poem
from tangyin.verse.punctuation import MARKS, PLACEHOLDER, check_hanzi, normalize
from tangyin.verse.scan import (
    BLANK,
    NOTE,
    RUN,
    WHOLE,
    bare_row,
    check_length,
    check_rows,
    has_marks,
    heading_of,
    heading_rows,
    rows_of,
)
from tangyin.verse.script import to_traditional

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


def _is_sound(lines: Lines, rows: list[str]) -> bool:
    """Whether lines pair and no row ends inside a line, so that no row is a heading."""
    return len(lines) % 2 == 0 and len(lines) >= WHOLE and not _wraps(rows, len(lines[0][0]))


def _wraps(rows: list[str], length: int) -> bool:
    return any(sum(character not in MARKS for character in row) % length for row in rows)


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
