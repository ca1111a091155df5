"""The checker: from lines to a report."""

import math
from collections.abc import Sequence

from tangyin.errors import UsageError
from tangyin.prosody import report
from tangyin.prosody.antithesis import couplets_of
from tangyin.prosody.assignment import Assignment, assign
from tangyin.prosody.lexicon import place_of, tone_costs
from tangyin.prosody.line_type import OUT_OF_PATTERN, THREE_LEVELS, sequence_of
from tangyin.prosody.report import ChosenReading, Finding, Report
from tangyin.prosody.rules import (
    common_rhyme,
    end_rhyme,
    first_line_rhyme,
    judge,
    letters,
    warn,
)
from tangyin.prosody.script import traditional_lines
from tangyin.verse import BLANK, form_of_shape, read_verse

BREAKS = (OUT_OF_PATTERN, THREE_LEVELS, report.UNRESCUED, report.NO_OPPOSITION)
"""Faults inside a couplet: many of them are a sign of ancient verse."""


def check_text(text: str) -> Report:
    """Check one poem as typed: with or without marks, traditional or simplified.

    Raises:
        UsageError: the text is not two or more lines of five or seven characters.
    """
    return check_poem(read_verse(text).lines)


def check_poem(lines: Sequence[str], read_as: Sequence[str] = ()) -> Report:
    """Check two or more lines without marks, all of five or all of seven characters.

    Places left open (□) are read as it suits the others: an unfinished poem has the faults that no
    character there would remove. Its `pattern` and `tones` are one way to go on, and `rhyme` is
    `-` until a foot is written.

    The report shows them as they are given; simplified ones are read in traditional characters
    (`traditional_lines`), which a caller who knows them gives as `read_as`.

    Raises:
        UsageError: the lines have other lengths, or there are fewer than two.
    """
    shown = tuple(lines)
    if len(shown) < 2 or {len(line) for line in shown} not in ({5}, {7}):
        raise UsageError("prosody.shape", lengths=[len(line) for line in shown])
    poem = tuple(read_as) or traditional_lines(shown)
    reading = assign(poem)
    rhyme = common_rhyme(poem, reading)
    licences, faults = judge(poem, shown, reading)
    ancient = _is_ancient(poem, reading, faults)
    types = "-" * len(poem) if reading.oblique else letters(reading.patterns, strict=bool(faults))
    sequence = None if ancient else sequence_of(types)
    couplets = couplets_of(poem, shown)
    return Report(
        form=_form(poem, ancient=ancient),
        regulated=not faults,
        pattern=sequence.name(len(poem[0])) if sequence else report.NONE,
        line_types=types,
        nearest=types if reading.oblique else "".join(p.type for p in reading.patterns),
        tones=tuple(pattern.tones for pattern in reading.patterns),
        rhyme=rhyme or report.NONE,
        first_line=_first_line(poem, reading),
        licences=tuple(licences),
        faults=tuple(faults),
        warnings=tuple(warn(poem, shown, reading, couplets)),
        couplets=couplets,
        readings=tuple(_chosen(poem, shown, reading)),
        lines=shown,
        read_as=poem,
    )


def _form(lines: tuple[str, ...], *, ancient: bool) -> str:
    shape = form_of_shape(len(lines), len(lines[0]))
    if len(lines) == 2:
        return "聯"
    return "古體" if ancient else shape.name if shape else "排律"


def _is_ancient(lines: tuple[str, ...], reading: Assignment, faults: list[Finding]) -> bool:
    """Whether a poem is ancient-style verse rather than regulated verse with faults.

    It is if it has an oblique rhyme; if the number of lines is odd; if at least half of its
    couplets, and at least two, have a fault of `BREAKS`; if no couplet adheres to the one before
    (eight lines or more); or if at most half of the rhymes agree (six lines or more).
    """
    if reading.oblique or len(lines) % 2:
        return True
    couplets = len(lines) // 2
    broken = {(fault.line - 1) // 2 for fault in faults if fault.kind in BREAKS}
    if len(broken) >= max(2, couplets / 2):
        return True
    loose = sum(fault.kind == report.NO_ADHESION for fault in faults)
    if couplets >= 4 and loose == couplets - 1:
        return True
    strays = sum(fault.kind == report.OUT_OF_RHYME for fault in faults)
    return couplets >= 3 and 2 * strays >= couplets


def _first_line(lines: tuple[str, ...], reading: Assignment) -> str:
    end = lines[0][-1]
    if reading.oblique:
        rhymes = end_rhyme(end, reading.rhyme) == reading.rhyme
        return "入韻" if rhymes and reading.patterns[0].tones[-1] == "Z" else "不入韻"
    own = first_line_rhyme(end, reading.rhyme) if reading.patterns[0].tones[-1] == "P" else ""
    return "不入韻" if not own else "入韻" if own == reading.rhyme else "鄰韻"


def _chosen(
    lines: tuple[str, ...], shown: tuple[str, ...], reading: Assignment
) -> list[ChosenReading]:
    """The readings at places where verse allows both tones."""
    chosen = []
    for number, (line, pattern) in enumerate(zip(lines, reading.patterns, strict=True)):
        for at, (character, tone) in enumerate(zip(line, pattern.tones, strict=True)):
            costs = tone_costs(line, at)
            if character != BLANK and place_of(character).both and math.inf not in costs:
                kind = "PZ".index(tone)
                share = round(math.exp(-costs[kind]), 3)
                typed = shown[number][at]
                chosen.append(ChosenReading(number + 1, at + 1, typed, "平仄"[kind], share))
    return chosen
