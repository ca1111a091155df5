"""The options of a writing request, each described once.

The command line, the API's bodies and the page's controls are made from these descriptions. The
options that belong to a sampling rule are declared in `rules.py`, those of a law in its own file in
`metre/laws/`.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from tangyin.errors import UsageError
from tangyin.metre import laws
from tangyin.metre.option import Option
from tangyin.model import DEFAULT
from tangyin.verse import known_forms, open_forms
from tangyin.writing import rules
from tangyin.writing.randomness import SEEDS

GUIDANCE = 2.0
"""Default strength of the guidance by title and rhyme, found by reading (docs/model.md)."""

SELECTION = 3.0
"""Default selection of the particles of a poem with a title, found by reading (docs/model.md)."""

UNTITLED = 0.85
"""Default temperature of top-p without a title, where nothing else makes poems differ."""

PARTICLES = 16
"""Default number of particles per poem; readers rated 32 and 64 no higher (docs/model.md)."""


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
    """All options by name: those of every request, of the sampling rules, and of laws."""
    of_laws = (option for module in law_modules() for option in module.OPTIONS)
    return {option.name: option for option in (*OPTIONS, *rules.OPTIONS, *of_laws)}


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


def law_modules() -> tuple[ModuleType, ...]:
    """The modules in `tangyin.metre.laws`, each with the options that ask for its law."""
    return _found(tuple(laws.__path__))


@cache
def _found(path: tuple[str, ...]) -> tuple[ModuleType, ...]:
    modules = [
        import_module(f"tangyin.metre.laws.{module.name}") for module in pkgutil.iter_modules(path)
    ]
    return tuple(module for module in modules if hasattr(module, "OPTIONS"))
