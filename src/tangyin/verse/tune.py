"""The tunes of 詞 (詞牌): their names, and the variants that were sung to each, line by line.

The table is `data/tunes.tsv.gz`, after 欽定詞譜 (1715), made by `scripts/build_tunes.py`.
"""

import difflib
import gzip
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate

from tangyin.data.files import data_file
from tangyin.errors import UsageError
from tangyin.verse.script import lookup_spelling, to_simplified, to_traditional

PAUSE, LINE, RHYME, OTHER_TONE, NEW_RHYME = "讀", "句", "韻", "叶", "換"
"""What a line ends with: a pause (、), a line without rhyme (，), a rhyme, a rhyme of the same
group in the other tone, the first rhyme of a later group."""

RHYMES = RHYME + OTHER_TONE + NEW_RHYME
NEAR_NAMES = 3

UNUSUAL = 3
"""See `strangeness`: two 如夢令 are two poems, and not one of the variant that is twice as long."""


@dataclass(frozen=True, slots=True)
class TuneLine:
    """What is sung between two marks."""

    tones: str  # 平, 仄 or 中 (either) a character
    end: str  # `PAUSE`, `LINE`, `RHYME`, `OTHER_TONE` or `NEW_RHYME`
    rhyme: int = -1  # number of its rhyme group, from 0; -1 for a line that does not rhyme
    repeats: int = 0  # how many characters at its end repeat the end of the line before (疊)
    opens: bool = False  # whether it begins another stanza


@dataclass(frozen=True, eq=False)
class Variant:
    """One way to fill a tune. There is one object of each."""

    names: tuple[str, ...]  # of the tune, the main one first
    songs: int  # how many Song 詞 have one of these names
    number: int  # of the variant in 欽定詞譜, from 1
    lines: tuple[TuneLine, ...]
    example: str  # a poem with marks
    usual: bool = False  # whether most Song 詞 of the tune are nearest to this variant

    @property
    def name(self) -> str:
        """The main name of the tune."""
        return self.names[0]

    @cached_property
    def tones(self) -> str:
        """平, 仄 or 中 for each character of the poem."""
        return "".join(line.tones for line in self.lines)

    @cached_property
    def hanzi(self) -> int:
        """Characters of the poem without marks."""
        return len(self.tones)

    @cached_property
    def ends(self) -> int:
        """The places, as bits, of the last characters of lines."""
        return sum(1 << end for end, _ in self._line_ends())

    @cached_property
    def needed(self) -> int:
        """Those of `ends` that are not pauses."""
        return sum(1 << end for end, line in self._line_ends() if line.end != PAUSE)

    def _line_ends(self) -> Iterator[tuple[int, TuneLine]]:
        ends = accumulate(len(line.tones) for line in self.lines)
        return zip((end - 1 for end in ends), self.lines, strict=True)

    @property
    def rhyming(self) -> tuple[int, ...]:
        """The lines that rhyme, from 0."""
        return tuple(number for number, line in enumerate(self.lines) if line.rhyme >= 0)


@dataclass(frozen=True, eq=False)
class Tune:
    """A tune: its names, the main one first, and its variants by number."""

    names: tuple[str, ...]
    variants: tuple[Variant, ...]

    @property
    def name(self) -> str:
        """The main name."""
        return self.names[0]


@cache
def tunes() -> tuple[Tune, ...]:
    """All tunes, the shortest first."""
    return tuple(_tune(name) for name in _rows())


def tunes_named(name: str) -> tuple[Tune, ...]:
    """The tunes of this name, in either script: the one whose main name it is first.

    Raises:
        UsageError: tune.unknown.
    """
    found = tunes_so_called(name)
    if not found:
        raise UsageError("tune.unknown", name=name, near=names_near(name))
    return found


def names_near(name: str) -> list[str]:
    """The names of tunes most like this one."""
    near = difflib.get_close_matches(to_traditional(name), _names(), NEAR_NAMES, 0.3)
    return near or ["浣溪沙", "水調歌頭", "念奴嬌"]


def tunes_so_called(name: str) -> tuple[Tune, ...]:
    """As `tunes_named`, but empty for a name that no tune has."""
    name = name.strip()
    main = _names().get(to_traditional(name)) or _names_by_key().get(_key(name), [])
    return tuple(map(_tune, main))


def variant_named(name: str, number: int | None = None) -> Variant:
    """A variant of the tune of this name, the usual one if no number is given.

    Raises:
        UsageError: tune.unknown, tune.no_variant.
    """
    tune = tunes_named(name)[0]
    for variant in tune.variants:
        if variant.usual if number is None else variant.number == number:
            return variant
    number = number or 1
    numbers = [variant.number for variant in tune.variants]
    nearest = min(numbers, key=lambda known: abs(known - number))
    raise UsageError(
        "tune.no_variant", name=tune.name, number=number, count=len(numbers), nearest=nearest
    )


def strangeness(lengths: Sequence[int], among: Sequence[Tune] = ()) -> int:
    """How far lines of these lengths are from the nearest variant of some tunes, or of any.

    Ends of lines that fit from neither end of the poem count one, missing or additional characters
    two each, and a variant that is not the usual one `UNUSUAL`.
    """
    size = sum(lengths)
    ends = sum(1 << (end - 1) for end in accumulate(lengths))
    least = sys.maxsize
    for tune in among or tunes():
        for each in tune.variants:
            # Most variants are too long or too short by themselves.
            if 2 * abs(each.hanzi - size) < least:
                unusual = UNUSUAL * (not each.usual)
                least = min(least, _differences(ends, size, each) + unusual)
    return least


def _differences(ends: int, size: int, variant: Variant) -> int:
    by = variant.hanzi - size
    moved = shifted(ends, by)
    extra = ends & ~variant.ends & shifted(moved & ~variant.ends, -by)
    lacking = variant.needed & ~ends & ~moved
    return 2 * abs(by) + extra.bit_count() + lacking.bit_count()


def shifted(places: int, by: int) -> int:
    """Places as bits, each so much further on."""
    return places << by if by > 0 else places >> -by


@cache
def _rows() -> dict[str, list[str]]:
    """The rows of each tune by its main name."""
    rows: dict[str, list[str]] = {}
    text = gzip.decompress(data_file("tunes.tsv.gz").read_bytes()).decode()
    for row in text.splitlines():
        rows.setdefault(row[: row.index("\t")].partition("|")[0], []).append(row)
    return rows


@cache
def _tune(name: str) -> Tune:
    variants = tuple(_variant(row) for row in _rows()[name])
    return Tune(variants[0].names, variants)


def _variant(row: str) -> Variant:
    names, songs, number, lines, example = row.split("\t")
    return Variant(
        tuple(names.split("|")),
        int(songs),
        int(number.rstrip("*")),
        tuple(map(_line, lines.split(" "))),
        example,
        usual=number.endswith("*"),
    )


@cache
def _line(word: str) -> TuneLine:
    """A line as the table writes it: /中仄韻0=2. Few differ, so most are made once."""
    body, _, repeats = word.removeprefix("/").partition("=")
    tones = body.rstrip("0123456789讀句韻叶換")
    rhyme = body[len(tones) + 1 :]
    return TuneLine(
        tones, body[len(tones)], int(rhyme or -1), int(repeats or 0), opens=word.startswith("/")
    )


@cache
def _names() -> dict[str, list[str]]:
    """The main names of the tunes of each name, the tune of that main name first."""
    found: dict[str, list[str]] = {name: [name] for name in _rows()}
    for name, (row, *_) in _rows().items():
        for other in row[: row.index("\t")].split("|")[1:]:
            found.setdefault(other, []).append(name)
    return found


@cache
def _names_by_key() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, main in _names().items():
        found.setdefault(_key(name), []).extend(main)
    return found


def _key(name: str) -> str:
    """What names are compared by: 后庭花 is also 後庭花, 採桑子 also 采桑子."""
    return to_simplified(lookup_spelling(name))
