"""Forms of verse: their shapes and names. The forms themselves are in `tangyin.verse.forms`."""

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import import_module
from itertools import accumulate
from pkgutil import iter_modules

from tangyin.errors import UsageError
from tangyin.verse.punctuation import MARKS, STOPS
from tangyin.verse.script import to_traditional
from tangyin.verse.tune import Variant, names_near, tunes_so_called, variant_named


@dataclass(frozen=True)
class Form:
    """A shape of poem: `lines` lines of `characters` characters, marks not counted.

    Attributes:
        name: the Chinese name in traditional characters, such as 五律.
        ascii_name: its romanization in small letters, accepted wherever the name is.
        lines: how many lines it has.
        characters: how many characters a line has; in 詞 the longest.
        regulated: whether its rules are known, which regulated writing needs: tone patterns and
            rates of licences (`data/regulated_rates.json`), or the pattern of a tune.
        in_corpus: whether the project's corpus and its split hold poems of this form. A person's
            own poems can be in any form.
        kind: what models know it by where that is not its name: one of `KINDS`.
        most_lines: if not 0, the form may have any even number of lines from `fewest_lines` up to
            this, and `lines` if nothing is said.
        fewest_lines: see `most_lines`.
        variant: of the tune of a 詞, whose lines have unequal lengths; otherwise None.
        lengths: of the lines, where they are unequal and there is no tune.
    """

    name: str
    ascii_name: str
    lines: int
    characters: int
    regulated: bool = False
    in_corpus: bool = False
    kind: str = ""
    fewest_lines: int = 0
    most_lines: int = 0
    variant: Variant | None = field(default=None, repr=False, compare=False)
    lengths: tuple[int, ...] = ()

    @classmethod
    def of_tune(cls, variant: Variant, called: str = "") -> "Form":
        """The form of one variant of a tune, by that of its names that it is called by."""
        called = called or variant.name
        widths = [len(line.tones) for line in variant.lines]
        name = called if variant.usual else f"{called}·{variant.number}"
        return cls(
            name, "", len(widths), max(widths), regulated=True, kind=CI.name, variant=variant
        )

    @property
    def tune(self) -> str:
        """The name of the tune of a 詞, or ""."""
        return self.name.partition("·")[0] if self.variant else ""

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Characters of each line."""
        if self.variant:
            return tuple(len(line.tones) for line in self.variant.lines)
        return self.lengths or (self.characters,) * self.lines

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The characters before each line, and before the end of the poem."""
        return (0, *accumulate(self.widths))

    @property
    def hanzi(self) -> int:
        """Characters of the whole poem without marks."""
        return self.starts[-1]

    @property
    def places(self) -> int:
        """Characters and marks of the whole poem."""
        return self.hanzi + self.lines

    @property
    def targets(self) -> int:
        """What a language model predicts: characters, marks and `<eos>`."""
        return self.places + 1

    @property
    def closings(self) -> tuple[str, ...]:
        """The marks that may close each line."""
        if self.variant:
            return tuple(STOPS if line.rhyme >= 0 else MARKS[0] for line in self.variant.lines)
        return tuple((MARKS, STOPS)[line % 2] for line in range(self.lines))

    @property
    def rhyming(self) -> tuple[int, ...]:
        """The lines that rhyme, from 0. In 詩 the second of each couplet; the first may too."""
        return self.variant.rhyming if self.variant else tuple(range(1, self.lines, 2))

    @property
    def heads(self) -> tuple[tuple[int, ...], ...]:
        """The lines whose heads an acrostic can take: all lines, or the first of each couplet."""
        return tuple(range(self.lines)), tuple(range(0, self.lines, 2))

    @cached_property
    def repeats(self) -> dict[int, int]:
        """For each character that must repeat an earlier one, by its place, the place of that."""
        found = {}
        for number, line in enumerate(self.variant.lines if self.variant else ()):
            end, before = self.starts[number + 1], self.starts[number]
            found.update({end - back: before - back for back in range(1, line.repeats + 1)})
        return found

    def line_of(self, place: int) -> int:
        """The line of a character, from 0, by its place among all characters."""
        return bisect_right(self.starts, place) - 1

    def characters_of(self, line: int) -> slice:
        """Where the characters of a line are among those of the poem."""
        return slice(self.starts[line], self.starts[line + 1])

    def __str__(self) -> str:
        return self.name


LONGER = (
    Form("五言", "wuyan", lines=0, characters=5),
    Form("七言", "qiyan", lines=0, characters=7),
)
"""Verse of another number of equal lines, up to `MOST_LINES`."""

CI = Form("詞", "ci", lines=0, characters=0)
"""詞: lines of unequal length by the tune that is their title."""

KINDS = (*LONGER, CI)
"""Verse without one shape, which a model knows by its kind."""

MOST_LINES = 400
"""Lines of the longest poems that are trained on."""


def known_forms() -> tuple[Form, ...]:
    """Those of `all_forms` that have one shape."""
    return tuple(form for form in all_forms() if not form.most_lines)


def open_forms() -> tuple[Form, ...]:
    """Those of `all_forms` that may have any even number of lines."""
    return tuple(form for form in all_forms() if form.most_lines)


@cache
def all_forms() -> tuple[Form, ...]:
    """Every form in `tangyin.verse.forms`: those of the corpus first, then by module name."""
    package = import_module("tangyin.verse.forms")
    names = sorted(module.name for module in iter_modules(package.__path__, f"{package.__name__}."))
    found = [form for name in names for form in import_module(name).FORMS]
    return tuple(sorted(found, key=lambda form: not form.in_corpus))


def form_named(name: str, lines: int | None = None, variant: int | None = None) -> Form:
    """The form with this Chinese name (traditional or simplified) or ASCII name.

    Args:
        name: of a form or of a tune, which may have the number of its variant (浣溪沙·2).
        lines: of a form that may have several numbers of them; None for the usual number.
        variant: of a tune; None for the usual one, or that of the name.

    Raises:
        UsageError: form.unknown, form.couplet, form.lines_fixed, form.lines, tune.no_variant.
    """
    wanted = name.strip().lower()
    for convert in (str, to_traditional):
        for form in all_forms():
            if convert(wanted) in (form.name, form.ascii_name):
                return _with_lines(form, lines)
    tune, _, number = wanted.partition("·")
    if tunes_so_called(tune) and (not number or number.isdecimal()):
        if lines is not None:
            raise UsageError("form.lines_fixed", form=name, lines=lines)
        if variant is None and number:
            variant = int(number)
        return Form.of_tune(variant_named(tune, variant), to_traditional(tune.strip()))
    if to_traditional(wanted) in ("對聯", "楹聯", "春聯"):
        raise UsageError("form.couplet")
    forms = [f"{form.name} ({form.ascii_name})" for form in all_forms()]
    raise UsageError("form.unknown", name=name, forms=forms, near=names_near(name))


def _with_lines(form: Form, lines: int | None) -> Form:
    if lines is None or lines == form.lines:
        return form
    if not form.most_lines:
        raise UsageError("form.lines_fixed", form=form.name, lines=form.lines)
    if lines % 2 or not form.fewest_lines <= lines <= form.most_lines:
        raise UsageError(
            "form.lines", form=form.name, fewest=form.fewest_lines, most=form.most_lines
        )
    return replace(form, lines=lines)


def kind_named(name: str) -> Form:
    """What a training poem is called: the form of this name, or one of `KINDS`.

    Raises:
        UsageError: form.unknown.
    """
    return next((kind for kind in KINDS if name == kind.name), None) or form_named(name)


def form_of_shape(lines: int, characters: int) -> Form | None:
    """The first form of `lines` lines of `characters` characters, or None."""
    shape = lines, characters
    return next((form for form in known_forms() if (form.lines, form.characters) == shape), None)


FORMS = tuple(form for form in known_forms() if form.in_corpus)
"""The four forms of the corpus. Their modules import `Form` from here, hence this place."""
