"""The four line types with their licences, and the sequences that make a poem.

A line's core is its last five characters; a line of seven has two more in front. Tones are written
P (平) and Z (仄). Source: 王力《詩詞格律》 and 《漢語詩律學》.

    a  ZZPPZ    A  ZZZPP    b  PPPZZ    B  PPZZP

The second and the last tone of the core alone name the type; the others say how well it is kept.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import product

TYPES = "aAbB"

XIAO_AO = "小拗"
DA_AO = "大拗"
TEDING = "特定句式"
GUPING_RESCUE = "孤平拗救"

OUT_OF_PATTERN = "出律"
THREE_LEVELS = "三平尾"
THREE_OBLIQUES = "三仄尾"

UNFIT = "?"
"""In place of the type of a line that fits none."""

RATES = {XIAO_AO: 0.12, DA_AO: 0.027, TEDING: 0.14, THREE_OBLIQUES: 0.10, GUPING_RESCUE: 0.07}
"""How often regulated Tang 五律 take each licence where it is possible (see docs/prosody.md)."""


@dataclass(frozen=True, slots=True)
class LinePattern:
    """What the tones of one line make of it, whatever its neighbours are.

    Attributes:
        tones: the tones of all its characters, such as `ZZPPZ`.
        type: a, A, b or B, by the second and last tone of the core.
        licence: 小拗, 大拗 (to be rescued by the next line), 特定句式 or 孤平拗救, or "".
        fault: 出律, 三平尾, 孤平 or 特定句式首字仄, or "".
        warning: 三仄尾 or "".
        places: 1-based places of the characters that make the licence, fault or warning.
        front: the second character of a line of seven is not opposite to the fourth.
    """

    tones: str
    type: str
    licence: str = ""
    fault: str = ""
    warning: str = ""
    places: tuple[int, ...] = ()
    front: bool = False

    @property
    def core(self) -> str:
        """The tones of the last five characters."""
        return self.tones[-5:]

    @property
    def faults(self) -> int:
        """Number of faults of the line itself, a 大拗 not counted."""
        return bool(self.fault) + self.front

    @property
    def rescues(self) -> bool:
        """Whether the line rescues an `a` with 小拗 or 大拗 before it (對句相救)."""
        return self.type == "B" and self.core[2] == "P" and not self.faults

    @property
    def letter(self) -> str:
        """The type, or `?` when the line fits none."""
        return UNFIT if self.front or self.fault == OUT_OF_PATTERN else self.type

    @property
    def strict_letter(self) -> str:
        """The type, or `?` when a third level or oblique comes with a first tone that departs too.

        Ancient verse is shown by this one: ZZPPP is an A that went wrong in one place; PZPPP is
        no longer one.
        """
        doubtful = {THREE_LEVELS: "P", THREE_OBLIQUES: "Z"}
        if self.core[0] == doubtful.get(self.fault or self.warning):
            return UNFIT
        return self.letter


def line_pattern(tones: str) -> LinePattern:
    """The pattern of a line of five or seven tones, P or Z."""
    return _patterns(len(tones))[tones]


def line_patterns(characters: int) -> tuple[LinePattern, ...]:
    """The patterns of all lines of 5 or 7 tones."""
    return tuple(_patterns(characters).values())


def patterns_of_type(
    kind: str, characters: int, *, licences: bool = True
) -> tuple[LinePattern, ...]:
    """All faultless patterns of a type in lines of 5 or 7 characters.

    `licences` admits 小拗, 大拗, 特定句式, 孤平拗救 and 三仄尾. A 大拗 is faultless only when the
    next line `rescues`.
    """
    return tuple(
        pattern
        for pattern in _patterns(characters).values()
        if pattern.type == kind
        and not pattern.faults
        and (licences or not (pattern.licence or pattern.warning))
    )


@cache
def _patterns(characters: int) -> dict[str, LinePattern]:
    tones = map("".join, product("PZ", repeat={5: 5, 7: 7}[characters]))
    return {sequence: _judge(sequence) for sequence in tones}


_CORES: tuple[tuple[str, str, dict[str, str], tuple[int, ...]], ...] = (
    ("a", ".ZPPZ", {}, ()),
    ("a", ".ZZPZ", {"licence": XIAO_AO}, (3,)),
    ("a", ".Z.ZZ", {"licence": DA_AO}, (4,)),
    ("A", ".ZZPP", {}, ()),
    ("A", ".ZPPP", {"fault": THREE_LEVELS}, (3,)),
    ("A", ".Z.ZP", {"fault": OUT_OF_PATTERN}, (4,)),
    ("b", ".PPZZ", {}, ()),
    ("b", "PPZPZ", {"licence": TEDING}, (3, 4)),
    ("b", "ZPZPZ", {"fault": "特定句式首字仄"}, (1,)),
    ("b", ".PZZZ", {"warning": THREE_OBLIQUES}, (3,)),
    ("b", ".PPPZ", {"fault": OUT_OF_PATTERN}, (4,)),
    ("B", "PP.ZP", {}, ()),
    ("B", "ZPPZP", {"licence": GUPING_RESCUE}, (1, 3)),
    ("B", "ZPZZP", {"fault": "孤平"}, (1,)),
    ("B", ".P.PP", {"fault": OUT_OF_PATTERN}, (4,)),
)
"""Each core belongs to one row: the type, the tones, what they are, and at which places."""


def _judge(tones: str) -> LinePattern:
    front, core = len(tones) - 5, tones[-5:]
    kind, _, found, places = next(row for row in _CORES if re.fullmatch(row[1], core))
    out = front > 0 and tones[1] == core[1]
    return LinePattern(tones, kind, places=tuple(front + at for at in places), front=out, **found)


@dataclass(frozen=True)
class Sequence:
    """One of the four sequences of line types; `types` are those of the first eight lines."""

    types: str

    @property
    def rhymed_start(self) -> bool:
        """Whether the first line rhymes."""
        return self.types[0].isupper()

    def name(self, characters: int) -> str:
        """The Chinese name, which follows the second character: 平起 and 仄起 change in 七言."""
        level = (self.types[0] in "bB") == (characters == 5)
        return f"{'平' if level else '仄'}起首句{'入韻' if self.rhymed_start else '不入韻'}"

    def for_lines(self, lines: int) -> str:
        """The types of a poem of `lines` lines; those after the eighth continue in the order."""
        return (self.types + self.types[4:] * (lines // 4))[:lines]


SEQUENCES = tuple(map(Sequence, ("aBbAaBbA", "ABbAaBbA", "bAaBbAaB", "BAaBbAaB")))


def sequence_of(types: str) -> Sequence | None:
    """The sequence that the types of a poem follow, or None."""
    return next((s for s in SEQUENCES if s.for_lines(len(types)) == types), None)
