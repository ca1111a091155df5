"""A poem: lines of equal length, each closed by a mark."""

from dataclasses import dataclass

from tangyin.errors import UsageError, counted
from tangyin.verse.form import FORMS, Form, form_of_shape, known_forms
from tangyin.verse.punctuation import MARKS, is_hanzi, normalize, split_lines


@dataclass(frozen=True)
class Poem:
    """A poem in one of the four forms.

    Attributes:
        lines: the lines without marks, all of the form's length.
        marks: one mark per line.
        title: the title, or "".
        author: the author, or "".
    """

    lines: tuple[str, ...]
    marks: str
    title: str = ""
    author: str = ""

    @property
    def text(self) -> str:
        """Lines and marks as one string, as the corpus and the models write a poem."""
        return "".join(line + mark for line, mark in zip(self.lines, self.marks, strict=True))

    @property
    def form(self) -> Form:
        """The form, by the shape alone.

        Raises:
            UsageError: the shape is none of the four forms.
        """
        form = form_of_shape(len(self.lines), len(self.lines[0])) if self.lines else None
        if form is None:
            raise UsageError(f"{_described(self.lines)} make no form we know: {_SHAPES}")
        return form


def form_of_text(text: str) -> Form | None:
    """The form of a text in the corpus' way of writing, or None when it is no such poem."""
    parts = split_lines(text)
    if parts is None:
        return None
    lines, _ = parts
    if len({len(line) for line in lines}) != 1:
        return None
    return form_of_shape(len(lines), len(lines[0]))


def read_poem(text: str, title: str = "", author: str = "") -> tuple[Poem, bool]:
    """Read one poem as a person types it.

    The text is normalized (`normalize`). It is cut by the number of its characters; where a line's
    mark is missing, one is put in: ， and 。 in turn.

    Args:
        text: the poem, with or without marks and line breaks.
        title: its title, if known.
        author: its author, if known.

    Returns:
        The poem, and whether marks had to be put in.

    Raises:
        UsageError: the text is empty, holds something that is neither a CJK character nor a
            mark, or is in none of the four forms.
    """
    broken = [part for part in (normalize(line) for line in text.splitlines()) if part]
    joined = "".join(broken)
    if not joined:
        raise UsageError(
            "there is no poem in an empty text; give one of 20, 28, 40 or 56 characters"
        )
    for character in joined:
        if not is_hanzi(character) and character not in MARKS:
            raise UsageError(
                f"{character!r} (U+{ord(character):04X}) is neither a Chinese character "
                f"nor one of the marks {MARKS}; take it out of the poem"
            )
    lines, marks, added = _cut(joined, broken)
    poem = Poem(lines, marks, title, author)
    if len({len(line) for line in lines}) != 1 or form_of_shape(len(lines), len(lines[0])) is None:
        raise UsageError(f"{_described(lines)} make no form we know: {_SHAPES}")
    return poem, added


def _cut(joined: str, broken: list[str]) -> tuple[tuple[str, ...], str, bool]:
    """Cut normalized text into lines and marks; tell whether marks were put in."""
    bare = "".join(character for character in joined if character not in MARKS)
    form = next((form for form in known_forms() if form.hanzi == len(bare)), None)
    marks = _marks_at_line_ends(joined, form) if form else None
    if form and marks is not None:
        step = form.characters
        lines = tuple(bare[start : start + step] for start in range(0, len(bare), step))
        alternating = _alternating(len(lines))
        closed = "".join(marks.get(line, alternating[line]) for line in range(len(lines)))
        return lines, closed, len(marks) < len(lines)
    if bare == joined:
        return tuple(broken), _alternating(len(broken)), True
    added = joined[-1] not in MARKS
    parts = split_lines(joined + "。" if added else joined)
    if parts is None:
        raise UsageError("a mark stands without a line before it; put one mark after each line")
    return (*parts, added)


def _marks_at_line_ends(text: str, form: Form) -> dict[int, str] | None:
    """The marks of a text by line, or None when one stands elsewhere than at a line's end."""
    marks: dict[int, str] = {}
    before = 0
    for character in text:
        if character not in MARKS:
            before += 1
            continue
        line, rest = divmod(before, form.characters)
        if rest or line == 0 or line - 1 in marks:
            return None
        marks[line - 1] = character
    return marks


def _alternating(lines: int) -> str:
    return ("，。" * ((lines + 1) // 2))[:lines]


def _described(lines: tuple[str, ...]) -> str:
    lengths = {len(line) for line in lines}
    if len(lengths) == 1:
        return f"{counted(len(lines), 'line')} of {counted(lengths.pop(), 'character')}"
    if len(lines) > 8:
        return f"{len(lines)} lines of unequal length"
    return f"lines of {', '.join(str(len(line)) for line in lines)} characters"


_SHAPES = ", ".join(f"{form.name} {form.lines}×{form.characters}" for form in FORMS)
