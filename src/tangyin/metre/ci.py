"""The checker of 詞: which tune and variant a text is sung to, and where it departs from them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

from tangyin.errors import UsageError
from tangyin.metre.books import BOOKS, CILIN, PINGSHUI, Book
from tangyin.metre.ci_match import (
    Match,
    Song,
    as_practised,
    beside,
    feet_of,
    nearest,
    rhymes_of,
    tones_of,
)
from tangyin.metre.finding import NONE, OUT_OF_RHYME, ByBook, Finding
from tangyin.metre.pattern import OUT_OF_PATTERN
from tangyin.verse import BLANK, Poem
from tangyin.verse.lyric import read_lyric, tunes_in
from tangyin.verse.script import is_simplified, traditional_costs
from tangyin.verse.tune import PAUSE, Tune, Variant, tunes_named

MISSING, EXTRA, MARKS_DIFFER, NOT_REPEATED = "脫字", "衍字", "句讀", "失疊"
OTHER_TUNE, OLDER_BOOK, ELSEWHERE, SHARED_RHYME = "詞牌", "詩韻", "他體", "通押"

UNLIKELY = 4.0
"""ln of how much less likely than the likeliest a form of a simplified character may be."""

MOST_HANZI = 400
"""Characters of the longest text that is compared with tunes; the longest tune has 240."""

ROW = 5.0
"""What it costs to take a row for a heading that may be verse."""

NEAR = 0.25
"""Excess a character up to which a text may be of a tune that the heading does not name, if it is
farther from the one that is named."""

NEIGHBOURS = 3


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another variant of the tune; `excess` is how much more the text departs from it."""

    variant: int
    excess: float


@dataclass(frozen=True, slots=True)
class CiReport:
    """A 詞 beside the variant of a tune that it comes nearest to.

    Attributes:
        form: 詞.
        regulated: whether it keeps tones, rhymes and the number of characters.
        tune: the main name of the tune in 欽定詞譜; `names` are all its names.
        variant: its number, from 1, of `variants`.
        book: the rhyme book.
        books: by which books it holds.
        rhyme: the parts of the book that its rhymes are in, such as 第七部平 and 第三部仄.
        lines: as they were given, divided as the variant is; "" for a line that is missing.
        read_as: the lines in the traditional characters that they were read in.
        tones: for each line its tones, such as `ZZPPZ`.
        patterns: for each line 平, 仄 or 中 a character.
        ends: what each line ends with: 讀, 句, 韻, 叶 or 換.
        faults: in their order; a place of 脫字 is one of `patterns`, all others are of `lines`.
        excess: how much it departs from the variant: about 3 for a tone or foot, 4.5 for a
            character, 1.4 for a mark (`tune_match`).
        neighbours: the variants that come next.
    """

    form: str
    regulated: bool
    tune: str
    names: tuple[str, ...]
    variant: int
    variants: int
    book: str
    books: tuple[ByBook, ...]
    rhyme: tuple[str, ...]
    lines: tuple[str, ...]
    read_as: tuple[str, ...]
    tones: tuple[str, ...]
    patterns: tuple[str, ...]
    ends: tuple[str, ...]
    faults: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    excess: float
    neighbours: tuple[Neighbour, ...]


def check_ci(text: str, tune: str = "", book: Book = CILIN) -> tuple[Poem, CiReport]:
    """Find the tune of a text and check it.

    Args:
        text: lines of any length, with or without marks, traditional or simplified, possibly below
            the name of the tune.
        tune: its name, if it is known.
        book: the rhyme book for tones and rhymes.

    Returns:
        The poem with the heading that was found, and the report.

    Raises:
        UsageError: the text is not verse or too long for any tune, or there is no such tune.
    """
    asked = tunes_named(tune) if tune else ()
    ways = []
    for skipped, poem in enumerate(read_lyric(text)):
        if (count := sum(map(len, poem.lines))) > MOST_HANZI:
            raise UsageError("text.too_long", count=count, form="詞", room=MOST_HANZI)
        named = asked or tunes_in(poem.title)
        found = _matches(song_of(poem, book), named, sure=bool(asked))
        ways.append((found[0].cost + ROW * skipped, poem, found, named))
    _, poem, found, named = min(ways, key=lambda way: way[0])
    return poem, _report("".join(poem.lines), song_of(poem, book), found, named, book)


def check_variant(lines: Sequence[str], variant: Variant, read_as: Sequence[str] = ()) -> CiReport:
    """Check the lines of a 詞 against one variant of a tune, line by line.

    Places left open (□) fit anything. For `read_as` see `check_poem`.
    """
    song = song_of(Poem(tuple(read_as or lines), ""))
    return _report("".join(lines), song, [beside(song, variant)], (), CILIN)


def wrong_tones(lines: Sequence[str], variant: Variant) -> int:
    """The number of faults of the tones of a 詞 beside a variant; see `check_variant`."""
    song = song_of(Poem(tuple(lines), ""))
    sheet = _Sheet.of("".join(lines), song, beside(song, variant))
    return sum(len(sheet.wrong(number)) for number in range(len(variant.lines)))


def song_of(poem: Poem, book: Book = CILIN) -> Song:
    """A poem without its marks, as it is compared with tunes."""
    text = "".join(poem.lines)
    forms = tuple(text)
    if is_simplified(text):
        costs = traditional_costs(text)
        forms = tuple(_likely(each) for each in costs)
    ends, at = [], -1
    for line in poem.lines:
        at += len(line)
        ends.append(at)
    return Song(forms, frozenset(ends), book)


def _likely(costs: dict[str, float]) -> str:
    """The traditional characters that a simplified one may be, the likeliest first."""
    least = min(costs.values())
    return "".join(
        form for form in sorted(costs, key=costs.__getitem__) if costs[form] <= least + UNLIKELY
    )


def _matches(song: Song, named: Sequence[Tune], *, sure: bool) -> list[Match]:
    """The nearest variants: of the tunes that are named, unless the name misleads."""
    if not named:
        return nearest(song)
    own = nearest(song, named)
    if sure or own[0].excess <= NEAR * len(song.forms):
        return own
    others = nearest(song)
    return others if others[0].excess <= NEAR * len(song.forms) else own


def _report(
    typed: str, song: Song, found: list[Match], named: Sequence[Tune], book: Book
) -> CiReport:
    match = found[0]
    variant = match.variant
    sheet = _Sheet.of(typed, song, match)
    faults = sorted(sheet.faults(), key=lambda finding: (finding.line, finding.places))
    warnings = sorted(sheet.warnings(), key=lambda finding: finding.line)
    if named and variant not in [v for tune in named for v in tune.variants]:
        names = "、".join(tune.name for tune in named)
        warnings.insert(0, Finding.of(OTHER_TUNE, 0, (), named=names, tune=variant.name))
    return CiReport(
        form="詞",
        regulated=not faults,
        tune=variant.name,
        names=variant.names,
        variant=variant.number,
        variants=len(tunes_named(variant.name)[0].variants),
        book=book.name,
        books=tuple(sheet.by_book(each) for each in BOOKS),
        rhyme=sheet.rhyme(),
        lines=sheet.lines,
        read_as=sheet.read_as,
        tones=tuple(sheet.tones_of_line(number) for number in range(len(variant.lines))),
        patterns=tuple(line.tones for line in variant.lines),
        ends=tuple(line.end for line in variant.lines),
        faults=tuple(faults),
        warnings=tuple(warnings),
        excess=round(match.excess, 1),
        neighbours=tuple(
            Neighbour(other.variant.number, round(other.excess - match.excess, 1))
            for other in found[1 : 1 + NEIGHBOURS]
        ),
    )


@dataclass(frozen=True)
class _Sheet:
    """A text divided as the variant is."""

    match: Match
    typed: str
    song: Song
    places: tuple[tuple[int, ...], ...]  # of the characters of each line in the text, in order
    wanted: tuple[tuple[int, ...], ...]  # of the characters of each line of the pattern, or -1

    @classmethod
    def of(cls, typed: str, song: Song, match: Match) -> "_Sheet":
        wanted, last = [], 0
        for line in match.variant.lines:
            wanted.append(match.places[last : last + len(line.tones)])
            last += len(line.tones)
        line_of = {place: number for number, line in enumerate(wanted) for place in line}
        places: list[list[int]] = [[] for _ in wanted]
        current = 0
        for place in range(len(song.forms)):
            if place in line_of:
                current = line_of[place]
            elif place - 1 in song.ends and max(wanted[current]) < place:
                current = min(current + 1, len(wanted) - 1)
            places[current].append(place)
        return cls(match, typed, song, tuple(map(tuple, places)), tuple(wanted))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        return tuple("".join(self.typed[at] for at in line) for line in self.places)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The places of the variant where its lines begin."""
        return tuple(accumulate((len(line) for line in self.wanted), initial=0))

    @property
    def read_as(self) -> tuple[str, ...]:
        return tuple("".join(self.song.forms[at][0] for at in line) for line in self.places)

    def tones_of_line(self, number: int) -> str:
        """The tones of a line: those of the pattern where a character can have them."""
        tones = self.match.variant.lines[number].tones
        pattern = dict(zip(self.wanted[number], tones, strict=True))
        return "".join(
            _tone(self.song.forms[at], pattern.get(at, "中"), self.song.book)
            for at in self.places[number]
        )

    def rhyme(self) -> tuple[str, ...]:
        """The part of the rhyme book that each rhyme group is in, with its tones."""
        tones: dict[int, str] = {}
        for line in self.match.variant.lines:
            if line.rhyme >= 0 and line.tones[-1] not in tones.get(line.rhyme, ""):
                tones[line.rhyme] = tones.get(line.rhyme, "") + line.tones[-1]
        return tuple(
            (_named(rhyme) or NONE) + tones[group] for group, rhyme in enumerate(self.match.rhymes)
        )

    def faults(self) -> Iterator[Finding]:
        for number in range(len(self.places)):
            yield from self._length(number)
            yield from self._tones(number, elsewhere=False)
        for number in self.match.strays:
            yield self._stray(number, OUT_OF_RHYME)

    def warnings(self) -> Iterator[Finding]:
        for rhyme in self.match.rhymes:
            if rhyme in PINGSHUI.parts and self.song.book is CILIN:
                yield Finding.of(OLDER_BOOK, 0, (), rhyme=rhyme)
        for number in self.match.borrowed:
            yield self._stray(number, SHARED_RHYME)
        for number, line in enumerate(self.match.variant.lines):
            yield from self._tones(number, elsewhere=True)
            yield from self._marks(number)
            if number and line.repeats:
                words, before = self.lines[number], self.lines[number - 1]
                again = before[-line.repeats :]
                if not _may_repeat(words[-line.repeats :], again):
                    places = tuple(range(len(words) - line.repeats + 1, len(words) + 1))
                    yield Finding.of(NOT_REPEATED, number + 1, places, characters=again)

    def _length(self, number: int) -> Iterator[Finding]:
        """What a line has too few, and too many."""
        line, wanted = self.places[number], self.wanted[number]
        missing = tuple(at for at, place in enumerate(wanted, 1) if place < 0)
        extra = tuple(at for at, place in enumerate(line, 1) if place not in wanted)
        pattern, words = self.match.variant.lines[number].tones, self.lines[number]
        variant = "" if words else "句"
        for kind, places, of in ((MISSING, missing, variant), (EXTRA, extra, "")):
            if places:
                yield Finding.of(
                    kind, number + 1, places, of, words=words, count=len(places), pattern=pattern
                )

    def by_book(self, book: Book) -> ByBook:
        """Whether the text, divided so, keeps the rules of the variant by a book."""
        song = replace(self.song, book=book)
        read = replace(self, song=song, match=as_practised(song, self.match))
        _, strays, _ = rhymes_of(read.song, self.match.variant, self.match.places)
        lines = range(len(self.places))
        departs = any(read.wrong(n) or any(self._length(n)) for n in lines)
        return ByBook(book.name, not strays, not departs)

    def wrong(self, number: int, *, elsewhere: bool = False) -> list[int]:
        """The places of a line with a tone that differs from the pattern.

        Distinguishes lines that other variants have from those that none has.
        """
        line, wanted = self.match.variant.lines[number], self.wanted[number]
        start, match = self.starts[number], self.match
        found = [
            at
            for at, tone in enumerate(line.tones)
            if start + at not in match.free and not self._has(wanted[at], tone)
        ]
        return found if match.like.issuperset(start + at for at in found) == elsewhere else []

    def _tones(self, number: int, *, elsewhere: bool = False) -> Iterator[Finding]:
        line, wanted = self.match.variant.lines[number], self.wanted[number]
        kind, variant = (ELSEWHERE, "") if elsewhere else (OUT_OF_PATTERN, "詞")
        for at in self.wrong(number, elsewhere=elsewhere):
            yield Finding.of(
                kind, number + 1, (self.places[number].index(wanted[at]) + 1,),
                variant + "PZ"[line.tones[at] == "平"],
                characters=self.typed[wanted[at]], pattern=line.tones,
            )  # fmt: skip

    def _has(self, place: int, tone: str) -> bool:
        """Whether a place of the text has a tone or is missing."""
        return (
            place < 0
            or tone == "中"
            or tones_of(self.song.forms[place], self.song.book)[tone == "仄"]
        )

    def _stray(self, number: int, kind: str) -> Finding:
        line = self.match.variant.lines[number]
        place = self.wanted[number][-1]
        level = line.tones[-1] == "平"
        parts = self.song.book.parts
        feet = [f for f in feet_of(self.song.forms[place], self.song.book) if f[0] in parts]
        part, is_level = min(feet, key=lambda foot: (foot[1] != level, parts.index(foot[0])))
        own = part + "仄平"[is_level]
        rhyme = _named(self.match.rhymes[line.rhyme])
        variant = "" if kind == SHARED_RHYME else "詞" if rhyme else "詞異韻"
        return Finding.of(
            kind, number + 1, (self.places[number].index(place) + 1,), variant,
            characters=self.typed[place], own=own, rhyme=rhyme + line.tones[-1],
        )  # fmt: skip

    def _marks(self, number: int) -> Iterator[Finding]:
        """Where the marks of the text divide it differently from the tune."""
        first, after = self.starts[number : number + 2]
        if not self.song.has_marks or not self.places[number]:
            return
        line, pattern = self.places[number], self.match.variant.lines[number]
        inside = tuple(
            at
            for at, place in enumerate(line[:-1], 1)
            if place in self.song.ends and not self.match.divided.issuperset(range(first, after))
        )
        words = self.lines[number]
        if inside:
            yield Finding.of(MARKS_DIFFER, number + 1, inside, "多", words=words)
        lacking = line[-1] not in self.song.ends and line[-1] + 1 < len(self.song.forms)
        if lacking and pattern.end != PAUSE and not self.match.divided >= {after - 1, after}:
            yield Finding.of(MARKS_DIFFER, number + 1, (len(line),), "少", words=words)


def _may_repeat(words: str, before: str) -> bool:
    """Whether words are those before, or can be once open places are filled."""
    pairs = zip(words, before, strict=False)
    return len(words) == len(before) and all(BLANK in pair or pair[0] == pair[1] for pair in pairs)


def _named(rhyme: str) -> str:
    """第三部, or 灰韻 of 平水韻."""
    return f"{rhyme}韻" if rhyme in PINGSHUI.parts else rhyme


def _tone(form: str, wanted: str, book: Book) -> str:
    level, oblique = tones_of(form, book)
    if level and oblique and wanted != "中":
        return "PZ"[wanted == "仄"]
    if level and oblique and form != BLANK:
        readings = book.readings(form[0])
        level = not readings or readings[0].level
    return "P" if level else "Z"
