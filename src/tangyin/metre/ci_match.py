"""The tunes that a text can be sung to, the likeliest first.

The cost of a variant is -ln of how likely its departures are, as they were counted in Song 詞
(`scripts/measure_tunes.py`), and of how common the tune is. Whole numbers used as sets of places
sort the variants; a text is then aligned to the best of them by edit distance.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from tangyin.metre.books import CILIN, PINGSHUI, Book
from tangyin.metre.ci_spans import spans
from tangyin.verse import BLANK
from tangyin.verse.tune import PAUSE, Tune, Variant, shifted, tunes

TONE, EITHER, RHYME, BORROWED, REPEAT, MARK, PAUSE_LEFT_OUT = 3.0, 0.7, 3.0, 1.0, 3.0, 1.4, 0.3
"""The cost of a wrong tone, of a tone that the tune leaves open, of a foot out of rhyme, of one
that Song 詞 allow in its place, of a line repeated or not repeated (疊), of a mark too many or too
few, of a pause without one."""

ALLOWED = 0.2
"""The cost of a tone that the first variant of the tune allows: the nearer variant still wins."""

GAP, GAP_GOES_ON = 4.5, 3.5
"""The cost of a character too many or too few, and of each that is missing beside another one."""

EITHER_TONE, WITH_MARK = 2, 3
"""See `Song.codes`."""

ALIGNED = 12
"""So many variants are aligned of those that may fit straight, and of those that may drift."""

SLACK = 6
"""Characters by which an alignment may drift."""

LONGEST_LINE = 11
"""No line without a mark is longer; where one is, the marks are incomplete."""


@dataclass(frozen=True)
class Song:
    """A text without marks, and what its characters can be."""

    forms: tuple[str, ...]  # for each place the traditional characters it may be, likeliest first
    ends: frozenset[int]  # places after which the text has a mark
    book: Book = CILIN  # that it is read by

    @property
    def rhymes(self) -> tuple[str, ...]:
        """The parts that feet may share: for 詞林正韻 also the rhymes of 平水韻.

        Some feet are one rhyme only there (灰).
        """
        return CILIN.parts + PINGSHUI.parts if self.book is CILIN else self.book.parts

    @cached_property
    def tones(self) -> list[tuple[bool, bool]]:
        """For each place whether it can be level, and whether it can be oblique."""
        return [tones_of(form, self.book) for form in self.forms]

    @cached_property
    def codes(self) -> list[int]:
        """For each place 0 if it is level, 1 if oblique, `EITHER_TONE`, and more `WITH_MARK`."""
        last = len(self.forms) - 1
        return [
            EITHER_TONE * (level and oblique)
            + (not level)
            + WITH_MARK * (place in self.ends or place == last)
            for place, (level, oblique) in enumerate(self.tones)
        ]

    @cached_property
    def bits(self) -> tuple[int, int, int]:
        """The places that can be level, those that can be oblique, and the ends, as bits.

        The last place counts as an end always.
        """
        level, oblique = (_bits(tones) for tones in zip(*self.tones, strict=True))
        ends = sum(1 << place for place in self.ends | {len(self.forms) - 1})
        return level, oblique, ends

    @cached_property
    def _moved(self) -> dict[int, tuple[int, ...]]:
        return {}

    def moved(self, by: int) -> tuple[int, ...]:
        """The same moved by some places."""
        if by not in self._moved:
            self._moved[by] = tuple(shifted(places, by) for places in self.bits)
        return self._moved[by]

    @cached_property
    def has_marks(self) -> bool:
        """Whether the text is divided into lines as far as one can see."""
        ends = [-1, *sorted(self.ends)]
        return max(b - a for a, b in zip(ends, [*ends[1:], len(self.forms) - 1], strict=True)) <= (
            LONGEST_LINE
        )


SHARED = tuple(
    frozenset(f"第{number}部" for number in pair)
    for pair in (
        ("三", "五"), ("六", "十一"), ("六", "十三"), ("十一", "十三"), ("七", "十四"),
        ("十七", "十八"), ("十八", "十九"),
    )
)  # fmt: skip
"""Parts of 詞林正韻 that Song 詞 rhyme together: of the feet of 詞 in one, at least 2 % are in the
other (`scripts/measure_tunes.py`)."""


@dataclass(frozen=True)
class Match:
    """A text beside a variant."""

    variant: Variant
    places: tuple[int, ...]  # of its characters in the text, from 0; -1 if missing
    cost: float  # see the module
    excess: float  # the part of the cost that departures make
    rhymes: tuple[str, ...]  # of `Song.rhymes` that which most feet of each group have, or ""
    strays: tuple[int, ...]  # the lines of the variant, from 0, whose feet are not in it
    borrowed: tuple[
        int, ...
    ]  # those whose feet are in a part that Song 詞 rhyme with it (`SHARED`)
    like: frozenset[int] = frozenset()  # places of the variant where the text is like another one,
    free: frozenset[int] = frozenset()  # like the first one,
    divided: frozenset[int] = frozenset()  # and where its marks are those of another one


def nearest(song: Song, among: Sequence[Tune] = ()) -> list[Match]:
    """The variants of the likeliest of some tunes, or of all: those with the least excess first."""
    variants = [variant for tune in among or tunes() for variant in tune.variants]
    far = {variant: abs(variant.hanzi - len(song.forms)) for variant in variants}
    reach = max(SLACK, len(song.forms) // 8, min(far.values()))
    near = {variant: _pattern(variant) for variant in variants if far[variant] <= reach}
    straight = {variant: _straight(song, pattern) for variant, pattern in near.items()}
    drifting = {variant: _drifting(song, pattern) for variant, pattern in near.items()}
    likely = [sorted(near, key=bound.__getitem__)[:ALIGNED] for bound in (straight, drifting)]
    found: dict[Variant, Match] = {}
    least = math.inf
    for variant in dict.fromkeys(v for pair in zip(*likely, strict=True) for v in pair):
        if min(straight[variant], drifting[variant]) < least:
            found[variant] = _match(song, variant)
            least = min(least, found[variant].cost)
    best = min(found, key=lambda variant: found[variant].cost)
    own = [variant for variant in near if variant.names == best.names]
    ranked = (as_practised(song, found.get(each) or _match(song, each)) for each in own)
    return sorted(ranked, key=lambda match: (match.excess, match.variant.number))


def beside(song: Song, variant: Variant) -> Match:
    """A text of as many characters as a variant, beside it place by place; the costs are 0."""
    places = tuple(range(variant.hanzi))
    match = Match(variant, places, 0.0, 0.0, *rhymes_of(song, variant, places))
    return replace(as_practised(song, match), excess=0.0)


def as_practised(song: Song, match: Match) -> Match:
    """A match that knows where the text is like other variants of the tune.

    欽定詞譜 says what is open for the first variant only, and for the others where they differ. So
    a later one may have every tone that the first allows.
    """
    variant, places = match.variant, match.places
    fits = [
        tone == "中" or place < 0 or song.tones[place][tone == "仄"]
        for tone, place in zip(variant.tones, places, strict=True)
    ]
    marks = _bits(place in song.ends for place in places)
    like, free, divided = set[int](), set[int](), set[int]()
    for span in spans(variant):
        inside = marks & span.inside
        agrees = not (inside & ~span.ends or span.needed & ~inside)
        where = range(span.start, span.start + len(span.tones))
        if agrees and span.moved:
            divided.update(where)
        if (agrees or not (span.moved and song.has_marks)) and all(
            tone == "中" or places[at] < 0 or song.tones[places[at]][tone == "仄"]
            for at, tone in zip(where, span.tones, strict=True)
        ):
            like.update(where)
            free.update(where if span.is_of_first else ())
    allowed = sum(not fit for at, fit in enumerate(fits) if at in free)
    return replace(
        match,
        excess=match.excess - (TONE - ALLOWED) * allowed,
        like=frozenset(like),
        free=frozenset(free),
        divided=frozenset(divided),
    )


@cache
def tones_of(form: str, book: Book) -> tuple[bool, bool]:
    """Whether one of the characters can be level, and whether one can be oblique."""
    readings = [reading for character in form for reading in book.readings(character)]
    if not readings or form == BLANK:
        return True, True
    return any(r.level for r in readings), not all(r.level for r in readings)


@cache
def feet_of(form: str, book: Book) -> frozenset[tuple[str, bool]]:
    """The `Song.rhymes` that one of the characters is in, each with whether it is level there."""
    books = (CILIN, PINGSHUI) if book is CILIN else (book,)
    places = [p for c in form for book in books for p in book.places(c)]
    return frozenset((place.part, place.level) for place in places)


def parts_in(feet: frozenset[tuple[str, bool]], tone: str) -> frozenset[str]:
    """Those of `feet_of` that are of a tone, 平 or 仄."""
    return frozenset(part for part, level in feet if level == (tone == "平"))


@dataclass(frozen=True)
class _Pattern:
    """What a variant is compared by; places are sets of bits."""

    size: int
    level: int
    oblique: int
    ends: int
    needed: int
    surprise: float  # what the tune costs by its rarity, and by the tones that it leaves open


@cache
def _pattern(variant: Variant) -> _Pattern:
    level, oblique = (_bits(tone == wanted for tone in variant.tones) for wanted in "平仄")
    surprise = EITHER * variant.tones.count("中") - math.log((variant.songs + 0.5) / _all_songs())
    return _Pattern(variant.hanzi, level, oblique, variant.ends, variant.needed, surprise)


@cache
def _all_songs() -> int:
    return sum(tune.variants[0].songs for tune in tunes())


def _bits(places: Iterable[bool]) -> int:
    return sum(1 << place for place, there in enumerate(places) if there)


def _straight(song: Song, pattern: _Pattern) -> float:
    """About the least that a variant can cost: a place is right if it is, seen from either end."""
    shift = pattern.size - len(song.forms)
    return _least_cost(song, pattern, {0, shift}) + GAP * abs(shift)


def _drifting(song: Song, pattern: _Pattern) -> float:
    """The same with one more character too many and one more too few somewhere."""
    shift = pattern.size - len(song.forms)
    shifts = {-1, 0, 1, shift - 1, shift, shift + 1}
    return _least_cost(song, pattern, shifts) + GAP * (abs(shift) + 2)


def _least_cost(song: Song, pattern: _Pattern, shifts: Iterable[int]) -> float:
    """The cost of places that fit nowhere if the text is moved by one of some numbers of places."""
    wrong = lacking = -1
    extra = song.bits[-1]
    for shift in shifts:
        level, oblique, ends = song.moved(shift)
        wrong &= (pattern.level & ~level) | (pattern.oblique & ~oblique)
        lacking &= pattern.needed & ~ends
        extra &= shifted(ends & ~pattern.ends, -shift)
    marks = extra.bit_count() + (lacking.bit_count() if song.has_marks else 0)
    return TONE * wrong.bit_count() + MARK * marks + pattern.surprise


def _match(song: Song, variant: Variant) -> Match:
    aligned, places = _aligned(song, variant)
    if _is_divided_alike(song, variant) and -1 in places:
        # Lines of the right lengths have wrong tones, and nothing too many or too few.
        prices, places = _prices(variant, song.has_marks), tuple(range(variant.hanzi))
        aligned = sum(price[code] for price, code in zip(prices, song.codes, strict=True))
    rhymes, strays, borrowed = rhymes_of(song, variant, places)
    feet = RHYME * len(strays) + BORROWED * len(borrowed)
    repeats = REPEAT * _unlike_repeats(song, variant, places)
    cost = aligned + feet + repeats + _pattern(variant).surprise
    return Match(variant, places, cost, aligned + feet, rhymes, strays, borrowed)


def _is_divided_alike(song: Song, variant: Variant) -> bool:
    """Whether a text with marks has the lines of a variant, by their number and lengths."""
    ends = song.bits[-1]
    same = variant.hanzi == len(song.forms) and song.has_marks
    return same and not (ends & ~variant.ends or variant.needed & ~ends)


def _aligned(song: Song, variant: Variant) -> tuple[float, tuple[int, ...]]:
    """The cheapest alignment: its cost, and the place in the text of each character, or -1.

    Place `to - at - low` of a row is for the first `at` characters of the text beside the first
    `to` of the variant. `ways` has how that is reached: by 0 for a pair, -1 for a character too
    many, or by how many are missing.
    """
    prices, codes = _prices(variant, song.has_marks), song.codes
    size, length = len(prices), len(codes)
    low, high = min(0, size - length) - SLACK, max(0, size - length) + SLACK
    width = high - low + 1
    before: list[float] = [math.inf] * width
    ways: list[list[int]] = []
    for at in range(length + 1):
        row, way = [math.inf] * width, [0] * width
        missing, run = math.inf, 0
        code = codes[at - 1] if at else -1
        for k in range(max(0, -at - low), min(width, size - at - low + 1)):
            to = at + low + k
            cost = math.inf if at or to else 0.0
            if at and to:
                cost = before[k] + prices[to - 1][code]
            if at and k + 1 < width and before[k + 1] + GAP < cost:
                cost, way[k] = before[k + 1] + GAP, -1
            if missing < cost:
                cost, way[k] = missing, run
            row[k] = cost
            if cost + GAP <= missing + GAP_GOES_ON:
                missing, run = cost + GAP, 1
            else:
                missing, run = missing + GAP_GOES_ON, run + 1
            if to < size and 0 <= code < WITH_MARK:
                missing += prices[to][EITHER_TONE]
        ways.append(way)
        before = row
    return before[size - length - low], _traced(ways, size, low)


def _traced(ways: list[list[int]], size: int, low: int) -> tuple[int, ...]:
    """The places of the cheapest alignment (`_aligned`)."""
    at, to = len(ways) - 1, size
    places = [-1] * size
    while at or to:
        way = ways[at][to - at - low]
        if way > 0:
            to -= way
        elif way < 0:
            at -= 1
        else:
            at, to = at - 1, to - 1
            places[to] = at
    return tuple(places)


@cache
def _prices(variant: Variant, has_marks: bool) -> tuple[tuple[float, ...], ...]:
    """What each place of the variant costs for each of `Song.codes`."""
    prices = []
    for line in variant.lines:
        lacking = PAUSE_LEFT_OUT if line.end == PAUSE else MARK
        for place, tone in enumerate(line.tones, 1):
            last = place == len(line.tones)
            without, with_mark = (lacking if last and has_marks else 0.0), 0.0 if last else MARK
            by_tone = {"平": (0.0, TONE, 0.0), "仄": (TONE, 0.0, 0.0), "中": (0.0, 0.0, 0.0)}
            prices.append(tuple(t + m for m in (without, with_mark) for t in by_tone[tone]))
    return tuple(prices)


def _unlike_repeats(song: Song, variant: Variant, places: Sequence[int]) -> int:
    """How many lines repeat the line before and should not, or should and do not."""
    found, last, before = 0, 0, ""
    for line in variant.lines:
        here = places[last : last + len(line.tones)]
        words = "".join(song.forms[place][0] if place >= 0 else BLANK for place in here)
        if line.repeats:
            found += words[-line.repeats :] != before[-line.repeats :]
        else:
            found += words == before and len(words) > 1
        last, before = last + len(line.tones), words
    return found


def rhymes_of(
    song: Song, variant: Variant, places: Sequence[int]
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    """See `Match.rhymes`, `Match.strays` and `Match.borrowed`."""
    feet: dict[int, dict[int, frozenset[str]]] = {}
    last = -1
    for number, line in enumerate(variant.lines):
        last += len(line.tones)
        if line.rhyme >= 0:
            group = feet.setdefault(line.rhyme, {})
            if places[last] >= 0 and (known := feet_of(song.forms[places[last]], song.book)):
                group[number] = parts_in(known, line.tones[-1])
    found = [shared_rhyme(group, song) for _, group in sorted(feet.items())]
    strays = sorted(number for _, apart, _ in found for number in apart)
    borrowed = sorted(number for _, _, near in found for number in near)
    return tuple(rhyme for rhyme, _, _ in found), tuple(strays), tuple(borrowed)


def shared_rhyme(group: dict[int, frozenset[str]], song: Song) -> tuple[str, list[int], list[int]]:
    """The rhyme of a group, and the lines whose feet are not in it, or only by `SHARED`.

    The group has what the foot of each line can rhyme in.
    """
    parts = [part for foot in group.values() for part in song.rhymes if part in foot]
    rhyme = max(parts, key=parts.count, default="")
    near = {part for pair in SHARED if rhyme in pair for part in pair}
    apart = [number for number, foot in group.items() if rhyme not in foot]
    borrowed = [n for n in apart if song.book is CILIN and group[n] & near]
    return rhyme, [number for number in apart if number not in borrowed], borrowed
