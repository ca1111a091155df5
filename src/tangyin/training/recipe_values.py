"""Types of the values in a recipe, and the error for a value of another type."""

import difflib
from collections.abc import Callable, Iterable
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import AfterValidator, ConfigDict, Field, Strict, ValidationError
from pydantic_core import PydanticCustomError

from tangyin.errors import UsageError

STRICT = ConfigDict(extra="forbid")
"""Unknown keys are refused."""

MOST = 1_000_000
"""Upper bound of every size and count."""

LARGEST = 1000
"""Upper bound of every rate and decay; useful ones are far smaller."""

Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1, le=MOST)]
Size = Annotated[int, Strict(), Field(ge=0, le=MOST)]
Seed = Annotated[int, Strict(), Field(ge=0, le=2**64 - 1)]
Share = Annotated[float, Strict(), Field(ge=0, le=1)]
Probability = Annotated[float, Strict(), Field(ge=0, lt=1)]
Rate = Annotated[float, Strict(), Field(gt=0, le=LARGEST)]
Decay = Annotated[float, Strict(), Field(ge=0, le=LARGEST)]
Norm = Annotated[float, Strict(), Field(gt=0)]

UNKNOWN = "unexpected_keyword_argument"
CODES = {
    "missing": "recipe.missing",
    "dataclass_type": "recipe.section",
    "tuple_type": "recipe.list",
    "string_type": "recipe.string",
    "int_type": "recipe.integer",
    "float_type": "recipe.number",
    "bool_type": "recipe.boolean",
    "too_short": "recipe.empty",
    "greater_than": "recipe.above",
    "greater_than_equal": "recipe.at_least",
    "less_than": "recipe.below",
    "less_than_equal": "recipe.at_most",
    "choice": "recipe.choice",
    "name": "recipe.name",
}
"""pydantic's type of an error, or one of ours, → our code. Parameters are `origin`, `key`, `value`
and pydantic's context, which names a bound as `Field` does."""


def one_of(choices: Callable[[], Iterable[str]]) -> AfterValidator:
    """Restrict a string to the choices there are when a recipe is read."""

    def check(value: str) -> str:
        if value not in (known := sorted(choices())):
            raise PydanticCustomError("choice", "", {"choices": known})
        return value

    return AfterValidator(check)


def refusal(error: ValidationError, recipe: type, origin: str) -> UsageError:
    """The error that names one of the faults which pydantic found, unknown keys first.

    `recipe` is the dataclass that could not be built, `origin` the file or other source of values.
    """
    found = min(error.errors(include_url=False), key=lambda each: each["type"] != UNKNOWN)
    # `stages#2.epochs` is the key `epochs` of the second stage.
    parts = (f"#{part + 1}" if isinstance(part, int) else f".{part}" for part in found["loc"])
    params: dict[str, Any] = {"origin": origin, "key": "".join(parts).removeprefix(".")}
    if found["type"] == UNKNOWN:
        *path, name = found["loc"]
        known = list(get_type_hints(_section(recipe, path)))
        if near := difflib.get_close_matches(str(name), known, n=1):
            return UsageError("recipe.misspelled_key", **params, near=near[0])
        return UsageError("recipe.unknown_key", **params, known=known)
    code = CODES.get(found["type"], "recipe.invalid")
    return UsageError(code, **params, value=found["input"], **found.get("ctx", {}))


def _section(kind: type, path: Iterable[int | str]) -> type:
    """The dataclass at a path, from that of the whole recipe."""
    for key in path:
        if isinstance(key, str):
            hint = get_type_hints(kind)[key]
            kind = get_args(hint)[0] if get_args(hint) else hint
    return kind
