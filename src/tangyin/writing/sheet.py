"""An unfinished poem: what the rules ask of its open places."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tangyin.errors import UsageError
from tangyin.prosody import LinePattern, Report, check_poem, patterns_of_type, traditional_lines
from tangyin.prosody import Sequence as LineSequence
from tangyin.prosody.lexicon import place_of, tone_costs
from tangyin.verse import BLANK, MARKS, Form, is_hanzi, normalize, to_traditional
from tangyin.verse.punctuation import PLACEHOLDER
from tangyin.writing.constraints.rates import rates_of
from tangyin.writing.constraints.tones import is_named

EITHER = "中"
"""The sign of a place that may be level or oblique."""


@dataclass(frozen=True)
class Sheet:
    """A poem of a form, its open places being □.

    `lines` are as they were typed, and `read_as` in traditional characters; both have
    `form.lines` lines of `form.characters` characters. `marks` closes each line.
    """

    form: Form
    lines: tuple[str, ...]
    read_as: tuple[str, ...]
    marks: str

    @classmethod
    def of(cls, form: Form, rows: Sequence[str]) -> "Sheet":
        """Read rows, each a line that may end early and may have its mark.

        Raises:
            UsageError: there are too many rows, one is too long, or has something other than
                Chinese characters and □.
        """
        if len(rows) > form.lines:
            raise UsageError(
                "text.too_many_rows", count=len(rows), form=form.name, lines=form.lines
            )
        lines, marks = [], []
        for number in range(form.lines):
            row = normalize(rows[number]) if number < len(rows) else ""
            mark = row[-1] if row and row[-1] in MARKS else "，。"[number % 2]
            line = (row[:-1] if row and row[-1] in MARKS else row).replace(PLACEHOLDER, BLANK)
            if len(line) > form.characters:
                raise UsageError(
                    "text.row_long", line=number + 1, count=len(line), form=form.name,
                    length=form.characters,
                )  # fmt: skip
            for character in line:
                if character != BLANK and not is_hanzi(character):
                    point = f"U+{ord(character):04X}"
                    raise UsageError("text.foreign", character=character, point=point)
            lines.append(line.ljust(form.characters, BLANK))
            marks.append(mark)
        # Simplified lines beside traditional ones, as a person types beside what a model wrote.
        read_as = tuple(map(to_traditional, traditional_lines(tuple(lines))))
        return cls(form, tuple(lines), read_as, "".join(marks))

    def with_characters(self, line: int, at: int, characters: str) -> tuple[str, ...]:
        """The lines in traditional characters with others from a place (from 0) of a line on."""
        old = self.read_as[line]
        new = old[:at] + characters + old[at + len(characters) :]
        return (*self.read_as[:line], new, *self.read_as[line + 1 :])


@dataclass(frozen=True)
class SheetReport:
    """What the checker says of an unfinished poem, and what it asks of the open places.

    Attributes:
        report: the checker's findings (`check_poem`), or None for a form without rules.
        pattern: the name of the sequence that the text fits best, the commonest one in Tang verse
            of those that fit as well; or "".
        signs: for each line a sign a place in that sequence: 平, 仄, or 中 for either.
        rhyming: the numbers of the lines that rhyme in it, from 1.
        open: how many places are open.
    """

    report: Report | None
    pattern: str
    signs: tuple[str, ...]
    rhyming: tuple[int, ...]
    open: int


def report_on(sheet: Sheet, pattern: str = "") -> SheetReport:
    """Judge an unfinished poem.

    Args:
        sheet: the poem.
        pattern: as the option of a request: the sequence that the poem is to follow, or "".

    Raises:
        UsageError: there is no such sequence.
    """
    form = sheet.form
    blanks = sum(line.count(BLANK) for line in sheet.lines)
    if not form.regulated:
        return SheetReport(None, "", (), (), blanks)
    rates = rates_of(form).sequences
    sequences = [sequence for sequence in rates if is_named(sequence, pattern, form)]
    if not sequences:
        known = [sequence.name(form.characters) for sequence in rates]
        raise UsageError("request.unknown_pattern", pattern=pattern, form=form.name, patterns=known)
    readable = [_readable(line) for line in sheet.read_as]

    def misfit(sequence: LineSequence) -> tuple[Any, ...]:
        kinds = sequence.for_lines(form.lines)
        fits = [_fit(own, kind) for own, kind in zip(readable, kinds, strict=True)]
        return (*map(sum, zip(*fits, strict=True)), -rates[sequence])

    chosen = min(sequences, key=misfit)
    kinds = chosen.for_lines(form.lines)
    rhyming = [2 * couplet + 2 for couplet in range(form.lines // 2)]
    return SheetReport(
        check_poem(sheet.lines, sheet.read_as),
        chosen.name(form.characters),
        tuple(_signs(own, kind) for own, kind in zip(readable, kinds, strict=True)),
        (1, *rhyming) if chosen.rhymed_start else tuple(rhyming),
        blanks,
    )


def _readable(line: str) -> tuple[str, ...]:
    """For each place the tones that its character can have: P, Z or PZ."""
    found = []
    for at, character in enumerate(line):
        if character == BLANK:
            costs = (0.0, 0.0)
        elif at < len(line) - 1:
            costs = tone_costs(line, at)
        else:
            costs = (place_of(character).end_level, place_of(character).end_oblique)
        tones = zip("PZ", costs, strict=True)
        found.append("".join(tone for tone, cost in tones if math.isfinite(cost)))
    return tuple(found)


def _misses(readable: tuple[str, ...], pattern: LinePattern) -> int:
    return sum(tone not in possible for tone, possible in zip(pattern.tones, readable, strict=True))


def _fit(readable: tuple[str, ...], kind: str) -> tuple[int, int]:
    """How many characters of a line miss its type at least, and whether it takes a licence."""
    return min(
        (_misses(readable, pattern), int(bool(pattern.licence or pattern.warning)))
        for pattern in patterns_of_type(kind, len(readable))
    )


def _signs(readable: tuple[str, ...], kind: str) -> str:
    """The signs of a line of a type: those of the patterns that its characters fit best."""
    plain = patterns_of_type(kind, len(readable), licences=False)
    least, licensed = _fit(readable, kind)
    patterns = patterns_of_type(kind, len(readable)) if licensed else plain
    fitting = [pattern for pattern in patterns if _misses(readable, pattern) == least]
    return "".join(
        EITHER if len(set(tones)) > 1 else "平" if tones[0] == "P" else "仄"
        for tones in zip(*(pattern.tones for pattern in fitting), strict=True)
    )
