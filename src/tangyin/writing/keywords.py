"""The options of a request as keyword arguments, so that type checkers and editors know them.

`options.py` describes them; a test holds these names and types to the descriptions.
"""

from typing import Literal, TypedDict

from tangyin.writing.rules import Rule


class PoemKeywords(TypedDict, total=False):
    """Options of one poem."""

    acrostic: str
    allow_quotes: bool
    avoid: str
    certainty: float | None
    form: str | None
    guidance: float
    include: str | list[str] | tuple[str, ...]
    k: int | None
    lines: int | None
    most: int
    p: float | None
    particles: int
    pattern: str
    regulated: bool
    rhyme: str
    rule: Literal["argmax", "random-k", "top-p", "temperature"] | Rule
    selection: float | None
    script: Literal["traditional", "simplified"]
    seed: int | None
    strict: bool
    temperature: float | None
    title: str | None
    variant: int | None


class PoemsKeywords(PoemKeywords, total=False):
    """Options of several poems."""

    count: int


class CandidateKeywords(TypedDict, total=False):
    """What is wanted at a place of a poem.

    Attributes:
        length: 1 for characters (the default), 2 for words of two that begin at the place.
        loosened: whether candidates may break the rules, or repeat a character of the poem.
        asked: a character to be explained: its rank, and what the rules have against it.
        count: how many candidates are wanted, 1 … 50; 12 by default.
    """

    length: int
    loosened: bool
    asked: str
    count: int


class LineKeywords(TypedDict, total=False):
    """What is wanted of a line.

    Attributes:
        keep: whether the characters that the line has stay where it has open places (default).
        count: how many ways are wanted, 1 … 12, 3 by default; there may be fewer.
        seed: keys the draws; 0 by default.
    """

    keep: bool
    count: int
    seed: int
