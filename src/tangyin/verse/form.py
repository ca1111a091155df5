"""Forms of verse: their shapes and names. The forms themselves are in `tangyin.verse.forms`."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from tangyin.errors import UsageError
from tangyin.verse.script import to_traditional


@dataclass(frozen=True)
class Form:
    """A shape of poem: `lines` lines of `characters` characters, marks not counted.

    Attributes:
        name: the Chinese name in traditional characters, such as 五律.
        ascii_name: its romanization in small letters, accepted wherever the name is.
        regulated: whether tone patterns and rates of licences are known for it, which regulated
            writing needs (`data/regulated_rates.json`).
        in_corpus: whether the project's corpus and its split hold poems of this form. A person's
            own poems can be in any form.
    """

    name: str
    ascii_name: str
    lines: int
    characters: int
    regulated: bool = False
    in_corpus: bool = False

    @property
    def hanzi(self) -> int:
        """Characters of the whole poem without marks."""
        return self.lines * self.characters

    @property
    def targets(self) -> int:
        """What a language model predicts: characters, marks and `<eos>`."""
        return self.lines * (self.characters + 1) + 1

    @property
    def rhyming(self) -> tuple[int, ...]:
        """The lines that rhyme, from 0: the second of each couplet. The first may rhyme too."""
        return tuple(range(1, self.lines, 2))

    @property
    def heads(self) -> tuple[tuple[int, ...], ...]:
        """The lines whose heads an acrostic can take: all lines, or the first of each couplet."""
        return tuple(range(self.lines)), tuple(range(0, self.lines, 2))

    def __str__(self) -> str:
        return self.name


LONGER = (
    Form("五言", "wuyan", lines=0, characters=5),
    Form("七言", "qiyan", lines=0, characters=7),
)
"""Verse of another number of equal lines, up to `MOST_LINES`: models train on it, none write it."""

MOST_LINES = 400
"""Lines of the longest poems that are trained on."""


@cache
def known_forms() -> tuple[Form, ...]:
    """Every form in `tangyin.verse.forms`: those of the corpus first, then by module name."""
    package = import_module("tangyin.verse.forms")
    names = sorted(module.name for module in iter_modules(package.__path__, f"{package.__name__}."))
    found = [form for name in names for form in import_module(name).FORMS]
    return tuple(sorted(found, key=lambda form: not form.in_corpus))


def form_named(name: str) -> Form:
    """The form with this Chinese name (traditional or simplified) or ASCII name.

    Raises:
        UsageError: form.unknown.
    """
    wanted = name.strip().lower()
    for convert in (str, to_traditional):
        for form in known_forms():
            if convert(wanted) in (form.name, form.ascii_name):
                return form
    forms = [f"{form.name} ({form.ascii_name})" for form in known_forms()]
    raise UsageError("form.unknown", name=name, forms=forms)


def kind_named(name: str) -> Form:
    """What a training poem is called: the form of this name, or one of `LONGER`.

    Raises:
        UsageError: form.unknown.
    """
    return next((kind for kind in LONGER if name == kind.name), None) or form_named(name)


def form_of_shape(lines: int, characters: int) -> Form | None:
    """The first form of `lines` lines of `characters` characters, or None."""
    shape = lines, characters
    return next((form for form in known_forms() if (form.lines, form.characters) == shape), None)


FORMS = tuple(form for form in known_forms() if form.in_corpus)
"""The four forms of the corpus. Their modules import `Form` from here, hence this place."""
