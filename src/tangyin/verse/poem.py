"""A poem: lines of equal length, each closed by a mark."""

from dataclasses import dataclass

from tangyin.errors import UsageError
from tangyin.verse.form import Form, form_of_shape, known_forms
from tangyin.verse.punctuation import split_lines


@dataclass(frozen=True)
class Poem:
    """Lines of one length without marks, and one mark per line; title and author, or ""."""

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
            UsageError: no form has this shape.
        """
        characters = len(self.lines[0]) if self.lines else 0
        form = form_of_shape(len(self.lines), characters)
        if form is None:
            shapes = [f"{form.name} {form.lines}×{form.characters}" for form in known_forms()]
            raise UsageError(
                "text.no_form", lines=len(self.lines), characters=characters, forms=shapes
            )
        return form


def form_of_text(text: str) -> Form | None:
    """The form of a text written as in the corpus, or None if it is not such a poem."""
    lines, _ = split_lines(text) or ((), "")
    if len({len(line) for line in lines}) != 1:
        return None
    return form_of_shape(len(lines), len(lines[0]))
