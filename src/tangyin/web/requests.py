"""The bodies of requests: the command line's option names, bounded."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tangyin.web import limits
from tangyin.writing import PARTICLES, SEEDS

Text = Annotated[str, Field(max_length=limits.TEXT)]
Words = Annotated[str, Field(max_length=limits.WORDS)]
ModelName = Annotated[
    str | None, Field(max_length=limits.WORDS, description="Its name; the default one without.")
]
Script = Literal["traditional", "simplified"]
Whole = Annotated[int, Field(ge=1, le=10_000)]

SPRING = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)


class _Body(BaseModel):
    """A body without fields that nobody knows."""

    model_config = ConfigDict(extra="forbid")


class Sampling(_Body):
    """How characters are chosen, and what regulated verse is asked to keep."""

    model: ModelName = None
    regulated: bool = Field(True, description="Keep tones, 粘對 and rhyme, or the form alone.")
    rule: Literal["argmax", "random-k", "top-p", "temperature"] = "top-p"
    k: Annotated[int | None, Field(ge=1, le=20_000, description="random-k.")] = None
    certainty: Annotated[float | None, Field(gt=0, le=1, description="random-k.")] = None
    temperature: Annotated[
        float | None, Field(ge=0.01, le=100, description="temperature, top-p.")
    ] = None
    p: Annotated[float | None, Field(gt=0, le=1, description="top-p.")] = None
    title: Words = Field("", description="For a model that takes one (see /api/models).")
    pattern: Words = Field("", description="平起首句入韻 and the like, or line types (aBbAaBbA).")
    rhyme: Words = Field("", description="One of the 30 level rhymes, such as 東.")
    avoid: Words = Field("", description="Characters that must not stand in it.")
    strict: bool = Field(False, description="Take no licence.")
    allow_quotes: bool = Field(False, description="Allow lines that stand in the corpus.")
    script: Script = "traditional"

    def numbers(self) -> dict[str, Any]:
        """The numbers of the rule."""
        return {name: getattr(self, name) for name in ("k", "certainty", "temperature", "p")}

    def wishes(self) -> dict[str, Any]:
        """What is wished of a poem, as `Writer.write_many` takes it."""
        names = ("title", "pattern", "rhyme", "avoid", "strict", "allow_quotes")
        return {name: getattr(self, name) for name in names}


class WriteBody(Sampling):
    """Options of `tangyin write`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"start": "日", "seed": 8},
                {"start": "明月", "rhyme": "陽", "count": 3, "seed": 7},
                {"acrostic": "春夏秋冬", "regulated": False, "rule": "random-k", "k": 5},
            ]
        },
    )

    start: Text = Field("", description="First characters or lines, □ for what is left open.")
    acrostic: Words = Field("", description="Characters for the heads of the lines or couplets.")
    include: Annotated[list[Words], Field(max_length=20)] = Field(
        [], description="Words that must stand in it."
    )
    form: Words | None = Field(None, description="五律 七律 五絕 七絕, or wulv qilv wujue qijue.")
    count: int = Field(1, ge=1, le=limits.COUNT)
    seed: Annotated[int | None, Field(ge=0, lt=SEEDS)] = None
    particles: int = Field(PARTICLES, ge=1, le=limits.PARTICLES)

    def wishes(self) -> dict[str, Any]:
        """See `Sampling.wishes`."""
        own = {"acrostic": self.acrostic, "include": tuple(self.include)}
        return {**super().wishes(), **own}


class ReviseBody(Sampling):
    """Options of `tangyin write --revise`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": SPRING, "line": 3, "regulated": False}]},
    )

    text: Text = Field(description="A poem in a form that the model knows.")
    line: Whole = Field(description="Which line, from 1.")
    character: Whole | None = Field(None, description="Which character of it; the whole without.")
    count: int = Field(5, ge=1, le=limits.COUNT)
    seed: int = Field(0, ge=0, lt=SEEDS)


class PoemsBody(_Body):
    """Poems, as the command line reads them from a file."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": SPRING}]})

    text: Text = Field(description="One poem a line, or poems separated by blank lines.")


class ScoreBody(PoemsBody):
    """Poems and the model to score them."""

    model: ModelName = None


class PlaceBody(_Body):
    """A place in a poem or in the beginning of one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"text": SPRING, "form": "五律", "line": 4, "character": 5}]
        },
    )

    text: Text = Field(description="Whole lines with or without marks, the last may be unfinished.")
    form: Words
    title: Words = ""
    line: Whole
    character: Whole
    count: int = Field(12, ge=1, le=limits.CANDIDATES)
    model: ModelName = None


class MendBody(_Body):
    """A fault that `/api/check` found, to be mended."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"text": SPRING.replace("心", "間"), "line": 4, "kind": "出韻"}]
        },
    )

    text: Text
    line: Annotated[int, Field(ge=0, le=10_000)]
    kind: Words
    count: int = Field(5, ge=1, le=limits.COUNT)
    model: ModelName = None


class TraceBody(_Body):
    """What to look at while the network reads a text."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "國破山河在，", "form": "五律", "quantity": "f"}]},
    )

    text: Text
    form: Words | None = None
    title: Words = ""
    quantity: Literal["i", "f", "g", "o", "c", "h"] = "c"
    layer: int = Field(1, ge=1, le=64, description="From 1.")
    model: ModelName = None


class ScriptBody(_Body):
    """A text to be shown in another script."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "國破山河在", "script": "simplified"}]},
    )

    text: Text
    script: Script
