"""Tones and rhymes of characters, every reading with the weight that verse gives it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from tangyin.data.files import data_text
from tangyin.metre.rhyme import LEVEL_RHYMES, rhyme_of
from tangyin.verse import corpus_spelling, fold_variants

OBLIQUE = "仄"
"""Ends the name of a rhyme of 上 and 去 where a book has them in one part with 平."""

RARE = 0.05
"""Inside a line, a tone of less than this share of a character's places is not considered, unless
it is in a word of `data/reading_words.tsv`.

Otherwise the rare level readings of 不 or 望 would hide 孤平. Of all places of a character, words
included, this is about 2 %.
"""


SURE = 0.3
"""A character is written by a reading only if verse reads it so at least this often, so that
readers with other dictionaries agree."""


STRANGER = "\ue000"
"""A character without readings that is in no word."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a character.

    Attributes:
        tone: 平, 上, 去 or 入.
        rhyme: its rhyme in 平水韻, one of 106, or in another book (`metre.books`): 第七部, and
            第七部仄 in the tones 上 and 去.
        rime: its rhyme in 廣韻, by the level-tone member; the final in a modern book.
        share: share of the character's places in verse that have this reading.
    """

    tone: str
    rhyme: str
    rime: str
    share: float

    @property
    def level(self) -> bool:
        """Whether the reading is 平."""
        return self.tone == "平"

    @property
    def part(self) -> str:
        """The part of the book, whatever the tone."""
        return self.rhyme.removesuffix(OBLIQUE)


@cache
def readings_of(character: str) -> tuple[Reading, ...]:
    """The readings of a character, the commonest first; empty if the lexicon lacks it.

    Variants are looked up in the spelling of the corpus (為 as 爲) or in the usual form (敎 as 教).
    """
    return _readings(corpus_spelling(character)) or _readings(_usual(character))


def characters_of(rhyme: str) -> list[str]:
    """The characters of the lexicon with a reading in a rhyme of 平水韻."""
    return _by_rhyme().get(rhyme, [])


@cache
def _by_rhyme() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for character in sorted(_lexicon()):
        for rhyme in {reading.rhyme for reading in readings_of(character)}:
            found.setdefault(rhyme, []).append(character)
    return found


def words_with(character: str) -> tuple[tuple[str, int, float], ...]:
    """The words that tell its readings apart: word, place in it from 0, share of 平 there.

    They are the pairs of `data/reading_words.tsv`; a character of one tone has none.
    """
    here = ((pair, place, share) for (pair, place), share in _words().items())
    return tuple(row for row in here if row[0][row[1]] == character)


def level_share(character: str) -> float:
    """The share of places at which verse reads the character 平; 0.5 if it is unknown."""
    readings = readings_of(character)
    return sum(r.share for r in readings if r.level) if readings else 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """The costs, -ln(share), of reading a character 平 or 仄 inside a line, and at its end.

    A tone that verse does not give it is infinite; at the end rare readings count too. `both` says
    whether it has readings of both tones, however rare. `rhymes` has the cost by rhyme, level or
    oblique; it is empty for an unknown character, which may rhyme with anything.
    """

    level: float
    oblique: float
    both: bool
    end_level: float
    end_oblique: float
    end_tones: str  # P, Z or PZ
    rhymes: dict[str, float]


@cache
def place_of(character: str) -> Place:
    """The costs of a character's readings."""
    return costs_of(readings_of(character))


@cache
def costs_of(readings: tuple[Reading, ...]) -> Place:
    """The costs of some readings, the commonest first."""
    if not readings:
        even = math.log(2)
        return Place(even, even, True, even, even, "PZ", {})
    level = sum(reading.share for reading in readings if reading.level)
    rhymes: dict[str, float] = {}
    for reading in readings:  # the commonest first
        rhymes.setdefault(reading.rhyme, _cost(reading.share))
    tones = {reading.level for reading in readings}
    return Place(
        *_inside(level),
        len(tones) == 2,
        _cost(level) if True in tones else math.inf,
        _cost(1 - level) if False in tones else math.inf,
        "P" * (True in tones) + "Z" * (False in tones),
        rhymes,
    )


def tone_costs(line: str, at: int) -> tuple[float, float]:
    """The costs of reading character `at` (from 0) of a line 平 and 仄.

    A word is more informative than a character (唯 is oblique only in 唯阿): the more decisive pair
    of neighbours replaces the character's own share.
    """
    place = place_of(line[at])
    if not place.both:  # as of most characters
        return place.level, place.oblique
    words, pairs = _words(), ((line[max(at - 1, 0) : at + 1], 1), (line[at : at + 2], 0))
    shares = [words[pair] for pair in pairs if pair in words]
    if not shares:
        return place.level, place.oblique
    # A word makes a reading likely or unlikely, and never impossible.
    share = max(shares, key=lambda share: abs(share - 0.5))
    return _inside(min(max(share, RARE), 1 - RARE))


@cache
def _partners() -> dict[str, tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for pair in dict.fromkeys(pair for pair, _ in _words()):
        first, second = pair[0], pair[1]
        found.setdefault(second, ["", ""])[0] += first
        found.setdefault(first, ["", ""])[1] += second
    return {character: (before, after) for character, (before, after) in found.items()}


def partners(character: str) -> tuple[str, str]:
    """The characters that make a word before a character, and behind it, that tells readings."""
    return _partners().get(character, ("", ""))


@cache
def plain_characters(*, level: bool) -> tuple[str, ...]:
    """Characters of one tone that are in no word that tells readings."""
    return tuple(
        character
        for character in lexicon_characters()
        if character not in _partners() and {r.level for r in readings_of(character)} == {level}
    )


def _inside(level: float) -> tuple[float, float]:
    """Costs of 平 and 仄 by the share of 平; a rare one is infinite."""
    return (
        _cost(level) if level >= RARE else math.inf,
        _cost(1 - level) if level <= 1 - RARE else math.inf,
    )


def _cost(share: float) -> float:
    return -math.log(max(share, 1e-6))


def _usual(character: str) -> str:
    return fold_variants(corpus_spelling(character))


@cache
def _readings(character: str) -> tuple[Reading, ...]:
    known = _lexicon().get(character, "")
    if len(known) == 2:  # as of most characters
        return _only(*known)
    pairs = zip(known[::2], known[1::2], strict=True)
    found = {(tone, rhyme_of(rime, tone)): rime for rime, tone in pairs}
    weights = _weighed(character, list(found))
    readings = [Reading(*key, rime, weights[key]) for key, rime in found.items()]
    return tuple(sorted(readings, key=lambda reading: -reading.share))


@cache
def _only(rime: str, tone: str) -> tuple[Reading, ...]:
    """The readings of a character that has no other."""
    return (Reading(tone, rhyme_of(rime, tone), rime, 1.0),)


def _weighed(character: str, found: list[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """Share the level and the oblique part of a character's places out among its readings."""
    share, counts = _priors().get(character) or _priors().get(_usual(character)) or (0.5, {})
    levels = [reading for reading in found if reading[0] == "平"]
    obliques = [reading for reading in found if reading[0] != "平"]
    if not levels or not obliques:
        share = 1.0 if levels else 0.0
    # Half a count each, so that a reading never seen at a rhyme keeps a small weight.
    seen = {reading: counts.get(reading[1], 0) + 0.5 for reading in levels}
    whole = sum(seen.values())
    weights = {reading: share * count / whole for reading, count in seen.items()}
    return weights | {reading: (1 - share) / len(obliques) for reading in obliques}


def lexicon_characters() -> Iterator[str]:
    """The characters whose readings are known."""
    return iter(_lexicon())


@cache
def _lexicon() -> dict[str, str]:
    """Rime and tone of each reading by character, those later than 廣韻 last."""
    known = dict(row.split("\t") for row in data_text("lexicon.tsv").splitlines())
    for row in data_text("later_readings.tsv").splitlines()[1:]:
        character, reading, *_ = row.split("\t")
        known[character] = known.get(character, "") + reading
    return known


@cache
def _words() -> dict[tuple[str, int], float]:
    """Pairs of neighbours and which of the two is meant, with its share of 平."""
    rows = (row.split("\t") for row in data_text("reading_words.tsv").splitlines()[1:])
    return {(pair, int(place)): float(share) for pair, place, share in rows}


@cache
def _priors() -> dict[str, tuple[float, dict[str, int]]]:
    """For each weighed character its level share and its counts by level rhyme."""
    priors: dict[str, tuple[float, dict[str, int]]] = {}
    for row in data_text("reading_priors.tsv").splitlines()[1:]:
        character, share, _, _, rhymes = row.split("\t")
        counts = {item[0]: int(item[1:]) for item in rhymes.split()}
        priors[character] = (float(share), counts)
    return priors


def rhyme_of_poem(lines: Sequence[str]) -> str | None:
    """The first of `LEVEL_RHYMES` that the ends of all even lines can be read in, if any.

    `lines` have no marks.
    """
    ends = [_level_rhymes(line[-1]) for line in lines[1::2]]
    fitting = frozenset.intersection(*ends) if ends else ()
    return next((rhyme for rhyme in LEVEL_RHYMES if rhyme in fitting), None)


@cache
def _level_rhymes(character: str) -> frozenset[str]:
    return frozenset(r.rhyme for r in readings_of(character) if r.level)
