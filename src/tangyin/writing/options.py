"""The options of a writing request, each described once.

The command line, the API's bodies and the page's controls are made from these descriptions. The
options that belong to a sampling rule are declared in `rules.py`, those of a constraint in its own
file in `constraints/`.
"""

import math
import operator
import pkgutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from tangyin.errors import UsageError
from tangyin.model import DEFAULT
from tangyin.verse import known_forms, open_forms
from tangyin.writing.randomness import SEEDS

Texts = Mapping[str, str]

GUIDANCE = 2.0
"""Default strength of the guidance by title and rhyme, found by reading (docs/model.md)."""

SELECTION = 3.0
"""Default selection of the particles of a poem with a title, found by reading (docs/model.md)."""

UNTITLED = 0.85
"""Default temperature of top-p without a title, where nothing else makes poems differ."""

PARTICLES = 16
"""Default number of particles per poem; readers rated 32 and 64 no higher (docs/model.md)."""


@dataclass(frozen=True)
class Option:
    """One option of a writing request."""

    name: str  # in Python and in JSON; the command line writes hyphens for underscores
    kind: type  # str, int, float or bool
    default: Any  # its value when it is left out; may be None
    help: Texts = field(default_factory=dict)  # one sentence in "en" and in "zh"
    label: Texts = field(default_factory=dict)  # a word or two for a form field, in both languages
    choices: tuple[str, ...] = ()  # the values that are possible, if they are few
    offered: tuple[str, ...] = ()  # to choose from on a form, where others are possible too
    minimum: Any = None
    maximum: Any = None
    above: bool = False  # whether `minimum` itself is excluded
    longest: int | None = None  # most characters of a text; None where something else limits it
    many: bool = False  # whether it may be repeated; its value is a tuple then
    regulated: bool = False  # whether it belongs to regulated verse only
    patterned: bool = False  # whether it needs the line types of 詩, which 詞 lack

    def texts(self, **texts: tuple[str, str]) -> "Option":
        """The option with its label and help in each language."""
        labels, helps = ({code: pair[at] for code, pair in texts.items()} for at in (0, 1))
        return replace(self, label=labels, help=helps)

    def check(self, value: Any) -> Any:
        """The value as this option's type, if it is possible."""
        if self.many:
            return tuple(map(self._check, value if isinstance(value, list | tuple) else (value,)))
        return None if value is None and self.default is None else self._check(value)

    def _check(self, value: Any) -> Any:
        known, value = {"name": self.name, "value": value}, self._typed(value)
        if self.choices and value not in self.choices:
            raise UsageError("request.choice", **known, choices=self.choices)
        if self.longest is not None and len(value) > self.longest:
            raise UsageError("request.long", name=self.name, count=len(value), longest=self.longest)
        most = math.inf if self.maximum is None else self.maximum
        if self.minimum is None or self.minimum < value <= most:
            return value
        if value == self.minimum and not self.above:
            return value
        code = "request.range_above" if self.above else "request.range"
        code = "request.below" if self.maximum is None else code
        raise UsageError(code, **known, minimum=self.minimum, maximum=self.maximum)

    def _typed(self, value: Any) -> Any:
        is_flag = isinstance(value, bool)
        with suppress(TypeError, ValueError):
            if self.kind is int and not is_flag:
                return operator.index(value)
            if self.kind is float and not is_flag and not isinstance(value, str):
                return float(value)
        if self.kind in (str, bool) and isinstance(value, self.kind):
            return value
        raise UsageError(_WRONG_TYPE[self.kind], name=self.name, value=value)


_WRONG_TYPE = {
    str: "request.not_text",
    int: "request.not_whole_number",
    float: "request.not_number",
    bool: "request.not_switch",
}

_FORMS = " ".join(f"{form} ({form.ascii_name})" for form in (*known_forms(), *open_forms()))
_NAMES = "、".join(map(str, (*known_forms(), *open_forms())))

OPTIONS = (
    Option("start", str, "", longest=2000).texts(
        en=("Begin with", "First characters or lines, with □ for each character left open."),
        zh=("起首", "開頭的字或句，留空的字用 □ 代替。"),
    ),
    Option("form", str, None).texts(
        en=("Form", f"{_FORMS}, or a tune such as 浣溪沙; 五律 or the model's first by default."),
        zh=("體裁", f"{_NAMES}，或詞牌，如「浣溪沙」；預設五律，模型不寫五律時取它的第一種。"),
    ),
    Option("lines", int, None, minimum=4, maximum=200).texts(
        en=("Lines", "Number of lines, for 排律 and 古體; 12 by default."),
        zh=("句數", "排律、古體寫多少句；預設 12 句。"),
    ),
    Option("regulated", bool, True).texts(
        en=("Regulated", "Keep tones, 粘對 and rhyme, or only the form."),
        zh=("近體", "守平仄、粘對和押韻，或只守句數和字數。"),
    ),
    Option("title", str, None).texts(
        en=("Title", "Title; without it, a regulated poem gets a drawn one. Empty: no title."),
        zh=("詩題", "詩題；合律的詩不給詩題時自動擬題，給空字串則無題。"),
    ),
    Option("acrostic", str, "").texts(
        en=("Acrostic", "First characters of the lines or couplets."),
        zh=("藏頭", "藏頭：每句或每聯的第一個字。"),
    ),
    Option("include", str, (), many=True, regulated=True).texts(
        en=("Must hold", "A word that the poem must contain; may be repeated."),
        zh=("必有", "詩中必須出現的詞，可以給幾個。"),
    ),
    Option("guidance", float, GUIDANCE, minimum=0, maximum=10).texts(
        en=("Guidance", "How strongly title and rhyme steer the poem; 0 turns guidance off."),
        zh=("扣題", "詩題和韻引導全詩的力度；0 表示不引導。"),
    ),
    Option("selection", float, None, minimum=0, maximum=10, regulated=True).texts(
        en=("Selection", "How strongly likely drafts are preferred; 3 with a title, otherwise 0."),
        zh=("擇優", "擇取高機率草稿的力度；有詩題時預設 3，否則 0。"),
    ),
    Option("particles", int, PARTICLES, minimum=1, maximum=4096).texts(
        en=("Particles", "Drafts (particles) written side by side for a regulated poem."),
        zh=("粒子", "每首合律的詩同時寫多少份草稿（粒子）。"),
    ),
    Option("count", int, 1, minimum=1, maximum=1_000_000).texts(
        en=("Poems", "Number of poems."), zh=("幾首", "寫幾首。")
    ),
    Option("seed", int, None, minimum=0, maximum=SEEDS - 1).texts(
        en=("Seed", "The same seed gives the same poems; random by default."),
        zh=("種子", "種子相同，詩就相同；預設隨機。"),
    ),
    Option("script", str, "traditional", choices=("traditional", "simplified")).texts(
        en=("Script", "Characters of the output."), zh=("字體", "輸出用繁體還是簡體。")
    ),
    Option("model", str, DEFAULT).texts(
        en=("Model", "A model's name or file."), zh=("模型", "模型的名稱。")
    ),
)


def options() -> dict[str, Option]:
    """All options by name: those of every request, of the sampling rules, and of constraints."""
    from tangyin.writing import rules

    of_constraints = (option for module in constraint_modules() for option in module.OPTIONS)
    return {option.name: option for option in (*OPTIONS, *rules.OPTIONS, *of_constraints)}


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of all options: those given, and the defaults of the others."""
    known = options()
    del known["model"]  # a request is made to a model
    for name in given:
        if name not in known:
            raise UsageError("request.unknown_option", name=name, options=sorted(known))
    return {
        name: option.check(given[name]) if name in given else option.default
        for name, option in known.items()
    }


def constraint_modules() -> tuple[ModuleType, ...]:
    """The modules in `tangyin.writing.constraints` that define a constraint."""
    from tangyin.writing import constraints

    return _found(tuple(constraints.__path__))


@cache
def _found(path: tuple[str, ...]) -> tuple[ModuleType, ...]:
    modules = [
        import_module(f"tangyin.writing.constraints.{module.name}")
        for module in pkgutil.iter_modules(path)
    ]
    return tuple(module for module in modules if hasattr(module, "OPTIONS"))
