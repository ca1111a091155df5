"""What the rules say of a poem whose readings are settled: licences, faults and warnings."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from tangyin.metre import finding as report
from tangyin.metre.books import PINGSHUI, Book
from tangyin.metre.finding import ChosenReading, Couplet, Finding, Licence
from tangyin.metre.pattern import DA_AO, OUT_OF_PATTERN, UNFIT, XIAO_AO, LinePattern
from tangyin.metre.reading import Assignment
from tangyin.verse import BLANK

SELF, COUPLET = "本句自救", "對句相救"
OBLIQUE = "仄聲"
"""In place of the rhyme of a character without a level reading."""

APART = "異韻"
"""The variant of a sentence about a foot of a poem without a common rhyme."""


def rescued(patterns: tuple[LinePattern, ...], number: int) -> bool:
    """Whether the next line rescues the departure of line `number` (0-based)."""
    return number % 2 == 0 and number + 1 < len(patterns) and patterns[number + 1].rescues


def letters(patterns: tuple[LinePattern, ...], *, strict: bool) -> str:
    """A letter a line: its type, or `?` for one that fits none, an unrescued 大拗 among them.

    With `strict` it is `LinePattern.strict_letter`, as for verse that is not regulated.
    """
    return "".join(
        UNFIT
        if pattern.licence == DA_AO and not rescued(patterns, number)
        else pattern.strict_letter
        if strict
        else pattern.letter
        for number, pattern in enumerate(patterns)
    )


def end_rhyme(character: str, rhyme: str, book: Book = PINGSHUI) -> str:
    """The rhyme of a line's end in a poem in `rhyme`: that one if it can be, else its likeliest.

    `OBLIQUE` when the character has no level reading.
    """
    place = book.costs(character)
    if not place.rhymes or rhyme in place.rhymes:
        return rhyme
    return next((r.rhyme for r in book.readings(character) if r.level), OBLIQUE)


def first_line_rhyme(character: str, rhyme: str, book: Book = PINGSHUI) -> str:
    """The rhyme that a first line ending level has in a poem in `rhyme`, or "" when it strays."""
    if end_rhyme(character, rhyme, book) == rhyme:
        return rhyme
    near = (r.rhyme for r in book.readings(character) if r.level and book.borrows(r, rhyme))
    return next(near, "")


def common_rhyme(lines: tuple[str, ...], reading: Assignment) -> str:
    """The rhyme that more feet have than any other, or "".

    Feet are the ends of the even lines that are written, and of the first if it is level. An
    oblique foot does not count in a poem that rhymes on a level tone.
    """
    rhyme, book = reading.rhyme, reading.book
    feet = [end_rhyme(line[-1], rhyme, book) for line in lines[1::2] if line[-1] != BLANK]
    level_start = reading.patterns[0].tones[-1] == "P" and lines[0][-1] != BLANK
    if not reading.oblique and level_start:
        near = first_line_rhyme(lines[0][-1], rhyme, book)
        feet.append(rhyme if near else end_rhyme(lines[0][-1], rhyme, book))
    counts = Counter(foot for foot in feet if foot != OBLIQUE or reading.oblique)
    own = counts.pop(rhyme, 0)
    return rhyme if own > max(counts.values(), default=0) else ""


def judge(
    lines: tuple[str, ...], shown: tuple[str, ...], reading: Assignment
) -> tuple[list[Licence], list[Finding]]:
    """The licences and the faults of a poem in reading order.

    `lines` are in traditional characters, `shown` as a person typed them.
    """
    licences: list[Licence] = []
    faults: list[Finding] = []
    common = common_rhyme(lines, reading)
    if len(lines) % 2:
        faults.append(Finding.of("單數句", 0, (), count=len(lines)))
    if reading.oblique:
        variant = "" if common else APART
        return [], [*faults, Finding.of("仄韻", 0, (), variant, rhyme=reading.rhyme)]
    for number, line in enumerate(shown):
        end = lines[number][-1]
        licences += _licences_of_line(line, end, reading, number)
        faults += _faults_of_line(line, reading.patterns, number)
        if number:
            faults += _faults_with_line_before(shown, reading.patterns, number)
        faults += _faults_of_end(line, end, reading, number, common)
    return licences, faults


def _in_line(line: str, places: tuple[int, ...]) -> dict[str, str]:
    """The parameters of a sentence about some characters of a line."""
    return {"characters": "".join(line[place - 1] for place in places), "tail": line[-3:]}


def _licence(
    kind: str, number: int, line: str, places: tuple[int, ...], rescue: str = "", **params: str
) -> Licence:
    variant = rescue if kind == XIAO_AO else ""
    params |= _in_line(line, places)
    return replace(Licence.of(kind, number + 1, places, variant, **params), rescue=rescue)


def _licences_of_line(line: str, end: str, reading: Assignment, number: int) -> Iterator[Licence]:
    patterns, rhyme = reading.patterns, reading.rhyme
    pattern = patterns[number]
    if pattern.licence and (pattern.licence != DA_AO or rescued(patterns, number)):
        yield _licence(pattern.licence, number, line, pattern.places, _rescue(patterns, number))
    departed = number > 0 and patterns[number - 1].licence in (XIAO_AO, DA_AO)
    if departed and rescued(patterns, number - 1):
        yield _licence(COUPLET, number, line, (len(line) - 2,), COUPLET)
    if number == 0 and pattern.tones[-1] == "P":
        own = first_line_rhyme(end, rhyme, reading.book)
        if own not in ("", rhyme):
            yield _licence("借鄰韻", 0, line, (len(line),), own=own, rhyme=rhyme)


def _rescue(patterns: tuple[LinePattern, ...], number: int) -> str:
    """What rescues the licence of a line; a 小拗 needs nothing."""
    pattern = patterns[number]
    if pattern.licence not in (XIAO_AO, DA_AO):
        return SELF
    if rescued(patterns, number):
        return COUPLET
    return SELF if pattern.core[0] == "P" else ""


def _faults_of_line(line: str, patterns: tuple[LinePattern, ...], number: int) -> Iterator[Finding]:
    pattern = patterns[number]
    found: list[tuple[str, tuple[int, ...]]] = []
    if pattern.front:
        found.append((OUT_OF_PATTERN, (2,)))
    if pattern.fault:
        found.append((pattern.fault, pattern.places))
    if pattern.licence == DA_AO and not rescued(patterns, number):
        found.append((report.UNRESCUED, pattern.places))
    for kind, places in found:
        tone = pattern.tones[places[0] - 1] if kind == OUT_OF_PATTERN else ""
        yield Finding.of(kind, number + 1, places, tone, **_in_line(line, places))


def _faults_with_line_before(
    lines: tuple[str, ...], patterns: tuple[LinePattern, ...], number: int
) -> Iterator[Finding]:
    places = (len(lines[0]) - 3,)
    upper, lower = patterns[number - 1].core[1], patterns[number].core[1]
    couplet = number % 2 == 1
    if (upper == lower) == couplet:
        kind = report.NO_OPPOSITION if couplet else report.NO_ADHESION
        before = lines[number - 1][places[0] - 1]
        params = _in_line(lines[number], places)
        found = Finding.of(kind, number + 1, places, lower, upper=before, **params)
        yield found.blaming(number + (number - 1 not in out_of_order(patterns)))


def out_of_order(patterns: tuple[LinePattern, ...]) -> frozenset[int]:
    """The lines (from 0) whose second tones oppose the order (對, 粘) that most lines follow.

    Lines of two groups clash, and those of the smaller group are to be changed; none of them if
    both groups are equally large.
    """
    groups: tuple[list[int], list[int]] = ([], [])
    for number, pattern in enumerate(patterns):
        groups[(pattern.core[1] == "P") == (number % 4 in (0, 3))].append(number)
    smaller, larger = sorted(groups, key=len)
    return frozenset(smaller if len(smaller) < len(larger) else ())


def _faults_of_end(
    line: str, end: str, reading: Assignment, number: int, common: str
) -> Iterator[Finding]:
    places, params = (len(line),), {"characters": line[-1], "rhyme": reading.rhyme}
    if number % 2:
        own = end_rhyme(end, reading.rhyme, reading.book)
        if own != reading.rhyme:
            variant = (own if own == OBLIQUE else "") + ("" if common else APART)
            yield Finding.of(report.OUT_OF_RHYME, number + 1, places, variant, own=own, **params)
    elif reading.patterns[number].tones[-1] == "P":
        if number:
            yield Finding.of("單句平收", number + 1, places, **params)
        elif not first_line_rhyme(end, reading.rhyme, reading.book):
            yield Finding.of("首句平收不韻", 1, places, **params)


def warn(
    lines: tuple[str, ...],
    shown: tuple[str, ...],
    reading: Assignment,
    couplets: tuple[Couplet, ...],
) -> list[Finding]:
    """What a strict reader would notice: 三仄尾, repetition, 同字相對, unknown characters.

    For the lines see `judge`.
    """
    warnings, book = [], reading.book
    for number, (line, pattern) in enumerate(zip(lines, reading.patterns, strict=True)):
        found: list[tuple[str, tuple[int, ...]]] = []
        if pattern.warning and not reading.oblique:
            found.append((pattern.warning, tuple(range(len(line) - 2, len(line) + 1))))
        known = map(book.readings, line)
        unknown = tuple(at for at, way in enumerate(known, 1) if not way and line[at - 1] != BLANK)
        if unknown:
            found.append(("字書未收", unknown))
        feet = {before[-1] for before in lines[1:number:2]} - {BLANK}
        if number % 2 and line[-1] in feet:
            found.append(("重韻", (len(line),)))
        if couplets and number % 2 and (couplet := couplets[number // 2]).expected and couplet.same:
            both = enumerate(zip(lines[number - 1], line, strict=True), 1)
            found.append(("同字相對", tuple(at for at, (a, b) in both if a == b != BLANK)))
        for kind, places in found:
            named = _in_line(shown[number], places)
            warnings.append(Finding.of(kind, number + 1, places, book=book.name, **named))
    again = repeated_characters(lines)
    if again:
        typed = dict(zip("".join(lines), "".join(shown), strict=True))
        warnings.append(Finding.of("重字", 0, (), characters="、".join(typed[c] for c in again)))
    return warnings


def repeated_characters(lines: tuple[str, ...]) -> str:
    """The characters in more than one place, reduplication (離離) counted as one."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(c for at, c in enumerate(line) if at == 0 or line[at - 1] != c)
    del counts[BLANK]
    return "".join(character for character, count in counts.items() if count > 1)


def chosen_readings(
    lines: tuple[str, ...], shown: tuple[str, ...], tones: tuple[str, ...], book: Book = PINGSHUI
) -> tuple[ChosenReading, ...]:
    """The readings at places where verse allows both tones.

    `lines` are in traditional characters, `shown` as a person typed them.
    """
    chosen = []
    for number, (line, own) in enumerate(zip(lines, tones, strict=True)):
        for at, (character, tone) in enumerate(zip(line, own, strict=True)):
            if character == BLANK or not book.costs(character).both:
                continue
            costs = book.tone_costs(line, at)
            if math.inf not in costs:
                kind = "PZ".index(tone)
                share = round(math.exp(-costs[kind]), 3)
                typed = shown[number][at]
                chosen.append(ChosenReading(number + 1, at + 1, typed, "平仄"[kind], share))
    return tuple(chosen)
