"""What a section of the report is made of.

The texts are Markdown of the least kind: `code`, **strong**, *emphasis*, [link](address).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """What a study found, in one or two sentences; it stands in the summary too."""

    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Formula:
    """A formula in the TeX that Matplotlib sets too; `text` reads it out."""

    tex: str
    text: str


@dataclass(frozen=True)
class Table:
    """A table; columns after the first hold numbers unless `words` names them.

    Attributes:
        caption: what it shows, and how it was measured.
        head: names of the columns.
        rows: of as many cells each.
        words: columns of words, counted from 0.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Figure:
    """A plot.

    Attributes:
        name: of its file, without the ending.
        caption: what it shows, and how it was measured.
        alt: what is to be seen, for who cannot see it.
        draw: makes the Matplotlib figure.
        finish: changes its SVG, to add what moves.
    """

    name: str
    caption: str
    alt: str
    draw: Callable[[], Any]
    finish: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Poems:
    """Poems, each under a word that says how it was written.

    Attributes:
        caption: what they are.
        poems: pairs of that word and the text.
    """

    caption: str
    poems: Sequence[tuple[str, str]]


Block = Finding | Text | Formula | Table | Figure | Poems
