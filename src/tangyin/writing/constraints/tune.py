"""詞: the tones of a tune's pattern, its rhymes by 詞林正韻, and what it repeats."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tangyin.errors import UsageError
from tangyin.prosody.books import CILIN
from tangyin.prosody.ci import song_of
from tangyin.prosody.tune_match import beside
from tangyin.verse import Poem
from tangyin.verse.tune import Variant
from tangyin.writing.constraints.draft import FREE, OPEN, Columns, Constraint, Draft, Mask, Start
from tangyin.writing.constraints.tones import SURE, Readings
from tangyin.writing.options import Option

OPTIONS = (
    Option("variant", int, None, minimum=1).texts(
        en=("Variant", "Variant of a tune, by its number in 欽定詞譜; the usual one by default."),
        zh=("詞體", "詞牌的第幾體（依《欽定詞譜》）；預設用宋人最常用的一體。"),
    ),
)

ROOM = 3
"""A part is begun only if it has so many characters for each rhyme of its group."""


def build(start: Start) -> "Pattern | None":
    """The constraint for the tune of a 詞."""
    if not start.draft.form.variant:
        return None
    fitting = start.plan.fitting
    return Pattern(start.draft, fitting.readings, ~fitting.forbidden, start.plan.asked)


def part_named(name: str) -> int:
    """The number of the part of 詞林正韻 of this name, or that has this character; OPEN for "".

    Raises:
        UsageError: request.unknown_part.
    """
    if not name:
        return OPEN
    found = [name] if name in CILIN.parts else [place.part for place in CILIN.places(name)]
    if not found:
        raise UsageError("request.unknown_part", name=name, parts=CILIN.parts)
    return CILIN.parts.index(found[0])


@lru_cache(maxsize=4)
def rhymes_of_parts(characters: tuple[str, ...]) -> Mask:
    """(2, parts, V): what rhymes in each part, oblique and level, by readings that are common."""
    found = np.zeros((2, len(CILIN.parts), len(characters)), dtype=bool)
    for column, character in enumerate(characters):
        for place in CILIN.places(character):
            if place.share >= SURE:
                found[int(place.level), CILIN.parts.index(place.part), column] = True
    return found


def rhyming_mask(
    lines: Sequence[str], variant: Variant, line: int, characters: tuple[str, ...]
) -> Mask:
    """(V,) which characters rhyme at the end of a line, by the other feet of its group.

    `lines` are those of the variant, in traditional characters, with □ for open places.
    """
    rhyme = beside(song_of(Poem(tuple(lines), "")), variant).rhymes[variant.lines[line].rhyme]
    table = rhymes_of_parts(characters)[int(variant.lines[line].tones[-1] == "平")]
    found: Mask = table[CILIN.parts.index(rhyme)] if rhyme in CILIN.parts else table.any(axis=0)
    return found


class Pattern(Constraint):
    """Keeps every row on a variant of a tune.

    Each group of rhymes takes the part of the first character that rhymes in it; an oblique one is
    in 上去 or in 入, which have different parts. No character rhymes with itself, except where the
    pattern repeats it.
    """

    by_row = ("_part", "_used")

    def __init__(self, draft: Draft, readings: Readings, writable: Mask, asked: int) -> None:
        """`writable` is (V,); `asked` is the part of the first group, or OPEN."""
        form = draft.form
        assert form.variant  # noqa: S101 # the caller's check
        self._tones, self._lines = form.variant.tones, form.variant.lines
        self._repeats = form.repeats
        self._by_tone = {
            tone: mask & writable
            for tone, mask in (
                ("平", readings.level),
                ("仄", readings.oblique),
                ("中", readings.level | readings.oblique),
            )
        }
        self._rhymes = rhymes_of_parts(draft.characters) & writable
        self._likeliest = self._rhymes.argmax(axis=1)  # (2, V)
        rows, groups = len(draft.given), 1 + max(line.rhyme for line in self._lines)
        self._part = np.full((rows, groups), OPEN)
        self._used = np.zeros((rows, len(writable)), dtype=bool)
        self._part[:, 0] = asked
        for line in form.rhyming:
            self._note(line, draft.given[:, form.starts[line + 1] - 1])
        wanted = [[line.rhyme for line in self._lines].count(group) for group in range(groups)]
        sizes = self._rhymes.sum(axis=2)  # (2, parts)
        self._roomy = [sizes >= ROOM * count for count in wanted]

    def allowed(self, draft: Draft) -> Mask:
        """See `Constraint.allowed`."""
        place, line = draft.place, self._lines[draft.line]
        shape = len(draft.columns), len(draft.characters)
        if place in self._repeats:
            mask: Mask = np.zeros(shape, dtype=bool)
            mask[np.arange(len(mask)), draft.columns[:, self._repeats[place]]] = True
            return mask
        tone = self._tones[place]
        if not draft.at_line_end or line.rhyme < 0:
            return np.broadcast_to(self._by_tone[tone], shape)
        level = int(tone == "平")
        rhymes, part = self._rhymes[level], self._part[:, line.rhyme]
        begins = (rhymes & self._roomy[line.rhyme][level][:, None]).any(axis=0)
        mask = np.where((part == OPEN)[:, None], begins, rhymes[part])
        mask &= ~self._used
        return mask

    def record(self, draft: Draft, chosen: Columns) -> None:
        """See `Constraint.record`."""
        if draft.at_line_end and self._lines[draft.line].rhyme >= 0:
            self._note(draft.line, chosen)

    def _note(self, line: int, chosen: Columns) -> None:
        """Take note of the rhymes (rows,) at the end of a line, some of them FREE."""
        rows = np.flatnonzero(chosen != FREE)
        group = self._lines[line].rhyme
        parts = self._likeliest[int(self._lines[line].tones[-1] == "平"), chosen[rows]]
        settled = self._part[rows, group]
        self._part[rows, group] = np.where(settled == OPEN, parts, settled)
        self._used[rows, chosen[rows]] = True
