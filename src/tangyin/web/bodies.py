"""The bodies of requests, and the options of poems as this server offers them."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from tangyin.metre import Convention
from tangyin.metre.option import Option
from tangyin.web import limits
from tangyin.writing import SEEDS
from tangyin.writing.options import options

SPRING = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)
Text = Annotated[str, Field(max_length=limits.TEXT, examples=[SPRING])]
Words = Annotated[str, Field(max_length=limits.WORDS)]
ModelName = Annotated[str | None, Field(max_length=limits.WORDS, description="Name of the model.")]
Rows = Annotated[list[Words], Field(max_length=limits.ROWS, examples=[["國破山河在"]])]
Count = Annotated[int, Field(ge=1, le=limits.COUNT)]
Whole = Annotated[int, Field(ge=1, le=10_000, examples=[4])]
Seed = Annotated[int, Field(ge=0, lt=SEEDS)]
Script = Literal["traditional", "simplified"]

_LIMITS = {"count": limits.COUNT, "particles": limits.PARTICLES, "k": limits.K}
"""Largest values where this server allows less than the command line."""


@dataclass(frozen=True, kw_only=True)
class Described(Option):
    """An option as JSON."""

    kind: str  # type: ignore[assignment]  # the type's name


def served_options() -> dict[str, Option]:
    """All options by name, within this server's limits."""
    return {
        name: replace(
            option,
            maximum=_LIMITS.get(name, option.maximum),
            longest=limits.WORDS if option.kind is str and not option.longest else option.longest,
            # Without a name the model that the server was started with answers.
            default=None if name == "model" else option.default,
        )
        for name, option in options().items()
    }


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PoemsBody(_Body):
    """Poems."""

    text: Text = Field(description="One poem a line, or poems separated by blank lines.")


class CheckBody(PoemsBody):
    """Poems to check."""

    convention: Convention = Field("usual", description="Allow no licence, or more than is usual.")
    tune: str = Field("", max_length=20, description="The tune of a 詞, if it is known.")
    book: str = Field(
        "", max_length=20, description="The rhyme book; 平水韻 for 詩 and 詞林正韻 for 詞 if empty."
    )


class ScoreBody(PoemsBody):
    """Poems to score."""

    model: ModelName = None


class SheetBody(_Body):
    """A poem, finished or not."""

    form: Words = Field(examples=["五律"])
    rows: Rows = Field(description="Lines, with or without marks; □ for an open place.")


class PatternBody(SheetBody):
    """A poem to check while it is written."""

    pattern: Words = Field("", description="The sequence it is to follow; or the one that fits.")


class CandidatesBody(SheetBody):
    """A place in a poem, and what is wanted there."""

    title: Words = ""
    line: Whole
    place: Whole = Field(examples=[2])
    length: Literal[1, 2] = Field(1, description="Characters, or words of two.")
    loosened: bool = Field(False, description="Whether candidates may break the rules.")
    asked: str = Field("", max_length=1, description="A character to be explained.")
    count: int = Field(12, ge=1, le=limits.CANDIDATES)
    model: ModelName = None


class LinesBody(SheetBody):
    """A line of a poem to be written in different ways."""

    title: Words = ""
    line: Whole
    keep: bool = Field(True, description="Whether what the line has stays, if it has open places.")
    count: int = Field(3, ge=1, le=limits.LINES)
    seed: Seed = 0
    model: ModelName = None


class CoupletBody(_Body):
    """The upper line of a 對聯, to be answered."""

    upper: Words = Field(examples=["一徑竹陰雲滿地"], description="4 to 20 characters.")
    count: Count = 3
    seed: Seed = 0
    script: Script = "traditional"
    model: ModelName = None


class FixBody(_Body):
    """A fault that `/api/check` found, to be fixed."""

    text: Text = Field(examples=[SPRING.replace("心", "間")])
    line: Annotated[int, Field(ge=0, le=10_000, examples=[4])]
    kind: Words = Field(examples=["出韻"])
    count: Count = 5
    model: ModelName = None


class TraceBody(_Body):
    """A text and the part of the network to watch while it reads."""

    text: Text = Field(examples=["國破山河在，"])
    form: Words | None = None
    title: Words = ""
    quantity: Literal["i", "f", "g", "o", "c", "h"] = "c"
    layer: int = Field(1, ge=1, le=64, description="From 1.")
    unit: int | None = Field(None, ge=1, le=10_000, description="One unit of it to watch closely.")
    model: ModelName = None


class ScriptBody(_Body):
    """A text to be converted to another script."""

    text: Text
    script: Script = Field(examples=["simplified"])


class PasteBody(_Body):
    """A text that is pasted on a sheet."""

    text: Text
    form: Words = Field("", examples=["五律"], description="The form of the sheet.")
    widths: Annotated[list[Annotated[int, Field(ge=1, le=30)]], Field(max_length=limits.ROWS)] = (
        Field([], description="Characters of each line of it.")
    )


class WordQuery(_Body):
    """A word to look up."""

    word: Words = Field(examples=["明月"])
    count: int = Field(20, ge=1, le=limits.LOOKED_UP)
    script: Script = "traditional"


class FindQuery(WordQuery):
    """A word to look for in the corpus."""

    first: int = Field(1, ge=1, le=10_000_000, description="Begin with this line, from 1.")


class PoemQuery(_Body):
    """A poem of the corpus."""

    id: Words = Field(description="From `/api/find`.")
    script: Script = "traditional"


def write_body() -> type[BaseModel]:
    """The body of `/api/write`: all options of a request."""
    regulated: JsonValue = {"start": "明月", "rhyme": "陽", "count": 3, "seed": 7}
    free: JsonValue = {"acrostic": "春夏秋冬", "regulated": False, "rule": "random-k", "k": 5}
    fields: dict[str, Any] = {name: _field(option) for name, option in served_options().items()}
    fields["model"] = (ModelName, None)
    config = ConfigDict(extra="forbid", json_schema_extra={"examples": [regulated, free]})
    return create_model("WriteBody", __config__=config, **fields)


def given(body: BaseModel) -> dict[str, Any]:
    """The values that a client gave."""
    return body.model_dump(exclude_unset=True, exclude_none=True)


def _field(option: Option) -> tuple[Any, Any]:
    """Type and default of an option, as `create_model` takes them."""
    kind: Any = Literal[option.choices] if option.choices else option.kind
    bounds: dict[str, Any] = {
        "gt" if option.above else "ge": option.minimum,
        "le": option.maximum,
        "max_length": None if option.choices else option.longest,
    }
    kind = Annotated[kind, Field(**{key: n for key, n in bounds.items() if n is not None})]
    if option.many:
        kind = Annotated[list[kind], Field(max_length=limits.WORDS_MANY)]
    elif option.default is None:
        kind = kind | None
    return kind, Field(option.default, description=option.help["en"])
