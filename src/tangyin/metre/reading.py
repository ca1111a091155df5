"""One reading for each place of a poem, found by dynamic programming.

The reading with the fewest faults is chosen, and among those the likeliest: the one with the least
sum of -ln(share of the reading) and -ln(odds of the licence). The readings of a line are grouped by
the facts that neighbouring lines depend on, so the work is linear in the number of lines.
"""

import math
import operator
from dataclasses import dataclass
from functools import cache

from tangyin.metre.books import PINGSHUI, Book
from tangyin.metre.lexicon import Place, Reading
from tangyin.metre.pattern import DA_AO, RATES, XIAO_AO, LinePattern, line_pattern
from tangyin.verse import BLANK

FAULT = 1e4
"""Cost of one fault: more than all readings of a poem together can differ by."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The reading of a whole poem: one pattern per line, and the rhyme that most even lines share.

    If that rhyme is oblique there are no line types, and no faults are counted. An unfinished poem
    is read in a level rhyme: what is still open may make it regulated.
    """

    patterns: tuple[LinePattern, ...]
    rhyme: str
    oblique: bool
    faults: int
    book: Book


def assign(
    lines: tuple[str, ...], book: Book = PINGSHUI, *, level_only: bool = False
) -> Assignment:
    """Read a poem of two or more lines, all of five or all of seven characters, by a book.

    With `level_only` a poem of oblique rhyme is read in a level one, with the faults that this has.
    """
    ends = [book.costs(line[-1]) for line in lines]
    level, level_misses = _rhymes(ends[1::2], book, level=True)
    oblique, oblique_misses = _rhymes(ends[1::2], book, level=False)
    unfinished = level_only or any(BLANK in line for line in lines)
    if oblique_misses < level_misses and not unfinished:
        return _read_freely(lines, ends, oblique[0], book)
    if unfinished and not any(end.rhymes for end in ends[1::2]):
        # No foot is written: the first line may decide.
        level = [rhyme for rhyme in book.level_rhymes if rhyme in ends[0].rhymes] or level
    # The likeliest rhyme if all feet can have it and the poem then has no fault.
    found = [(*_read_by_rule(lines, ends, level[0], book), level[0])]
    if level_misses or found[0][0] >= FAULT:
        found += [(*_read_by_rule(lines, ends, rhyme, book), rhyme) for rhyme in level[1:]]
    # Where two rhymes have as many faults, the poem rhymes as its first foot does.
    first = ends[1].rhymes if level_misses else [level[0]]
    cost, patterns, rhyme = min(
        found, key=lambda way: (way[0] // FAULT, way[2] not in first, way[0])
    )
    return Assignment(patterns, rhyme, False, round(cost / FAULT), book)


def _rhymes(ends: list[Place], book: Book, *, level: bool) -> tuple[list[str], int]:
    """The rhymes that most line ends can have, the likeliest first, and how many ends cannot."""
    known = [end.rhymes for end in ends if end.rhymes]
    candidates = dict.fromkeys(r for end in known for r in end if (r in book.level_rhymes) == level)
    if not candidates:
        return [book.parts[0]], len(known)
    costs = {rhyme: sum(rhymes.get(rhyme, FAULT) for rhymes in known) for rhyme in candidates}
    ranked = sorted(costs, key=costs.__getitem__)
    misses = int(costs[ranked[0]] // FAULT)
    return [rhyme for rhyme in ranked if costs[rhyme] // FAULT == misses], misses


def _read_freely(lines: tuple[str, ...], ends: list[Place], rhyme: str, book: Book) -> Assignment:
    """The commonest reading at each place, and the rhyme's at the end of even lines."""
    patterns = []
    for number, (line, end) in enumerate(zip(lines, ends, strict=True)):
        levels = [operator.le(*book.tone_costs(line, at)) for at in range(len(line) - 1)]
        rhymes = number % 2 == 1 and math.isfinite(end.end_oblique)
        levels.append(not rhymes and end.end_level < end.end_oblique)
        patterns.append(line_pattern("".join("ZP"[level] for level in levels)))
    return Assignment(tuple(patterns), rhyme, True, 0, book)


_Way = tuple[float, tuple[LinePattern, ...]]


def _read_by_rule(lines: tuple[str, ...], ends: list[Place], rhyme: str, book: Book) -> _Way:
    """The cheapest reading of a poem in a level rhyme: its cost and patterns."""
    later = (later_ends(end, rhyme, even=n % 2 == 1) for n, end in enumerate(ends[1:], 1))
    first = first_line_ends(ends[0], book.readings(lines[0][-1]), rhyme, book)
    return read_with_ends(lines, [first, *later], book)


def read_with_ends(lines: tuple[str, ...], ends: list[dict[str, float]], book: Book) -> _Way:
    """The cheapest reading of a poem: its cost and patterns.

    `ends` are, for each line, the costs of the tones that it may end on.
    """
    ways: list[_Way] = [(0.0, ())]
    for number, (line, end_costs) in enumerate(zip(lines, ends, strict=True)):
        options = _line_options(line, end_costs, book)
        ways = [_cheapest(ways, own, pattern, number) for own, pattern in options]
    finished = ((cost + FAULT * (read[-1].licence == DA_AO), read) for cost, read in ways)
    return min(finished, key=operator.itemgetter(0))


def _cheapest(ways: list[_Way], own: float, pattern: LinePattern, number: int) -> _Way:
    """The cheapest way to a line read as `pattern`, with that line added."""
    cost, before = min(
        ((cost + FAULT * _between(way, pattern, number), way) for cost, way in ways),
        key=operator.itemgetter(0),
    )
    return cost + own, (*before, pattern)


def _between(before: tuple[LinePattern, ...], pattern: LinePattern, number: int) -> int:
    return faults_between(before[-1], pattern, couplet=number % 2 == 1) if before else 0


def faults_between(last: LinePattern, pattern: LinePattern, *, couplet: bool) -> int:
    """Faults that a line makes with the one before it: 失對 or 失粘, and a 大拗 not rescued."""
    same = last.core[1] == pattern.core[1]
    unrescued = last.licence == DA_AO and not (couplet and pattern.rescues)
    return (same == couplet) + unrescued


def first_line_ends(
    place: Place, readings: tuple[Reading, ...], rhyme: str, book: Book
) -> dict[str, float]:
    """The costs of ending the first line level or oblique in a poem that rhymes in `rhyme`.

    `place` and `readings` are those of its last character.
    """
    level = [place.end_level + (FAULT if place.rhymes else 0)]
    for r in readings:
        if r.level and (r.rhyme == rhyme or book.borrows(r, rhyme)):
            level.append(place.rhymes[r.rhyme])
    return {"Z": place.end_oblique, "P": min(level)}


def later_ends(end: Place, rhyme: str, *, even: bool) -> dict[str, float]:
    """The costs of a line end after the first: the required tone if the character has it."""
    if not even:
        if math.isfinite(end.end_oblique):
            return {"Z": end.end_oblique}
        return {"P": end.end_level + FAULT}
    if not end.rhymes:
        return {"P": end.end_level}
    if rhyme in end.rhymes:
        return {"P": end.rhymes[rhyme]}
    if math.isfinite(end.end_level):
        return {"P": end.end_level + FAULT}
    return {"Z": end.end_oblique + FAULT}


def _line_options(
    line: str, end_costs: dict[str, float], book: Book
) -> list[tuple[float, LinePattern]]:
    """The cheapest reading of a line for each set of facts that other lines depend on.

    `end_costs` holds the cost of each tone that the last character may have. Each reading is the
    cost of its faults, readings and licences, and its pattern.
    """
    ways = [("", 0.0)]
    for at in range(len(line) - 1):
        level, oblique = book.tone_costs(line, at)
        before, ways = ways, []
        if level != math.inf:
            ways += [(tones + "P", cost + level) for tones, cost in before]
        if oblique != math.inf:
            ways += [(tones + "Z", cost + oblique) for tones, cost in before]
    best: dict[tuple[str, bool, bool], tuple[float, LinePattern]] = {}
    for tones, cost in ways:
        for tone, end in end_costs.items():
            if end == math.inf:
                continue
            pattern, own, facts = _priced(tones + tone)
            total = cost + end + own
            if facts not in best or total < best[facts][0]:
                best[facts] = (total, pattern)
    return list(best.values())


@cache
def _priced(tones: str) -> tuple[LinePattern, float, tuple[str, bool, bool]]:
    """A pattern, the cost of its faults and licences, and the facts other lines depend on."""
    pattern = line_pattern(tones)
    cost = FAULT * pattern.faults
    taken = [name for name in (pattern.licence, pattern.warning) if name]
    if pattern.licence == DA_AO and pattern.core[2] == "Z":
        taken.append(XIAO_AO)
    cost += sum(math.log((1 - RATES[name]) / RATES[name]) for name in taken)
    return pattern, cost, (pattern.type, pattern.rescues, pattern.licence == DA_AO)
