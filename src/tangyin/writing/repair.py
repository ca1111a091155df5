"""Fixing a fault of prosody by changing one character."""

from collections.abc import Iterator
from dataclasses import replace

from tangyin.metre import Report, check_poem, readings_of
from tangyin.metre import finding as kinds
from tangyin.model.engine import Engine
from tangyin.model.inspection import expectation
from tangyin.model.threads import go_on
from tangyin.scoring.score import score_poems
from tangyin.verse import Poem

CANDIDATES = 80  # Number of likeliest characters that are tried at each place
SCORED = 64  # Number of fixes that are scored in their context

_NEIGHBOURS = {kinds.NO_OPPOSITION: -1, kinds.NO_ADHESION: -1, kinds.UNRESCUED: 1}
"""The other line of faults between two lines."""


def fix_character(
    engine: Engine, poem: Poem, line: int, kind: str, count: int
) -> list[tuple[Poem, float]]:
    """Ways to fix a fault by changing one character, with no new fault.

    Every place of the line is tried, and of the line before or after where the fault is between
    the two, with the characters that the model finds likeliest there.

    Args:
        engine: a model that was trained on the form.
        poem: in traditional characters.
        line: the one at fault, from 1.
        kind: the fault, such as 失粘.
        count: the largest number of fixes.

    Returns:
        The changed poems with the natural logarithms of their probabilities, the likeliest first;
        none if one character is not enough.
    """
    before = check_poem(poem.lines)
    lines = {line, line + _NEIGHBOURS.get(kind, 0)} & set(range(1, len(poem.lines) + 1))
    found = [
        way
        for number in sorted(lines, key=lambda number: number != line)
        for way in _ways(engine, poem, number, before, line, kind)
    ]
    # By rank at its place first, so that each place is represented.
    found.sort(key=lambda way: way[1])
    weighed = score_poems(engine, [changed for changed, _ in found[:SCORED]])
    fixes = [(changed, -tally.nll) for changed, tally in weighed]
    return sorted(fixes, key=lambda fix: -fix[1])[:count]


def _ways(
    engine: Engine, poem: Poem, number: int, before: Report, line: int, kind: str
) -> Iterator[tuple[Poem, int]]:
    """Changed poems without the fault, each with the rank of the new character."""
    old = poem.lines[number - 1]
    ahead = "".join(a + b for a, b in zip(poem.lines[: number - 1], poem.marks, strict=False))
    prefix = engine.vocabulary.prefix(poem.form)
    for at, character in enumerate(old):
        expected = expectation(engine, prefix, ahead + old[:at], character, CANDIDATES)
        # Prosody sees readings alone: of characters that read alike one is tried first.
        works: dict[object, bool] = {}
        for rank, (other, _) in enumerate(expected.candidates):
            readings = tuple((r.tone, r.rhyme) for r in readings_of(other))
            if other == character or not works.get(readings, True):
                continue
            go_on()
            changed = list(poem.lines)
            changed[number - 1] = old[:at] + other + old[at + 1 :]
            works[readings] = _fixes(before, check_poem(changed), line, kind)
            if works[readings]:
                yield replace(poem, lines=tuple(changed)), rank


def _fixes(before: Report, after: Report, line: int, kind: str) -> bool:
    gone = not any((fault.line, fault.kind) == (line, kind) for fault in after.faults)
    worse = len(after.warnings) > len(before.warnings)  # such as a rhyme that is used already
    return gone and not worse and len(after.faults) < len(before.faults)
