"""What a section of the report is made of.

The texts are Markdown of the least kind: `code`, **strong**, *emphasis*, [link](address). A `code`
that is the path of a page in docs/ becomes a link where pages lie beside each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Claim:
    """A line of the summary: what the course report says, and what was found.

    Attributes:
        said: the report's claim in a sentence, or "" where it makes none and the study's question
            stands there.
        found: the answer, its verdict first.
        number: the figure that decides, a few words at most.
    """

    said: str
    found: str
    number: str


@dataclass(frozen=True)
class Finding:
    """What a study found, in some sentences; its section begins with it."""

    text: str


@dataclass(frozen=True)
class Limits:
    """What a study cannot show; its section ends with it."""

    text: str


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

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
        moving: puts into its SVG what moves; the page has a switch that stops it.
    """

    name: str
    caption: str
    alt: str
    draw: Callable[[], Any]
    moving: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Poems:
    """Poems, each under a word that says how it was written.

    Attributes:
        caption: what they are.
        poems: pairs of that word and the text.
    """

    caption: str
    poems: Sequence[tuple[str, str]]


Block = Claim | Finding | Limits | Heading | Text | Formula | Table | Figure | Poems
