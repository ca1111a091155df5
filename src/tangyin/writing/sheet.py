"""An unfinished poem: what the rules ask of its open places."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tangyin.errors import UsageError
from tangyin.metre import (
    CiReport,
    LinePattern,
    Report,
    check_poem,
    check_variant,
    patterns_of_type,
    traditional_lines,
)
from tangyin.metre import Sequence as LineSequence
from tangyin.metre.laws.tones import sequences_named
from tangyin.metre.option import Option
from tangyin.metre.rates import rates_of
from tangyin.metre.shi import tones_of_line
from tangyin.verse import BLANK, MARKS, Form, normalize, to_traditional
from tangyin.verse.punctuation import PLACEHOLDER, check_hanzi

EITHER = "中"
"""The sign of a place that may be level or oblique."""


@dataclass(frozen=True)
class Sheet:
    """A poem of a form, its open places being □.

    `lines` are as they were typed, and `read_as` in traditional characters; both have the lines of
    the form with their lengths. `marks` closes each line.
    """

    form: Form
    lines: tuple[str, ...]
    read_as: tuple[str, ...]
    marks: str

    @classmethod
    def of(cls, form: Form, rows: Sequence[str]) -> "Sheet":
        """Read rows, each a line that may end early and may have its mark.

        A form of any number of lines has as many as there are rows, and no fewer than it may have.

        Raises:
            UsageError: there are too many rows, one is too long, or has something other than
                Chinese characters and □.
        """
        if form.most_lines:
            lines = max(form.fewest_lines, len(rows) + len(rows) % 2)
            form = replace(form, lines=min(lines, form.most_lines))
        if len(rows) > form.lines:
            raise UsageError(
                "text.too_many_rows", count=len(rows), form=form.name, lines=form.lines
            )
        shown, marks = [], []
        for number, (width, closings) in enumerate(zip(form.widths, form.closings, strict=True)):
            row = normalize(rows[number]) if number < len(rows) else ""
            mark = row[-1] if row and row[-1] in MARKS else closings[0]
            line = (row[:-1] if row and row[-1] in MARKS else row).replace(PLACEHOLDER, BLANK)
            if len(line) > width:
                raise UsageError(
                    "text.row_long", line=number + 1, count=len(line), form=form.name, length=width
                )
            check_hanzi(line.replace(BLANK, ""))
            shown.append(line.ljust(width, BLANK))
            marks.append(mark)
        # Simplified lines, or characters, beside traditional ones, as a person types beside what a
        # model wrote.
        read_as = tuple(
            "".join(map(to_traditional, to_traditional(line)))
            for line in traditional_lines(tuple(shown))
        )
        return cls(form, tuple(shown), read_as, "".join(marks))

    def check_place(self, line: int, place: int = 1, length: int = 1) -> None:
        """Refuse characters (from 1) that the form does not have (UsageError)."""
        Option("line", int, 1).check(line)
        Option("place", int, 1).check(place)
        name, lines = self.form.name, self.form.lines
        if not 1 <= line <= lines:
            raise UsageError("request.no_line", line=line, form=name, lines=lines)
        width = self.form.widths[line - 1]
        if not 1 <= place <= width + 1 - length:
            last = place + length - 1
            raise UsageError("request.no_character", character=last, form=name, width=width)

    def with_characters(self, line: int, at: int, characters: str) -> tuple[str, ...]:
        """The lines in traditional characters with others from a place (from 0) of a line on."""
        old = self.read_as[line]
        new = old[:at] + characters + old[at + len(characters) :]
        return (*self.read_as[:line], new, *self.read_as[line + 1 :])


@dataclass(frozen=True)
class SheetReport:
    """What the checker says of an unfinished poem, and what it asks of the open places.

    Attributes:
        report: the checker's findings (`check_poem`, `check_variant`), or None for a form without
            rules.
        pattern: the name of the sequence that the text fits best, the commonest one in Tang verse
            of those that fit as well; or "", as for 詞.
        signs: for each line a sign a place in that sequence or tune: 平, 仄, or 中 for either.
        rhyming: the numbers of the lines that rhyme in it, from 1.
        open: how many places are open.
    """

    report: Report | CiReport | None
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
    rhyming = tuple(line + 1 for line in form.rhyming)
    if form.variant:
        report = check_variant(sheet.lines, form.variant, sheet.read_as)
        return SheetReport(report, "", report.patterns, rhyming, blanks)
    rates = rates_of(form).sequences
    readable = [tones_of_line(line) for line in sheet.read_as]

    def misfit(sequence: LineSequence) -> tuple[Any, ...]:
        kinds = sequence.for_lines(form.lines)
        fits = [_fit(own, kind) for own, kind in zip(readable, kinds, strict=True)]
        return (*map(sum, zip(*fits, strict=True)), -rates[sequence])

    chosen = min(sequences_named(pattern, form), key=misfit)
    kinds = chosen.for_lines(form.lines)
    return SheetReport(
        check_poem(sheet.lines, sheet.read_as),
        chosen.name(form.characters),
        tuple(_signs(own, kind) for own, kind in zip(readable, kinds, strict=True)),
        (1, *rhyming) if chosen.rhymed_start else rhyming,
        blanks,
    )


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
    least, licensed = _fit(readable, kind)
    patterns = patterns_of_type(kind, len(readable), licences=bool(licensed))
    fitting = [pattern for pattern in patterns if _misses(readable, pattern) == least]
    return "".join(
        EITHER if len(set(tones)) > 1 else "平" if tones[0] == "P" else "仄"
        for tones in zip(*(pattern.tones for pattern in fitting), strict=True)
    )
