"""`rhyme`: the characters of a rhyme, commonest first, with words that poets end lines on."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tangyin.data.files import data_text
from tangyin.errors import UsageError
from tangyin.metre import LEVEL_RHYMES, Reading, readings_of
from tangyin.metre.lexicon import characters_of
from tangyin.metre.rhyme import RHYMES, neighbouring
from tangyin.reference.asked import Source, WordCount, lexicon_sources, meanings
from tangyin.reference.index import UNRHYMED, Index, Places, index_if_fetched, spelling
from tangyin.verse import lookup_spelling

TOGETHER = 3.0
"""Two characters are a word if the corpus has them together so many times as often as by chance."""

COMMON = 4
"""Pairs that are looked at for each word wanted, the commonest at the ends of lines."""


@dataclass(frozen=True)
class RhymeCharacter:
    """A character of a rhyme.

    Attributes:
        count: how many lines of the training poems end on it in this rhyme: the even lines of
            poems with a level rhyme, the odd ones in an oblique one.
        share: the share of the character's places at which it is read in this rhyme.
        words: words of two characters at the ends of these lines; empty without the corpus.
    """

    character: str
    count: int
    share: float
    words: tuple[WordCount, ...]


@dataclass(frozen=True)
class Rhyme:
    """A rhyme of 平水韻.

    Attributes:
        tone: 平, 上, 去 or 入.
        number: its number in the rhyme books, as 上平聲一.
        rimes: the rhymes of 廣韻 in it, by their level-tone members.
        neighbours: the rhymes that a first line may borrow from.
        total: how many characters the lexicon has in it.
        characters: those that poets end lines on most.
    """

    name: str
    tone: str
    number: str
    rimes: str
    neighbours: str
    total: int
    characters: tuple[RhymeCharacter, ...]


@dataclass(frozen=True)
class Rhymes:
    """The rhymes with a name, or of a character's readings."""

    asked: str
    rhymes: tuple[Rhyme, ...]
    source: tuple[Source, ...]


def rhymes(asked: str, count: int = 30, words: int = 5) -> Rhymes:
    """The rhyme with a name, and the rhymes in which a character is read.

    Args:
        asked: 東, 東韻, or any character, traditional or simplified.
        count: most characters of a rhyme that are given.
        words: most words of a character.

    Raises:
        UsageError: it is not such a name or character, or the lexicon lacks it.
        TangyinError: the corpus is damaged.
    """
    named = re.sub("[韻韵]$", "", asked.strip())
    characters = meanings(named or asked, 1)
    names = [name for name in characters if name in "".join(RHYMES.values())]
    names += [reading.rhyme for c in characters for reading in readings_of(c)]
    if not names:
        raise UsageError("reference.unknown_character", character=asked.strip())
    index = index_if_fetched()
    found = (_rhyme(name, index, count, words) for name in dict.fromkeys(names))
    return Rhymes(asked, tuple(found), lexicon_sources(index, "reference.source_words"))


def number_of(name: str) -> str:
    """The number of a rhyme in the rhyme books."""
    tone, names = next((tone, names) for tone, names in RHYMES.items() if name in names)
    at, half = names.index(name), ""
    if tone == "平":
        half, at = "上下"[at >= HALF], at % HALF
    return f"{half}{tone}聲{_numeral(at + 1)}"


HALF = 15
"""Level rhymes of each of the two volumes."""


def neighbours_of(name: str, rimes: str) -> str:
    """The level rhymes that a first line may borrow from in a poem in a level rhyme."""
    return "".join(
        other
        for other in LEVEL_RHYMES
        if name in LEVEL_RHYMES and any(neighbouring(name, rime, other) for rime in rimes)
    )


def count_of(character: str, reading: Reading) -> int:
    """How many lines of the training poems end on a character in one of its readings."""
    oblique, feet = _line_ends().get(lookup_spelling(character), (0, {}))
    if reading.level:
        return feet.get(reading.rhyme, 0)
    # Verse tells oblique readings from level ones, and not from each other.
    shares = [other.share for other in readings_of(character) if not other.level]
    return round(oblique * reading.share / sum(shares)) if sum(shares) else 0


def ends_in(index: Index, rhyme: str) -> Places:
    """The last characters of the lines that end in a rhyme, or could in an oblique one."""
    level = rhyme in LEVEL_RHYMES
    rhymed = index.rhymes == LEVEL_RHYMES.index(rhyme) if level else index.rhymes != UNRHYMED
    lengths = np.diff(index.first_lines)
    lines = np.arange(len(index.starts) - 1) - np.repeat(index.first_lines[:-1], lengths)  # from 0
    here = np.repeat(rhymed & (index.train > 0), lengths) & (lines % 2 == level) & (lines > 0)
    ends: Places = index.starts[1:][here] - 2
    return ends


def words_ending(index: Index, ends: Places, most: int) -> dict[str, tuple[WordCount, ...]]:
    """The words of two characters at places of last characters, by the last one."""
    first, last = (spelling()[index.codes[at]].tolist() for at in (ends - 1, ends))
    pairs = Counter(zip(map(chr, first), map(chr, last), strict=True))
    by_last: dict[str, list[WordCount]] = {}
    for (before, character), count in pairs.most_common():
        words = by_last.setdefault(character, [])
        if len(words) < COMMON * most:
            words.append(WordCount(before + character, count))
    alone: dict[str, int] = {}
    return {
        character: tuple(_words(index, found, most, alone)) for character, found in by_last.items()
    }


def _words(
    index: Index, pairs: Iterable[WordCount], most: int, alone: dict[str, int]
) -> Iterable[WordCount]:
    """The first `most` pairs that are together more often than by chance."""
    for pair in pairs:
        if not most:
            return
        for character in pair.word:
            alone.setdefault(character, index.count(character))
        by_chance = alone[pair.word[0]] * alone[pair.word[1]] / len(index.order)
        if index.count(pair.word) >= TOGETHER * by_chance:
            most -= 1
            yield pair


def _rhyme(name: str, index: Index | None, count: int, most: int) -> Rhyme:
    characters = [c for c in characters_of(name) if lookup_spelling(c) == c]
    read = [(c, next(r for r in readings_of(c) if r.rhyme == name)) for c in characters]
    counted = sorted(((c, r, count_of(c, r)) for c, r in read), key=lambda row: -row[2])
    rimes = "".join(dict.fromkeys(reading.rime for _, reading in read))
    words: dict[str, tuple[WordCount, ...]] = {}
    if index and most:
        ends = ends_in(index, name)
        wanted = np.array([ord(c) for c, _, _ in counted[:count] if ord(c) < 0x10000], np.uint16)
        words = words_ending(index, ends[np.isin(spelling()[index.codes[ends]], wanted)], most)
    return Rhyme(
        name=name,
        tone=read[0][1].tone,
        number=number_of(name),
        rimes=rimes,
        neighbours=neighbours_of(name, rimes),
        total=len(counted),
        characters=tuple(
            RhymeCharacter(c, number, round(reading.share, 4), words.get(c, ()))
            for c, reading, number in counted[:count]
        ),
    )


def _numeral(number: int) -> str:
    """A number of 1 to 99 in Chinese."""
    digits = " 一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return f"{digits[tens] if tens > 1 else ''}{'十' if tens else ''}{digits[ones]}".strip()


@cache
def _line_ends() -> dict[str, tuple[int, dict[str, int]]]:
    """How often each character ends a line: in oblique ones, and in level ones by rhyme."""
    found = {}
    for row in data_text("line_ends.tsv").splitlines()[1:]:
        character, oblique, rhymes = row.split("\t")
        found[character] = int(oblique), {item[0]: int(item[1:]) for item in rhymes.split()}
    return found
