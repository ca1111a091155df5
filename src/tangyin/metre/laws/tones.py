"""The tones of regulated verse: the poem keeps its rules, with the requested line types."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.errors import UsageError
from tangyin.metre.convention import by_convention
from tangyin.metre.finding import Finding
from tangyin.metre.lattice import Lattice
from tangyin.metre.law import FREE, Columns, Draft, Law, Mask, Place, Uniforms, Wish
from tangyin.metre.option import Option
from tangyin.metre.pattern import SEQUENCES
from tangyin.metre.pattern import Sequence as LineSequence
from tangyin.metre.rates import Rates, rates_of
from tangyin.metre.shi import Shi, check_poem, tones_of_given
from tangyin.metre.table import Readings, flags_of, tables_of
from tangyin.verse import Form, to_traditional

OPTIONS = (
    Option(
        "pattern",
        str,
        "",
        offered=tuple(s.name(5) for s in SEQUENCES),
        regulated=True,
        patterned=True,
    ).texts(
        en=("Pattern", "A name such as 平起首句入韻, or line types (aBbAaBbA)."),
        zh=("平仄譜", "平起首句入韻之類，或用字母寫各句的句型（aBbAaBbA）。"),
    ),
    Option("strict", bool, False, regulated=True, patterned=True).texts(
        en=("No licence", "Allow no licences (拗救, 特定句式 …)."),
        zh=("不拗", "不許拗救、特定句式等變化。"),
    ),
)

OTHER_PATTERN = "異譜"


def build(wish: Wish) -> "LineTypes | None":
    """The law of the line types of 詩."""
    if wish.form.variant:
        return None
    named = tuple(sequences_named(wish.options["pattern"], wish.form))
    return LineTypes(wish.form, wish.characters, named, strict=wish.options["strict"])


def sequences_named(pattern: str, form: Form) -> list[LineSequence]:
    """The sequences that the option `pattern` names, in Chinese or by their line types.

    Raises:
        UsageError: request.unknown_pattern.
    """
    name = to_traditional(pattern).replace("韵", "韻")
    names = [(s.name(form.characters), s.for_lines(form.lines)) for s in SEQUENCES]
    found = [s for s, own in zip(SEQUENCES, names, strict=True) if name in ("", *own)]
    if not found:
        known = [own for own, _ in names]
        raise UsageError("request.unknown_pattern", pattern=pattern, form=form.name, patterns=known)
    return found


@dataclass(frozen=True)
class LineTypes(Law):
    """The poem keeps the rules in one of some sequences of line types; `strict` is by no licence.

    A course is a sequence, and a licence for each line. Without one this is regulated verse at all.
    """

    is_metre = True

    form: Form
    characters: tuple[str, ...]
    sequences: tuple[LineSequence, ...]
    strict: bool = False

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """See `Law.check`; an unfinished poem may still come to any sequence."""
        usual = check_poem(lines, lines, briefly=True)
        report = by_convention(usual, "strict" if self.strict else "usual")
        names = [sequence.name(self.form.characters) for sequence in self.sequences]
        if report.faults or report.pattern in names or "□" in "".join(lines):
            return report.faults
        wanted = "、".join(names)
        return (Finding.of(OTHER_PATTERN, 0, (), pattern=report.pattern, wanted=wanted),)

    def begin(self, draft: Draft) -> Place:
        """See `Law.begin`."""
        course = draft.course
        if course is None or course.licences is None:
            return Shi(self.form).begin(draft)
        rates = rates_of(self.form).strict if self.strict else rates_of(self.form)
        _, readings, _ = tables_of(self.characters)
        return Tones(readings, course.sequences, rates, course.licences, draft)


class Tones(Place):
    """Keeps every row on the line types of its sequence.

    At the beginning of a line each row draws its licence (小拗, 大拗, 特定句式, 孤平拗救, 三仄尾 or
    none) at the rate that regulated Tang verse has it; within it, the tones follow the characters.
    What a line may have depends on the kind of the one above and on what is given further on.
    """

    by_row = ("_types", "_alive", "_above", "_fits", "_level", "_oblique")

    def __init__(
        self,
        readings: Readings,
        sequences: tuple[LineSequence, ...],
        rates: Rates,
        uniforms: Uniforms,
        draft: Draft,
    ) -> None:
        """`sequences` has one for each row or one for all; `uniforms` is (rows, lines)."""
        super().__init__(draft)
        form = draft.form
        self._level, self._oblique = tones_of_given(draft.given, draft.characters, form.characters)
        self._readings, self._lattice = readings, Lattice.of(form.characters)
        patterns = self._lattice.patterns
        # The line types of each row, (rows, lines), and what is known of each line pattern.
        self._types = np.array([list(s.for_lines(form.lines)) for s in sequences])
        self._kinds = np.array([pattern.type for pattern in patterns])
        self._departs = np.zeros(self._lattice.level.shape, dtype=bool)
        for departs, pattern in zip(self._departs, patterns, strict=True):
            departs[[place - 1 for place in pattern.places]] = True
        licences = [pattern.licence or pattern.warning for pattern in patterns]
        self._weights = np.array(
            [
                0.0 if p.faults else rates.of(p.type, licence)
                for p, licence in zip(patterns, licences, strict=True)
            ]
        )
        _, self._licence = np.unique(licences, return_inverse=True)
        self._uniforms = uniforms
        self._alive = np.zeros((len(draft.given), len(patterns)), dtype=bool)
        self._above = np.zeros(len(draft.given), dtype=np.intp)  # the kind of the line above
        self._fits = self._possible()

    def allowed(self) -> Mask:
        """See `Place.allowed`."""
        column = self.draft.column
        if column == 0:
            self._begin_line()
        tones = self._lattice.level[:, column]
        level = np.asarray((self._alive & tones).any(axis=1))
        oblique = np.asarray((self._alive & ~tones).any(axis=1))
        clear = np.asarray((self._alive & self._departs[:, column]).any(axis=1))
        needed = flags_of(level & ~clear, oblique & ~clear, level & clear, oblique & clear)
        mask: Mask = (needed[:, None] & self._readings.flags) != 0
        return mask

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        draft = self.draft
        tones = self._lattice.level[:, draft.column]
        level, oblique = self._readings.level[columns], self._readings.oblique[columns]
        is_given = draft.given[:, draft.place] != FREE
        level = np.where(is_given, self._level[:, draft.place], level)
        oblique = np.where(is_given, self._oblique[:, draft.place], oblique)
        level &= (self._alive & tones).any(axis=1)
        oblique &= (self._alive & ~tones).any(axis=1)
        read_level = level & (~oblique | self._readings.mostly_level[columns])
        self._alive &= tones == read_level[:, None]
        if draft.at_line_end:
            self._above = self._lattice.kind[self._alive.argmax(axis=1)]

    def _begin_line(self) -> None:
        """Draw each row's licence for this line, among those its given characters admit."""
        fits = self._fits[:, self.draft.line]
        if self.draft.line:
            fits = fits & (self._lattice.between[self.draft.line % 2][self._above] == 0)
        # A licence is drawn by its rate, whatever the number of patterns that make it.
        weights = np.where(fits, self._weights, 0.0)
        share = np.zeros_like(weights)
        for licence in range(int(self._licence.max()) + 1):
            of_it = np.where(self._licence == licence, weights, 0.0)
            count = (of_it > 0).sum(axis=1, keepdims=True)
            share += np.divide(of_it, count, out=np.zeros_like(of_it), where=count > 0)
        cumulative = np.cumsum(share, axis=1)
        threshold = self._uniforms[:, self.draft.line, None] * cumulative[:, -1:]
        drawn = np.minimum((cumulative <= threshold).sum(axis=1), weights.shape[1] - 1)
        self._alive = fits & (self._licence == self._licence[drawn, None])

    def _possible(self) -> Mask:
        """(rows, lines, patterns): which a line may have, the lines behind it being possible."""
        lattice, lines = self._lattice, self.draft.form.lines
        own = self.readable()
        below = np.broadcast_to(lattice.last == 0, (len(own), len(lattice.last)))  # (rows, F)
        for line in range(lines - 1, -1, -1):
            own[:, line] &= below[:, lattice.kind]
            good = lattice.between[line % 2] == 0  # (F, patterns)
            below = (own[:, line, None] & good).any(axis=2)
        return own

    def readable(self) -> Mask:
        """(rows, lines, patterns): by which the characters given for each line can be read."""
        shape = len(self._level), self.draft.form.lines, 1, -1
        level, oblique = self._level.reshape(shape), self._oblique.reshape(shape)
        readable = np.where(self._lattice.level, level, oblique).all(axis=3)
        fits: Mask = readable & (self._types[:, :, None] == self._kinds) & (self._weights > 0)
        return fits
