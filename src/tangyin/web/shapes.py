"""The shapes of answers: what the command line's JSON holds, for the OpenAPI description."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Finding(_Shape):
    """A licence, a fault or a warning."""

    line: int
    kind: str
    places: list[int]
    zh: str
    en: str


class Licence(Finding):
    """A liberty that the rules allow."""

    rescue: str


class Pair(_Shape):
    """Two characters that oppose each other well."""

    place: int
    upper: str
    lower: str
    score: float


class Couplet(_Shape):
    """The antithesis of two lines."""

    lines: list[int]
    expected: bool
    score: float | None
    pairs: list[Pair]
    same: list[str]


class ChosenReading(_Shape):
    """The reading taken of a character that has two."""

    line: int
    place: int
    character: str
    tone: str
    share: float


class Prosody(_Shape):
    """The checker's report (docs/prosody.md)."""

    form: str
    regulated: bool
    pattern: str
    line_types: str
    tones: list[str]
    rhyme: str
    first_line: str
    licences: list[Licence]
    faults: list[Finding]
    warnings: list[Finding]
    couplets: list[Couplet]
    readings: list[ChosenReading]
    lines: list[str]


class Report(Prosody):
    """The report on one of several poems."""

    number: int


class Poem(_Shape):
    """A poem as `tangyin write --format jsonl` prints it."""

    text: str
    lines: list[str]
    form: str
    title: str
    model: str
    rule: str
    seed: int
    number: int
    log_likelihood: float
    prosody: Prosody


class Score(_Shape):
    """A score as `tangyin score` prints it."""

    text: str
    form: str
    targets: int
    hanzi: int
    unknown: int
    nll: float
    nll_closed: float


class Mended(_Shape):
    """A poem without a fault that it had; `changed` holds lines and places, from 1."""

    text: str
    lines: list[str]
    changed: list[list[int]]
    regulated: bool
    log_likelihood: float


class Reading(_Shape):
    """One way to read a character."""

    tone: str
    rhyme: str
    rime: str
    share: float


class Candidate(_Shape):
    """A character that the model might write; `level` is the share of its level readings."""

    character: str
    probability: float
    level: float


class Place(_Shape):
    """What stands at a place, and what the model expected there."""

    character: str
    readings: list[Reading]
    known: bool
    probability: float
    rank: int
    candidates: list[Candidate]


class Trace(_Shape):
    """A gate or state: a row for the prefix, and one for each character and mark."""

    model: str
    form: str
    quantity: str
    layer: int
    layers: int
    text: str
    values: list[list[float]]
    nll: list[float]


class Converted(_Shape):
    """A text in the script that was asked for."""

    text: str


class Model(_Shape):
    """A model as `tangyin models --format json` prints it."""

    name: str
    origin: str
    forms: list[str]
    parameters: int
    precision: str
    known_hanzi: int
    architecture: dict[str, Any]
    figures: dict[str, Any]
    training: dict[str, Any]
    licence: str
    takes_title: bool
    default: bool


class Health(_Shape):
    """The state of the server."""

    status: str
    version: str
    model: str
    jobs: int


class Refusal(_Shape):
    """What went wrong, and how to mend it, in one sentence."""

    error: str
