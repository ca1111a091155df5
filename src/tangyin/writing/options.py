"""The options of a writing request, each described once.

The command line, the API's bodies and the page's controls are made from these descriptions. The
options that belong to a sampling rule are declared in `rules.py`, those of a constraint in its own
file in `constraints/`.
"""

import math
import operator
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from tangyin.errors import UsageError
from tangyin.model import DEFAULT
from tangyin.model.engine import TILE
from tangyin.writing.randomness import SEEDS

Texts = Mapping[str, str]

PARTICLES = TILE
"""Default number of particles of a poem: as many as one product of the engine takes.

One more would cost as much as sixteen more, and 24 wrote no likelier poems (docs/writing.md).
"""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a writing request.

    Attributes:
        name: in Python and in JSON; the command line writes hyphens for underscores.
        kind: type of its value: str, int, float or bool.
        default: its value when it is left out; may be None.
        help: one sentence in English ("en") and Chinese ("zh").
        label: a word or two for a form field, in both languages.
        choices: the values that are possible, if they are few.
        minimum: smallest value.
        maximum: largest value.
        above: whether `minimum` itself is excluded.
        longest: most characters of a text; None where something else limits it.
        many: whether it may be repeated; its value is a tuple then.
        regulated: whether it belongs to regulated verse only.
    """

    name: str
    kind: type
    default: Any
    help: Texts
    label: Texts
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: bool = False
    longest: int | None = None
    many: bool = False
    regulated: bool = False

    def check(self, value: Any) -> Any:
        """The value as this option's type.

        Raises:
            UsageError: it has another type, is out of bounds, or is not among the choices.
        """
        if self.many:
            values = value if isinstance(value, list | tuple) else (value,)
            return tuple(map(self._check_one, values))
        if value is None and self.default is None:
            return None
        return self._check_one(value)

    def _check_one(self, value: Any) -> Any:
        value = self._typed(value)
        if self.choices and value not in self.choices:
            raise UsageError(
                "request.choice", name=self.name, value=value, choices=list(self.choices)
            )
        if self.longest is not None and len(value) > self.longest:
            raise UsageError("request.long", name=self.name, count=len(value), longest=self.longest)
        if not self._in_bounds(value):
            code = "below" if self.maximum is None else "range_above" if self.above else "range"
            raise UsageError(
                f"request.{code}",
                name=self.name,
                value=value,
                minimum=self.minimum,
                maximum=self.maximum,
            )
        return value

    def _typed(self, value: Any) -> Any:
        try:
            if self.kind is int and not isinstance(value, bool):
                return operator.index(value)
            if self.kind is float and not isinstance(value, bool | str):
                return float(value)
        except (TypeError, ValueError):
            pass
        if self.kind in (str, bool) and isinstance(value, self.kind):
            return value
        codes = {str: "text", int: "whole_number", float: "number", bool: "switch"}
        raise UsageError(f"request.not_{codes[self.kind]}", name=self.name, value=value)

    def _in_bounds(self, value: Any) -> bool:
        if self.minimum is None:
            return True
        most = math.inf if self.maximum is None else self.maximum
        return bool(self.minimum <= value <= most and not (self.above and value == self.minimum))


OPTIONS = (
    Option(
        name="start",
        kind=str,
        default="",
        longest=2000,
        help={
            "en": "First characters or lines, with □ for each character left open.",
            "zh": "開頭的字或句，留空的字用 □ 代替。",
        },
        label={"en": "Begin with", "zh": "起首"},
    ),
    Option(
        name="form",
        kind=str,
        default=None,
        help={
            "en": "五律 七律 五絕 七絕 (wulv qilv wujue qijue); 五律 or the model's first by default.",
            "zh": "五律、七律、五絕、七絕（wulv qilv wujue qijue）；預設五律，或模型的第一種。",
        },
        label={"en": "Form", "zh": "體裁"},
    ),
    Option(
        name="regulated",
        kind=bool,
        default=True,
        help={
            "en": "Keep tones, 粘對 and rhyme, or the form alone.",
            "zh": "是否守平仄、粘對和押韻；否則只守句數和字數。",
        },
        label={"en": "Regulated", "zh": "近體"},
    ),
    Option(
        name="title",
        kind=str,
        default="",
        help={
            "en": "Title of the poem, for a model that was trained on titles.",
            "zh": "詩的題目；須用學過題目的模型。",
        },
        label={"en": "Title", "zh": "題目"},
    ),
    Option(
        name="acrostic",
        kind=str,
        default="",
        help={
            "en": "Characters for the heads of the lines or couplets.",
            "zh": "藏頭：每句或每聯的第一個字。",
        },
        label={"en": "Acrostic", "zh": "藏頭"},
    ),
    Option(
        name="include",
        kind=str,
        default=(),
        many=True,
        regulated=True,
        help={
            "en": "A word that the poem must contain; may be repeated.",
            "zh": "詩中必須出現的詞，可以給幾個。",
        },
        label={"en": "Must hold", "zh": "必有"},
    ),
    Option(
        name="particles",
        kind=int,
        default=PARTICLES,
        minimum=1,
        maximum=4096,
        regulated=True,
        help={
            "en": "Particles of each regulated poem.",
            "zh": "每首近體詩用多少個粒子。",
        },
        label={"en": "Particles", "zh": "粒子"},
    ),
    Option(
        name="count",
        kind=int,
        default=1,
        minimum=1,
        maximum=1_000_000,
        help={"en": "Number of poems, up to 1,000,000.", "zh": "寫幾首。"},
        label={"en": "Poems", "zh": "幾首"},
    ),
    Option(
        name="seed",
        kind=int,
        default=None,
        minimum=0,
        maximum=SEEDS - 1,
        help={
            "en": "The same seed gives the same poems; a new one by default.",
            "zh": "種子相同，詩就相同；預設隨機。",
        },
        label={"en": "Seed", "zh": "種子"},
    ),
    Option(
        name="script",
        kind=str,
        default="traditional",
        choices=("traditional", "simplified"),
        help={"en": "Characters of the output.", "zh": "輸出用繁體還是簡體。"},
        label={"en": "Script", "zh": "字體"},
    ),
    Option(
        name="model",
        kind=str,
        default=DEFAULT,
        help={"en": "A model's name or file.", "zh": "模型的名稱。"},
        label={"en": "Model", "zh": "模型"},
    ),
)


def options() -> dict[str, Option]:
    """All options by name: those of every request, of the sampling rules, and of constraints."""
    from tangyin.writing import constraints

    return _options(tuple(constraints.__path__))


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of all options: those given, and the defaults of the others.

    Raises:
        UsageError: there is no such option, or its value is not possible.
    """
    known = options()
    for name in given:
        if name not in known:
            raise UsageError("request.unknown_option", name=name, options=sorted(known))
    return {
        name: option.check(given[name]) if name in given else option.default
        for name, option in known.items()
    }


@cache
def constraint_modules(path: tuple[str, ...]) -> tuple[ModuleType, ...]:
    """The modules in the folders of `tangyin.writing.constraints` that define a constraint."""
    found = [
        import_module(f"tangyin.writing.constraints.{module.name}")
        for module in pkgutil.iter_modules(path)
    ]
    return tuple(module for module in found if hasattr(module, "OPTIONS"))


@cache
def _options(path: tuple[str, ...]) -> dict[str, Option]:
    from tangyin.writing import rules

    declared = (*OPTIONS, *rules.OPTIONS)
    of_constraints = (option for module in constraint_modules(path) for option in module.OPTIONS)
    return {option.name: option for option in (*declared, *of_constraints)}
