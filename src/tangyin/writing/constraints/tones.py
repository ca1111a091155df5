"""The tones of regulated verse: each line after one of the patterns of its type."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from tangyin.errors import UsageError
from tangyin.prosody import SEQUENCES, ToneTable, patterns_of_type
from tangyin.prosody import Sequence as LineSequence
from tangyin.prosody.books import PINGSHUI
from tangyin.verse import BLANK, Form, to_traditional
from tangyin.writing.constraints.draft import FREE, Columns, Constraint, Draft, Mask, Start
from tangyin.writing.constraints.rates import Rates
from tangyin.writing.options import Option

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

DA_AO = "大拗"

SURE = 0.3
"""A character is written on a tone only when verse reads it so at least this often, so that
readers with other dictionaries agree."""

CLEAR = 0.9
"""Where a licence departs from the type, the share from which a character is written there: one
that can be read either way is read so that there is no licence."""


@dataclass(frozen=True)
class Readings:
    """What each character may be in the tone patterns, (V,) each."""

    level: Mask  # it may be written on 平
    oblique: Mask  # it may be written on 仄
    mostly_level: Mask  # verse reads it 平 more often than not
    clearly_level: Mask  # it may be written on 平 where that is a licence
    clearly_oblique: Mask  # it may be written on 仄 where that is a licence

    @classmethod
    def of(cls, table: ToneTable) -> "Readings":
        """The readings in a table of tones."""
        sure, clear = np.log(SURE), np.log(CLEAR)
        return cls(
            level=table.log_level >= sure,
            oblique=table.log_oblique >= sure,
            mostly_level=table.log_level >= table.log_oblique,
            clearly_level=table.log_level >= clear,
            clearly_oblique=table.log_oblique >= clear,
        )

    @cached_property
    def flags(self) -> npt.NDArray[np.uint8]:
        """What a character may be, a bit each (`_flags`)."""
        return _flags(self.level, self.oblique, self.clearly_level, self.clearly_oblique)


def _flags(*bits: Mask) -> npt.NDArray[np.uint8]:
    """Booleans side by side in one number, the first in the lowest bit."""
    flags: npt.NDArray[np.uint8] = np.packbits(np.stack(bits), axis=0, bitorder="little")[0]
    return flags


def build(start: Start) -> "Tones | None":
    """The constraint on the line types of each row of 詩."""
    if start.draft.form.variant:
        return None
    fitting = start.plan.fitting
    return Tones(fitting.readings, start.sequences, fitting.rates, start.licences, start.draft)


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


class Tones(Constraint):
    """Keeps every row on the line types of its sequence.

    At the beginning of a line each row draws its licence (小拗, 大拗, 特定句式, 孤平拗救, 三仄尾 or
    none) at the rate that regulated Tang verse has it; within it, the tones follow the characters.
    A 大拗 is rescued by the line after it.
    """

    by_row = ("_types", "_alive", "_unrescued", "_level", "_oblique")

    def __init__(
        self,
        readings: Readings,
        sequences: tuple[LineSequence, ...],
        rates: Rates,
        uniforms: npt.NDArray[np.float64],
        draft: Draft,
    ) -> None:
        """`sequences` has one for each row or one for all; `uniforms` is (rows, lines)."""
        self._form = form = draft.form
        self._level, self._oblique = tones_of_given(draft.given, draft.characters, form.characters)
        self._readings = readings
        # The line types of each row, (rows, lines), and what is known of each line pattern.
        self._types = np.array([list(s.for_lines(form.lines)) for s in sequences])
        typed = [
            (kind, pattern, pattern.licence or pattern.warning)
            for kind in "aAbB"
            for pattern in patterns_of_type(kind, form.characters, licences=rates.licensed)
        ]
        kinds, patterns, licences = zip(*typed, strict=True)
        self._kinds = np.array(kinds)
        self._tones = np.array([[tone == "P" for tone in p.tones] for p in patterns])  # True is 平
        self._departs = np.zeros(self._tones.shape, dtype=bool)
        for departs, pattern in zip(self._departs, patterns, strict=True):
            departs[[place - 1 for place in pattern.places]] = True
        self._da_ao = np.array([pattern.licence == DA_AO for pattern in patterns])
        self._rescues = np.array([pattern.rescues for pattern in patterns])
        self._weights = np.array([rates.of(kind, licence) for kind, _, licence in typed])
        _, self._licence = np.unique(licences, return_inverse=True)
        self._uniforms = uniforms
        self._alive = np.zeros((len(sequences), len(patterns)), dtype=bool)
        self._unrescued = np.zeros(len(sequences), dtype=bool)

    def allowed(self, draft: Draft) -> Mask:
        """See `Constraint.allowed`."""
        if draft.column == 0:
            self._begin_line(draft)
        tones = self._tones[:, draft.column]
        level = np.asarray((self._alive & tones).any(axis=1))
        oblique = np.asarray((self._alive & ~tones).any(axis=1))
        clear = np.asarray((self._alive & self._departs[:, draft.column]).any(axis=1))
        needed = _flags(level & ~clear, oblique & ~clear, level & clear, oblique & clear)
        mask: Mask = (needed[:, None] & self._readings.flags) != 0
        return mask

    def record(self, draft: Draft, chosen: Columns) -> None:
        """See `Constraint.record`."""
        tones = self._tones[:, draft.column]
        level, oblique = self._readings.level[chosen], self._readings.oblique[chosen]
        is_given = draft.given[:, draft.place] != FREE
        level = np.where(is_given, self._level[:, draft.place], level)
        oblique = np.where(is_given, self._oblique[:, draft.place], oblique)
        level &= (self._alive & tones).any(axis=1)
        oblique &= (self._alive & ~tones).any(axis=1)
        read_level = level & (~oblique | self._readings.mostly_level[chosen])
        self._alive &= tones == read_level[:, None]
        if draft.at_line_end:
            self._unrescued = (self._alive & self._da_ao).any(axis=1)

    def _begin_line(self, draft: Draft) -> None:
        """Draw each row's licence for this line, among those its given characters admit."""
        fits = self._admitted(draft.line)
        fits &= self._rescues | ~self._unrescued[:, None]
        # A licence is drawn by its rate, whatever the number of patterns that make it.
        weights = np.where(fits, self._weights, 0.0)
        share = np.zeros_like(weights)
        for licence in range(int(self._licence.max()) + 1):
            of_it = np.where(self._licence == licence, weights, 0.0)
            count = (of_it > 0).sum(axis=1, keepdims=True)
            share += np.divide(of_it, count, out=np.zeros_like(of_it), where=count > 0)
        cumulative = np.cumsum(share, axis=1)
        threshold = self._uniforms[:, draft.line, None] * cumulative[:, -1:]
        drawn = np.minimum((cumulative <= threshold).sum(axis=1), weights.shape[1] - 1)
        self._alive = fits & (self._licence == self._licence[drawn, None])

    def admitted(self) -> Mask:
        """(rows, lines, 3): whether a pattern can hold the characters given for each line.

        Of the three, the first is for patterns without 大拗, the second for those with it, which
        the line after it must rescue, and the third for those that rescue the line before.
        """
        fits = np.stack([self._fitting(line) for line in range(self._form.lines)], axis=1)
        kinds = (~self._da_ao, self._da_ao, self._rescues)
        return np.stack([(fits & kind).any(axis=2) for kind in kinds], axis=2)

    def _admitted(self, line: int) -> Mask:
        """(rows, patterns): which a line may have, a 大拗 only where it can be rescued."""
        fits = self._fitting(line)
        if line + 1 < self._form.lines:
            rescued = (self._fitting(line + 1) & self._rescues).any(axis=1, keepdims=True)
            fits &= ~self._da_ao | rescued
        else:
            fits &= ~self._da_ao
        return fits

    def _fitting(self, line: int) -> Mask:
        """(rows, patterns): which patterns the characters given for a line can be read by."""
        width = self._form.characters
        there = slice(line * width, (line + 1) * width)
        level, oblique = self._level[:, there], self._oblique[:, there]
        readable = np.where(self._tones, level[:, None], oblique[:, None]).all(axis=2)
        fits: Mask = readable & (self._types[:, line, None] == self._kinds) & (self._weights > 0)
        return fits


def tones_of_given(given: Columns, characters: Sequence[str], width: int) -> tuple[Mask, Mask]:
    """Whether the checker can read given characters (rows, lines · width) 平, and 仄.

    Both masks have the shape of `given`, and are True where nothing is given.
    """
    # Most rows are given the same.
    different, row_of = np.unique(given, axis=0, return_inverse=True)
    signs = [BLANK, *characters]  # FREE + 1 is the number of an open place
    texts = ("".join(signs[column + 1] for column in row) for row in different.tolist())
    lines = ([text[at : at + width] for at in range(0, len(text), width)] for text in texts)
    tones = [[own for line in poem for own in tones_of_line(line)] for poem in lines]
    row_of = row_of.reshape(-1)  # one version of NumPy keeps an axis here
    level, oblique = (np.array([[tone in own for own in row] for row in tones]) for tone in "PZ")
    return level[row_of], oblique[row_of]


@lru_cache(maxsize=10_000)
def tones_of_line(line: str) -> tuple[str, ...]:
    """For each place of a line the tones that the checker can read it in: P, Z or PZ."""
    return tuple(PINGSHUI.tones_at(line, at) for at in range(len(line)))
