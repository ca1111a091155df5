"""對聯: two lines that answer each other, of any equal length, possibly with pauses.

The rules are those of 《聯律通則》 (中國楹聯學會, 2008):

- the lines have the same length and the same pauses;
- at the places of the rhythm, and before pauses, their tones are opposite; the upper line ends
  oblique and the lower level;
- they share no character, and what one repeats the other repeats at the same places.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, combinations, pairwise, product
from operator import attrgetter

from tangyin.errors import UsageError
from tangyin.metre.antithesis import couplet_of
from tangyin.metre.books import BOOKS, PINGSHUI, Book
from tangyin.metre.finding import NO_OPPOSITION, NONE, ByBook, Finding, Licence, Report
from tangyin.metre.pattern import DA_AO, TEDING, line_pattern
from tangyin.metre.script import traditional_lines
from tangyin.metre.shi_findings import chosen_readings, end_rhyme
from tangyin.verse import BLANK
from tangyin.verse.couplet import couplet_lines, is_labelled, split_segments
from tangyin.verse.punctuation import PLACEHOLDER, check_hanzi

FORM = "對聯"

LENGTHS, SAME_CHARACTER, SHARED, REPEATED = "字數不等", "同字相對", "重字", "複字不對"
PAUSES, LEVEL_UPPER, OBLIQUE_LOWER = "句讀不同", "上聯收平", "下聯收仄"
SAME_FUNCTION, EXCHANGED, NO_ALTERNATION = "虛字同位", "交股", "失替"

FUNCTION_WORDS = "之而其以於于乎者也矣焉兮與且若因則乃"
"""Characters that may be opposite themselves."""

SHORTEST_PART, LONGEST_PART, LONGEST = 3, 7, 20
"""Characters of the parts of a rhythm, and of the longest segment that is divided in every way."""

FAULT, CARELESS = 1e4, 3.0
"""Costs of a fault, and of tones that do not alternate, beside -ln(share of a reading)."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the rhythm, with the tones of both lines there; places count from 0."""

    start: int
    upper: str
    lower: str
    cost: float

    @property
    def clashes(self) -> list[int]:
        """The places of the lines whose tones should be opposite and are not."""
        counted = places_that_count(len(self.upper))
        return [self.start + at for at in counted if self.upper[at] == self.lower[at]]

    @property
    def licence(self) -> str:
        """The licence by which the last tone but one need not be opposite, or ""."""
        if len(self.upper) not in (5, 7):
            return ""
        pattern, answer = line_pattern(self.upper), line_pattern(self.lower)
        allowed = pattern.licence == TEDING or (pattern.licence == DA_AO and answer.rescues)
        return pattern.licence if allowed else ""


def with_pauses(line: str, pauses: tuple[int, ...]) -> str:
    """A line with a ， after so many characters."""
    return "，".join(line[a:b] for a, b in pairwise((0, *pauses, len(line))))


def segments_of(line: str) -> tuple[str, ...]:
    """The segments of a typed line, which marks divide.

    Raises:
        UsageError: it has nothing, or other than Chinese characters, marks and □.
    """
    found = tuple(part.replace(PLACEHOLDER, BLANK) for part in split_segments(line))
    check_hanzi("".join(found).replace(BLANK, ""))
    if not found:
        raise UsageError("text.empty")
    return found


def couplet_in(text: str) -> tuple[str, str] | None:
    """The two lines of a text that is a 對聯 (`verse.couplet_lines`), or None.

    Two stanzas of one shape, which end on the same tone, are none; nor are the first lines of a
    poem, or the halves of one.
    """
    if not (lines := couplet_lines(text)) or is_labelled(text):
        return lines
    upper, lower = lines
    ends = PINGSHUI.costs(upper[-1]).end_oblique, PINGSHUI.costs(lower[-1]).end_level
    stanzas = "，" in upper and len(upper) == len(lower) and math.inf in ends
    opening = "，" not in upper and _are_verses(upper) and is_opening(upper, lower)
    return None if stanzas or opening else lines


def _are_verses(line: str) -> bool:
    """Whether a line is as long as one or more lines of a poem."""
    return len(line) % 5 == 0 or len(line) % 7 == 0


def is_opening(upper: str, lower: str, book: Book = PINGSHUI) -> bool:
    """Whether both lines end on one level rhyme, as the first two of a poem may."""
    ends = book.costs(upper[-1]), book.costs(lower[-1])
    if any(end.end_level == math.inf for end in ends) or ends[0].end_oblique < math.inf:
        return False
    return any(end_rhyme(upper[-1], rhyme, book) == rhyme for rhyme in ends[1].rhymes)


def check_couplet(
    upper: str, lower: str, read_as: Sequence[str] = (), book: Book | None = None
) -> Report:
    """Check a 對聯, each line with its pauses, traditional or simplified.

    Open places (□) are read as it suits the other line. For `read_as` and `book` see `check_poem`.

    Raises:
        UsageError: a line is empty or has other than Chinese characters, marks and □.
    """
    book = book or PINGSHUI
    segments = segments_of(upper), segments_of(lower)
    first, second = map("".join, segments)
    shown = first, second
    read = tuple(read_as) or traditional_lines(shown, book)
    width = min(map(len, shown))
    pauses = _pauses(segments[0]), _pauses(segments[1])
    independent = [*_of_shape(segments), *_of_characters(read, shown)]  # of the book
    by_book = {each: _read(read, pauses[0], each) for each in {*BOOKS, book}}
    parts, tones = by_book[book]
    found = [*independent, *_of_tones(shown, parts, tones)]
    faults = _faults(found)
    is_line = len(parts) == 1 and len(first) == len(second) in (5, 7)
    patterns = tuple(map(line_pattern, tones)) if is_line else ()
    return Report(
        form=FORM,
        regulated=not faults,
        pattern=NONE,
        line_types="".join(pattern.letter for pattern in patterns) or NONE * 2,
        nearest="".join(pattern.type for pattern in patterns) or NONE * 2,
        tones=tones,
        rhyme=NONE,
        first_line="不入韻",
        licences=tuple(one for one in found if isinstance(one, Licence)),
        faults=faults,
        warnings=tuple(_warnings(shown, parts)),
        couplets=(couplet_of((read[0][:width], read[1][:width]), (first[:width], second[:width])),),
        readings=chosen_readings(read, shown, tones, book),
        lines=shown,
        read_as=(read[0], read[1]),
        book=book.name,
        # A couplet has no rhyme.
        books=tuple(
            ByBook(each.name, True, not _faults([*independent, *_of_tones(shown, *by_book[each])]))
            for each in BOOKS
        ),
        pauses=pauses,
    )


def couplet_faults(upper: str, lower: str, pauses: tuple[int, ...]) -> int:
    """The number of faults of two lines of one length in traditional characters, by 平水韻."""
    lines = upper, lower
    parts, tones = _read(lines, pauses, PINGSHUI)
    return len(_faults([*_of_characters(lines, lines), *_of_tones(lines, parts, tones)]))


def _faults(found: list[Finding]) -> tuple[Finding, ...]:
    faults = (one for one in found if not isinstance(one, Licence))
    return tuple(sorted(faults, key=attrgetter("line", "places")))


def _read(
    lines: tuple[str, ...], pauses: tuple[int, ...], book: Book
) -> tuple[list[_Part], tuple[str, str]]:
    """The parts in which two lines are heard, and the tones of both.

    Where the lines pause at different places, the upper one leads; what the longer one has more is
    read alone.
    """
    width = min(map(len, lines))
    borders = (0, *(at for at in pauses if at < width), width)
    one, other = lines[0][:width], lines[1][:width]
    parts = [part for a, b in pairwise(borders) for part in _divided(one, other, a, b, book)]
    return parts, (
        "".join(part.upper for part in parts) + _rest(lines[0], width, book),
        "".join(part.lower for part in parts) + _rest(lines[1], width, book),
    )


def _pauses(segments: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(accumulate(map(len, segments[:-1])))


@cache
def rhythms(length: int) -> tuple[tuple[int, ...], ...]:
    """The ways in which a segment may be divided into parts, in as few as possible.

    A longer one than `LONGEST` is divided into fours: its even places count.
    """
    if length <= LONGEST_PART:
        return ((length,),)
    if length > LONGEST:
        return ((*([4] * (length // 4 - 1)), 4 + length % 4),)
    parts = -(-length // LONGEST_PART)
    cuts = combinations(range(1, length), parts - 1)
    ways = (tuple(b - a for a, b in pairwise((0, *own, length))) for own in cuts)
    return tuple(way for way in ways if min(way) >= SHORTEST_PART and max(way) <= LONGEST_PART)


def places_that_count(length: int) -> tuple[int, ...]:
    """The places of a part (from 0) whose tones must be opposite: the even ones and its end.

    A character alone leads what follows (領字) and may have any tone.
    """
    return tuple(at for at in range(length) if at % 2 or 0 < at == length - 1)


def _divided(upper: str, lower: str, start: int, end: int, book: Book) -> list[_Part]:
    """The parts of a segment in the rhythm with the fewest faults.

    In a line with pauses a character may lead the others of its segment (領字).
    """
    length = end - start
    ways = rhythms(length)
    if length < len(upper) and length > SHORTEST_PART:
        ways += tuple((1, *way) for way in rhythms(length - 1))

    def read(way: tuple[int, ...]) -> list[_Part]:
        cuts = (start, *(start + cut for cut in accumulate(way)))
        return [_part(upper, lower, a, b, book) for a, b in pairwise(cuts)]

    return min(map(read, ways), key=lambda parts: sum(p.cost for p in parts))


def _part(upper: str, lower: str, start: int, end: int, book: Book) -> _Part:
    """A part in the likeliest reading with the fewest faults."""
    ways = [
        _ways(book.costs_at(upper, at), book.costs_at(lower, at), last=at == len(upper) - 1)
        for at in range(start, end)
    ]
    counted = places_that_count(end - start)
    even = [number for number, at in enumerate(counted) if at % 2]

    def price(chosen: tuple[tuple[float, str], ...]) -> float:
        tones = [chosen[number][1][0] for number in even]
        alike = sum(a == b for a, b in pairwise(tones))
        return sum(cost for cost, _ in chosen) + CARELESS * alike

    found = min(product(*(ways[at] for at in counted)), key=price)
    # At the other places both tones may be anything: the likeliest, whether opposite or not.
    tones = [min((cost % FAULT, both) for cost, both in own)[1] for own in ways]
    for at, (_, both) in zip(counted, found, strict=True):
        tones[at] = both
    one, other = ("".join(own) for own in zip(*tones, strict=True))
    return _Part(start, one, other, price(found))


def _ways(
    upper: tuple[float, float], lower: tuple[float, float], *, last: bool
) -> list[tuple[float, str]]:
    """The tones that the two characters of a place can have, with their costs."""
    found = []
    for one, other in product("PZ", repeat=2):
        own, answer = upper["PZ".index(one)], lower["PZ".index(other)]
        faults = (one == other) + (last and one == "P") + (last and other == "Z")
        if own + answer < math.inf:
            found.append((own + answer + FAULT * faults, one + other))
    return found


def _of_shape(segments: tuple[tuple[str, ...], tuple[str, ...]]) -> Iterator[Finding]:
    shapes = [[len(segment) for segment in own] for own in segments]
    upper, lower = map(sum, shapes)
    if upper != lower:
        yield Finding.of(LENGTHS, 2, (), upper=upper, lower=lower)
    elif shapes[0] != shapes[1]:
        one, other = ("-".join(map(str, own)) for own in shapes)
        yield Finding.of(PAUSES, 2, (), upper=one, lower=other)


def _rest(line: str, start: int, book: Book) -> str:
    costs = (book.tone_costs(line, at) for at in range(start, len(line)))
    return "".join("PZ"[level > oblique] for level, oblique in costs)


def _of_tones(
    shown: tuple[str, str], parts: list[_Part], tones: tuple[str, str]
) -> Iterator[Finding]:
    upper, lower = shown
    for part in parts:
        end = part.start + len(part.upper)
        for at in part.clashes:
            if part.licence and at == end - 2:
                own = line_pattern(part.upper).places
                places = tuple(part.start + place for place in own)
                said = {"characters": "".join(upper[place - 1] for place in places)}
                yield Licence.of(part.licence, 1, places, tail=upper[:end][-3:], **said)
            else:
                tone = part.upper[at - part.start]
                words = {"upper": upper[at], "characters": lower[at]}
                yield Finding.of(NO_OPPOSITION, 2, (at + 1,), tone, **words)
    for number, kind, wrong in ((1, LEVEL_UPPER, "P"), (2, OBLIQUE_LOWER, "Z")):
        line = shown[number - 1]
        if tones[number - 1][-1] == wrong:
            yield Finding.of(kind, number, (len(line),), characters=line[-1])


def _of_characters(lines: tuple[str, ...], shown: tuple[str, str]) -> Iterator[Finding]:
    """Characters that the lines share, and what one of them repeats."""
    pairs = list(zip(*lines, strict=False))
    exchanged = {c for a, b in combinations(pairs, 2) if a == b[::-1] for c in a if a[0] != a[1]}
    # Where the answer to such a character is open, the two may still be exchanged.
    exchanged.update(one for one, answer in pairs if answer == BLANK)
    for at, character in enumerate(lines[1]):
        if character == BLANK or character not in lines[0]:
            continue
        if character == lines[0][at : at + 1]:
            is_licence = character in FUNCTION_WORDS
            kind = SAME_FUNCTION if is_licence else SAME_CHARACTER
        else:
            is_licence = character in exchanged
            kind = EXCHANGED if is_licence else SHARED
        finding = Licence if is_licence else Finding
        yield finding.of(kind, 2, (at + 1,), characters=shown[1][at])
    for a, b in combinations(range(len(pairs)), 2):
        (one, other), (later, answer) = pairs[a], pairs[b]
        if BLANK not in (one, other, later, answer) and (one == later) != (other == answer):
            line = 1 + (one == later)  # the one that does not repeat
            yield Finding.of(REPEATED, line, (a + 1, b + 1), repeated=f"{a + 1}、{b + 1}")


def _warnings(shown: tuple[str, str], parts: list[_Part]) -> Iterator[Finding]:
    """Tones that do not alternate; 三平尾, 三仄尾 and 孤平 of a line of five or seven."""
    for part in parts:
        for number, tones in enumerate((part.upper, part.lower), 1):
            if number == 1 and part.licence:
                continue
            line = shown[number - 1][part.start : part.start + len(tones)]
            even = range(1, len(tones), 2)
            alike = {
                at for pair in pairwise(even) if tones[pair[0]] == tones[pair[1]] for at in pair
            }
            if alike:
                places = sorted(alike)
                said = "、".join(line[at] for at in places)
                at = tuple(part.start + place + 1 for place in places)
                yield Finding.of(NO_ALTERNATION, number, at, characters=said)
            elif len(parts) == 1 and len(line) in (5, 7):
                pattern = line_pattern(tones)
                if kind := pattern.warning or pattern.fault:
                    said = "".join(line[at - 1] for at in pattern.places)
                    yield Finding.of(kind, number, pattern.places, characters=said, tail=line[-3:])
