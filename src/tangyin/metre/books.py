"""Rhyme books: 平水韻 and 詞林正韻 of old tones, 中華新韻 and 中華通韻 of modern ones.

平水韻 is the lexicon. 詞林正韻 (戈載, 1821) joins its rhymes to 19 parts; `data/cilin.tsv` has the
characters that it puts elsewhere. 中華新韻 (中華詩詞學會, 2005) and 中華通韻 (教育部, 2019) follow
from the finals of modern readings, `data/modern_readings.tsv`. `scripts/build_rhyme_books.py`
makes both files.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from tangyin.data.files import data_text
from tangyin.errors import UsageError
from tangyin.metre.lexicon import (
    OBLIQUE,
    Place,
    Reading,
    costs_of,
    place_of,
    readings_of,
    tone_costs,
)
from tangyin.metre.rhyme import LEVEL_RHYMES, RHYMES, neighbouring
from tangyin.verse import BLANK, is_simplified, to_traditional, traditional_forms

ADDED = 0.1
"""Share of a reading that 詞林正韻 has besides those of 廣韻: it is the rarer one."""


@dataclass(frozen=True, eq=False)
class Book:
    """A rhyme book.

    `modern` says that its tones are those of modern readings: 平 is the first or the second, 上 the
    third and 去 the fourth, and there is no 入.
    """

    name: str
    ascii_name: str
    modern: bool
    parts: tuple[str, ...]  # the names of its parts, in order: the 106 rhymes, 第一部, or 一麻
    level_rhymes: Sequence[str]  # their names
    readings: Callable[[str], tuple[Reading, ...]]  # of a traditional character, commonest first
    costs: Callable[[str], Place]  # of these (`lexicon.place_of`)
    tone_costs: Callable[[str, int], tuple[float, float]]  # of 平 and 仄 (`lexicon.tone_costs`)

    def places(self, character: str) -> tuple[Reading, ...]:
        """Where the book has a character, the commonest reading first; empty if it lacks it.

        A simplified character has the places of all traditional ones that it stands for: 发 those
        of 發 and 髮. 后 or 里, which are traditional characters too, count as those.
        """
        if not is_simplified(character):
            return self.readings(character)
        return _joined(
            replace(r, share=r.share * share)
            for form, share in traditional_forms(character).items()
            for r in self.readings(form)
        )

    def costs_at(self, line: str, at: int) -> tuple[float, float]:
        """The costs of reading a character of a line 平 and 仄; at its end rare readings count.

        An open place (□) may be either.
        """
        if line[at] == BLANK:
            return 0.0, 0.0
        place = self.costs(line[at])
        at_end = at == len(line) - 1
        return (place.end_level, place.end_oblique) if at_end else self.tone_costs(line, at)

    def tones_at(self, line: str, at: int) -> str:
        """The tones that a character of a line can be read in: P, Z or PZ."""
        level, oblique = self.costs_at(line, at)
        return "P" * (level < math.inf) + "Z" * (oblique < math.inf)

    def borrows(self, reading: Reading, rhyme: str) -> bool:
        """Whether a first line may rhyme by a reading in a poem in `rhyme` (借鄰韻)."""
        return self is PINGSHUI and neighbouring(reading.rhyme, reading.rime, rhyme)


def book_named(name: str) -> Book:
    """The rhyme book of a name: in either script, short (平水, 詞林, 新韻, 通韻) or ASCII.

    Raises:
        UsageError: there is no such book.
    """
    known = to_traditional(name.strip()).removesuffix("韻").lower()
    for book in BOOKS:
        full = book.name.removesuffix("韻")
        if known in (book.ascii_name, full, full.removeprefix("中華"), full.removesuffix("正")):
            return book
    raise UsageError("book.unknown", name=name, books=[book.name for book in BOOKS])


def _joined(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """The readings with those alike as one, the commonest first."""
    found: dict[tuple[str, str], Reading] = {}
    for r in readings:
        before = found.get((r.rhyme, r.tone))
        found[r.rhyme, r.tone] = replace(r, share=r.share + before.share) if before else r
    return tuple(sorted(found.values(), key=lambda r: -r.share))


def _reading(part: str, tone: str, rime: str, share: float) -> Reading:
    """A reading in a part that has several tones."""
    return Reading(tone, part + OBLIQUE * (tone in "上去"), rime, share)


# 詞林正韻

_ONES = "一二三四五六七八九"
_CILIN_PARTS = tuple(f"第{number}部" for number in [*_ONES, "十", *("十" + one for one in _ONES)])
_LEVEL, _ENTERING = _CILIN_PARTS[:14], _CILIN_PARTS[14:]
_RIMES = (
    "東冬鍾", "江陽唐", "支脂之微齊灰祭廢", "魚虞模", "佳皆咍泰夬", "真臻文欣魂痕",
    "元寒刪山先仙", "蕭宵肴豪", "歌", "麻", "庚耕清青蒸登", "尤侯幽", "侵", "覃談鹽添嚴咸銜凡",
)  # fmt: skip
_ENTERING_RIMES = (
    "東冬鍾", "江陽唐", "真臻庚耕清青蒸登侵", "文欣魂痕元寒刪山先仙鹽添", "覃談嚴咸銜凡",
)  # fmt: skip
"""The rhymes of 廣韻 in each part, by their level-tone members."""

_PARTS_OF = [
    {rime: part for rimes, part in zip(groups, parts, strict=True) for rime in rimes}
    for groups, parts in ((_RIMES, _LEVEL), (_ENTERING_RIMES, _ENTERING))
]


def cilin_part(rime: str, tone: str) -> str:
    """The part of 詞林正韻 that a rhyme of 廣韻 belongs to."""
    return _PARTS_OF[tone == "入"][rime]


@cache
def _cilin(character: str) -> tuple[Reading, ...]:
    readings = readings_of(character)
    exceptions = _cilin_exceptions().get(character, {})
    found = []
    for r in readings:
        part = cilin_part(r.rime, r.tone)
        found.append(_reading(exceptions.get((part, r.tone), part), r.tone, r.rime, r.share))
    added = [
        _reading(part, tone, "", ADDED) for (past, tone), part in exceptions.items() if not past
    ]
    return _joined([*found, *added])


@cache
def _cilin_exceptions() -> dict[str, dict[tuple[str, str], str]]:
    """For a character the part by the one it takes the place of, or "", and by tone."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for row in data_text("cilin.tsv").splitlines():
        part, tone, past, characters = row.split("\t")
        for character in characters:
            found.setdefault(character, {})[past, tone] = part
    return found


# The modern books

_XINYUN = {
    "一麻": "a", "二波": "o e", "三皆": "ie", "四開": "ai", "五微": "ei", "六豪": "ao",
    "七尤": "ou", "八寒": "an", "九文": "en", "十唐": "ang", "十一庚": "eng ong",
    "十二齊": "i er v", "十三支": "ih", "十四姑": "u",
}  # fmt: skip
_TONGYUN = {
    "一啊": "a", "二喔": "o", "三鵝": "e ie", "四衣": "i ih", "五烏": "u", "六迂": "v",
    "七哀": "ai", "八欸": "ei", "九熬": "ao", "十歐": "ou", "十一安": "an", "十二恩": "en",
    "十三昂": "ang", "十四英": "eng", "十五雍": "ong", "十六兒": "er",
}  # fmt: skip
"""The parts by the finals of `data/modern_readings.tsv`."""


@cache
def _modern_readings() -> dict[str, list[tuple[str, str, float]]]:
    """Final, tone (1 to 4) and share of each reading by character."""
    counts: dict[str, dict[tuple[str, str], int]] = {}
    for row in data_text("modern_readings.tsv").splitlines():
        reading, alone, among = row.split("\t")
        key = reading[:-1], reading[-1]
        counts |= {character: {key: 1} for character in alone}
        for item in filter(None, among.split(" ")):
            counts.setdefault(item[0], {})[key] = int(item[1:])
    return {
        character: [(*key, count / sum(found.values())) for key, count in found.items()]
        for character, found in counts.items()
    }


def _modern(name: str, ascii_name: str, finals: dict[str, str]) -> Book:
    part_of = {final: part for part, known in finals.items() for final in known.split()}
    tones = {"1": "平", "2": "平", "3": "上", "4": "去"}

    @cache
    def readings(character: str) -> tuple[Reading, ...]:
        found = _modern_readings().get(character, [])
        return _joined(_reading(part_of[f], tones[tone], f, share) for f, tone, share in found)

    @cache
    def costs(character: str) -> Place:
        return costs_of(readings(character))

    def costs_in_line(line: str, at: int) -> tuple[float, float]:
        place = costs(line[at])
        return place.level, place.oblique

    parts = tuple(finals)
    return Book(name, ascii_name, True, parts, parts, readings, costs, costs_in_line)


PINGSHUI = Book(
    "平水韻", "pingshui", False, tuple("".join(RHYMES.values())),
    LEVEL_RHYMES, readings_of, place_of, tone_costs,
)  # fmt: skip
CILIN = Book(
    "詞林正韻", "cilin", False, _CILIN_PARTS, _LEVEL, _cilin,
    cache(lambda character: costs_of(_cilin(character))), tone_costs,
)  # fmt: skip
XINYUN = _modern("中華新韻", "xinyun", _XINYUN)
TONGYUN = _modern("中華通韻", "tongyun", _TONGYUN)
BOOKS = (PINGSHUI, CILIN, XINYUN, TONGYUN)
