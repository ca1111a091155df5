"""`character`: readings with their shares and examples, variants, and the places it fits."""

import math
from dataclasses import dataclass

from tangyin.errors import UsageError
from tangyin.metre import TYPES, patterns_of_type, readings_of
from tangyin.metre.lexicon import Reading, place_of, words_with
from tangyin.reference.asked import Source, WordCount, lexicon_sources, meanings
from tangyin.reference.index import Index, index_if_fetched, spelling
from tangyin.reference.lines import Line, lines_at
from tangyin.reference.rhyme import count_of, ends_in, neighbours_of, number_of, words_ending
from tangyin.verse import variants_of

WIDTHS = (5, 7)


@dataclass(frozen=True)
class CharacterReading:
    """A reading of a character.

    Attributes:
        tone, rhyme, rime, share: see `metre.lexicon.Reading`.
        number: the number of the rhyme, as 上平聲一.
        neighbours: the rhymes that a first line in this one may be borrowed for.
        count: how many lines of the training poems end on it in this reading.
        words: words at the ends of these lines; empty without the corpus.
        examples: such lines. Verse does not tell oblique readings from each other: the words and
            examples of all are with the commonest.
    """

    tone: str
    rhyme: str
    rime: str
    share: float
    number: str
    neighbours: str
    count: int
    words: tuple[WordCount, ...]
    examples: tuple[Line, ...]


@dataclass(frozen=True)
class TonedWord:
    """A word in which the character is mostly read in one tone; `level` is its share of 平."""

    word: str
    level: float


@dataclass(frozen=True)
class Variant:
    """Another way to write a character: its kind is "simplified", "traditional" or "variant"."""

    character: str
    kind: str


@dataclass(frozen=True)
class Fit:
    """The places, from 1, of a line of a type that a character fits by its tones.

    Attributes:
        type: a, A, b or B.
        characters: 5 or 7.
        places: where it keeps the plain pattern of the type.
        licensed: where it needs a licence, such as 小拗.
    """

    type: str
    characters: int
    places: tuple[int, ...]
    licensed: tuple[int, ...]


@dataclass(frozen=True)
class Character:
    """A character of the corpus."""

    character: str
    readings: tuple[CharacterReading, ...]
    words: tuple[TonedWord, ...]
    variants: tuple[Variant, ...]
    fits: tuple[Fit, ...]


@dataclass(frozen=True)
class Characters:
    """The characters that a typed one may mean."""

    asked: str
    characters: tuple[Character, ...]
    source: tuple[Source, ...]


def characters(asked: str, examples: int = 3, words: int = 8) -> Characters:
    """What is known of a character.

    Args:
        asked: a character, traditional or simplified.
        examples: most example lines of a reading.
        words: most words of a reading, and of those that decide its tone.

    Raises:
        UsageError: it is not one character, or the lexicon lacks it.
        TangyinError: the corpus is damaged.
    """
    known = [character for character in meanings(asked, 1) if readings_of(character)]
    if not known:
        raise UsageError("reference.unknown_character", character=asked.strip())
    index = index_if_fetched()
    found = (
        Character(
            character=character,
            readings=_readings(character, index, examples, words),
            words=_toned_words(character, words),
            variants=tuple(Variant(c, kind) for c, kind in variants_of(character).items()),
            fits=tuple(_fit(character, kind, width) for width in WIDTHS for kind in TYPES),
        )
        for character in known
    )
    return Characters(asked, tuple(found), lexicon_sources(index, "reference.source_examples"))


def _readings(
    character: str, index: Index | None, examples: int, words: int
) -> tuple[CharacterReading, ...]:
    readings = readings_of(character)
    commonest_oblique = next((reading for reading in readings if not reading.level), None)
    found = []
    for reading in readings:
        ends: tuple[tuple[WordCount, ...], tuple[Line, ...]] = ((), ())
        if index and (reading.level or reading is commonest_oblique):
            ends = _ends(index, character, reading, examples, words)
        found.append(
            CharacterReading(
                reading.tone,
                reading.rhyme,
                reading.rime,
                round(reading.share, 4),
                number_of(reading.rhyme),
                neighbours_of(reading.rhyme, reading.rime),
                count_of(character, reading),
                *ends,
            )
        )
    return tuple(found)


def _ends(
    index: Index, character: str, reading: Reading, examples: int, words: int
) -> tuple[tuple[WordCount, ...], tuple[Line, ...]]:
    """Words and lines that end on a character in a reading."""
    ends = ends_in(index, reading.rhyme)
    here = ends[spelling()[index.codes[ends]] == ord(character)]
    step = max(1, len(here) // max(1, examples))  # of all times, not of the first poets alone
    lines = lines_at(index, here[::step][:examples])
    return words_ending(index, here, words).get(character, ()), lines


def _toned_words(character: str, most: int) -> tuple[TonedWord, ...]:
    """The words that tell most about its tone."""
    rows = sorted(words_with(character), key=lambda row: -abs(row[2] - 1 / 2))
    return tuple(TonedWord(word, share) for word, _, share in rows[:most])


def _fit(character: str, kind: str, width: int) -> Fit:
    place = place_of(character)
    inside = {"P": place.level, "Z": place.oblique}
    end = {"P": place.end_level, "Z": place.end_oblique}

    def fitting(licences: bool) -> set[int]:
        return {
            at
            for pattern in patterns_of_type(kind, width, licences=licences)
            for at, tone in enumerate(pattern.tones, 1)
            if (end if at == width else inside)[tone] < math.inf
        }

    plain = fitting(False)
    return Fit(kind, width, tuple(sorted(plain)), tuple(sorted(fitting(True) - plain)))
