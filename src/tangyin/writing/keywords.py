"""The options of a request as keyword arguments, so that type checkers and editors know them.

`options.py` describes them; a test holds these names and types to the descriptions.
"""

from typing import Literal, TypedDict

from tangyin.writing.rules import Rule


class RevisionKeywords(TypedDict, total=False):
    """Options that another line of a poem can have too."""

    acrostic: str
    allow_quotes: bool
    avoid: str
    certainty: float | None
    guidance: float
    include: str | list[str] | tuple[str, ...]
    k: int | None
    most: int
    p: float | None
    particles: int
    pattern: str
    regulated: bool
    rhyme: str
    rule: Literal["argmax", "random-k", "top-p", "temperature"] | Rule
    selection: float | None
    script: Literal["traditional", "simplified"]
    strict: bool
    temperature: float | None
    title: str


class PoemKeywords(RevisionKeywords, total=False):
    """Options of one poem."""

    form: str | None
    seed: int | None


class PoemsKeywords(PoemKeywords, total=False):
    """Options of several poems."""

    count: int
