"""What the rules say of a poem whose readings are settled: licences, faults and warnings."""

from collections import Counter

from tangyin.prosody import line_type, report, sentences
from tangyin.prosody.assignment import Assignment
from tangyin.prosody.lexicon import place_of, readings_of
from tangyin.prosody.line_type import DA_AO, UNFIT, XIAO_AO, LinePattern
from tangyin.prosody.report import Couplet, Finding
from tangyin.prosody.rhyme import neighbouring

SELF, COUPLET = "本句自救", line_type.COUPLET_RESCUE


def rescued(patterns: tuple[LinePattern, ...], number: int) -> bool:
    """Whether the departure of line `number` (0-based) is made good by its fellow."""
    return number % 2 == 0 and number + 1 < len(patterns) and patterns[number + 1].rescues


def letters(patterns: tuple[LinePattern, ...], *, strict: bool) -> str:
    """A letter a line: its type, or `?` for one that fits none, an unrescued 大拗 among them.

    Args:
        patterns: the lines.
        strict: show `LinePattern.strict_letter`, as for verse that is not regulated.
    """
    return "".join(
        UNFIT
        if pattern.licence == DA_AO and not rescued(patterns, number)
        else pattern.strict_letter
        if strict
        else pattern.letter
        for number, pattern in enumerate(patterns)
    )


def end_rhyme(character: str, rhyme: str) -> str:
    """The rhyme of a line's end in a poem in `rhyme`: that one if it can be, else its likeliest.

    仄聲 when the character has no level reading.
    """
    place = place_of(character)
    if not place.rhymes or rhyme in place.rhymes:
        return rhyme
    return next((r.rhyme for r in readings_of(character) if r.level), "仄聲")


def first_line_rhyme(character: str, rhyme: str) -> str:
    """The rhyme that a first line ending level has in a poem in `rhyme`, or "" when it strays."""
    if end_rhyme(character, rhyme) == rhyme:
        return rhyme
    near = (
        r.rhyme for r in readings_of(character) if r.level and neighbouring(r.rhyme, r.rime, rhyme)
    )
    return next(near, "")


def judge(lines: tuple[str, ...], reading: Assignment) -> tuple[list[Finding], list[Finding]]:
    """The licences and the faults of a poem in reading order."""
    licences: list[Finding] = []
    faults: list[Finding] = []
    patterns = reading.patterns
    if len(lines) % 2:
        faults.append(Finding(0, report.ODD_COUNT, (), *sentences.odd_count(len(lines))))
    if reading.oblique:
        said = sentences.oblique_rhyme(reading.rhyme)
        return [], [*faults, Finding(0, report.OBLIQUE_RHYME, (), *said)]
    for number, pattern in enumerate(patterns):
        own_licences, own_faults = _of_line(lines, patterns, number)
        licences += own_licences
        faults += own_faults
        if number:
            faults += _with_line_before(lines, patterns, number)
        faults += _of_end(lines, pattern, number, reading.rhyme)
        if number == 0 and pattern.tones[-1] == "P":
            own = first_line_rhyme(lines[0][-1], reading.rhyme)
            if own and own != reading.rhyme:
                said = sentences.borrowed(lines[0][-1], own, reading.rhyme)
                licences.append(Finding(1, line_type.BORROWED, (len(lines[0]),), *said))
    return licences, faults


def _of_line(
    lines: tuple[str, ...], patterns: tuple[LinePattern, ...], number: int
) -> tuple[list[Finding], list[Finding]]:
    line, pattern = lines[number], patterns[number]

    def finding(kind: str, places: tuple[int, ...], rescue: str = "") -> Finding:
        said = sentences.of_line(kind, number + 1, line, pattern.tones, places, rescue)
        return Finding(number + 1, kind, places, *said, rescue)

    licences, faults = [], []
    if pattern.front:
        faults.append(finding(line_type.OUT_OF_PATTERN, (2,)))
    if pattern.fault:
        faults.append(finding(pattern.fault, pattern.places))
    if pattern.licence == DA_AO and not rescued(patterns, number):
        faults.append(finding(report.UNRESCUED, pattern.places))
    elif pattern.licence:
        licences.append(finding(pattern.licence, pattern.places, _rescue(patterns, number)))
    departed = number > 0 and patterns[number - 1].licence in (XIAO_AO, DA_AO)
    if departed and rescued(patterns, number - 1):
        licences.append(finding(COUPLET, (len(line) - 2,), COUPLET))
    return licences, faults


def _rescue(patterns: tuple[LinePattern, ...], number: int) -> str:
    """How the licence of a line is made good; a 小拗 may go without."""
    pattern = patterns[number]
    if pattern.licence not in (XIAO_AO, DA_AO):
        return SELF
    if rescued(patterns, number):
        return COUPLET
    return SELF if pattern.core[0] == "P" else ""


def _with_line_before(
    lines: tuple[str, ...], patterns: tuple[LinePattern, ...], number: int
) -> list[Finding]:
    place = len(lines[0]) - 3
    upper, lower = patterns[number - 1].core[1], patterns[number].core[1]
    couplet = number % 2 == 1
    if (upper == lower) != couplet:
        return []
    kind = report.NO_OPPOSITION if couplet else report.NO_ADHESION
    said = sentences.of_neighbours(
        kind, number + 1, lines[number - 1][place - 1], lines[number][place - 1], lower
    )
    return [Finding(number + 1, kind, (place,), *said)]


def _of_end(lines: tuple[str, ...], pattern: LinePattern, number: int, rhyme: str) -> list[Finding]:
    line = lines[number]
    places = (len(line),)
    level = pattern.tones[-1] == "P"
    if number % 2:
        own = end_rhyme(line[-1], rhyme)
        if own == rhyme:
            return []
        said = sentences.out_of_rhyme(number + 1, line[-1], own, rhyme)
        return [Finding(number + 1, report.OUT_OF_RHYME, places, *said)]
    if not level or (number == 0 and first_line_rhyme(line[-1], rhyme)):
        return []
    kind = report.LEVEL_ODD_END if number else report.LEVEL_FIRST_END
    said = sentences.of_line(kind, number + 1, line, pattern.tones, places)
    return [Finding(number + 1, kind, places, *said)]


def warn(
    lines: tuple[str, ...], reading: Assignment, couplets: tuple[Couplet, ...]
) -> list[Finding]:
    """What a strict reader would notice: 三仄尾, repetition, 同字相對, unknown characters."""
    warnings = []
    for number, (line, pattern) in enumerate(zip(lines, reading.patterns, strict=True)):
        found: list[tuple[str, tuple[int, ...]]] = []
        if pattern.warning and not reading.oblique:
            found.append((pattern.warning, (len(line) - 2, len(line) - 1, len(line))))
        unknown = tuple(at + 1 for at, c in enumerate(line) if not readings_of(c))
        if unknown:
            found.append((report.UNKNOWN, unknown))
        if number % 2 and line[-1] in {before[-1] for before in lines[1:number:2]}:
            found.append((report.REPEATED_RHYME, (len(line),)))
        if number % 2 and couplets[number // 2].expected and couplets[number // 2].same:
            same = couplets[number // 2].same
            found.append((report.SELF_OPPOSED, tuple(line.index(c) + 1 for c in same)))
        for kind, places in found:
            said = sentences.of_line(kind, number + 1, line, pattern.tones, places)
            warnings.append(Finding(number + 1, kind, places, *said))
    again = repeated_characters(lines)
    if again:
        warnings.append(Finding(0, report.REPEATED, (), *sentences.repeated(again)))
    return warnings


def repeated_characters(lines: tuple[str, ...]) -> str:
    """The characters that stand in more than one place, reduplication (離離) counted as one."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(c for at, c in enumerate(line) if at == 0 or line[at - 1] != c)
    return "".join(character for character, count in counts.items() if count > 1)
