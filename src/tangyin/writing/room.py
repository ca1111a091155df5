"""What the rules leave to open places of a line, whatever the rest of the poem is like."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from tangyin.model.threads import go_on
from tangyin.prosody import Reading, readings_of
from tangyin.prosody.assignment import Assignment, assign
from tangyin.prosody.lexicon import in_words, lexicon_characters
from tangyin.verse import BLANK
from tangyin.writing.constraints.draft import Mask
from tangyin.writing.constraints.tones import Readings
from tangyin.writing.planning import tables_of
from tangyin.writing.sheet import Sheet

SURE = 0.3
"""A character is offered to rhyme by a reading with this share of its level readings' weight."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """The V characters that a model knows, by all that the rules see of them.

    Attributes:
        readings: what each may be inside a line.
        ends: (K, V) which characters can end a line as each kind of end: the first is any oblique
            one, the others are level, by their rhymes of 廣韻.
        samples: (K,) a character of the lexicon that is of this kind alone.
        rhymes: (K,) the rhymes of 平水韻 that they have; "" for the first.
        inner: a character that is level and one that is oblique, whatever its neighbours are.
    """

    readings: Readings
    ends: Mask
    samples: tuple[str, ...]
    rhymes: tuple[str, ...]
    inner: dict[str, str]


@lru_cache(maxsize=4)
def kinds_of(hanzi: tuple[str, ...]) -> Kinds:
    """The kinds of some characters."""
    table, readings, _ = tables_of(hanzi)
    ends: dict[tuple[str, str], list[int]] = {}
    whole = np.exp(table.log_level)
    for column, character in enumerate(hanzi):
        for reading in readings_of(character):
            if not reading.level or reading.share >= SURE * whole[column]:
                ends.setdefault(_end(reading), []).append(column)
    samples: dict[tuple[str, str], str] = {}
    for character in lexicon_characters():
        found = readings_of(character)
        if len(found) == 1 and not in_words(character):
            samples.setdefault(_end(found[0]), character)
    keys = [("", ""), *(key for key in ends if key[0] and key in samples)]
    masks = np.zeros((len(keys), len(hanzi)), dtype=bool)
    for mask, key in zip(masks, keys, strict=True):
        mask[ends[key]] = True
        mask &= readings.level if key[0] else readings.oblique
    inner = {"P": samples[keys[1]], "Z": samples[keys[0]]}
    return Kinds(readings, masks, tuple(samples[k] for k in keys), tuple(k[0] for k in keys), inner)


def _end(reading: Reading) -> tuple[str, str]:
    """The kind of end that a reading makes: its rhyme in both books; nothing for an oblique one."""
    return (reading.rhyme, reading.rime) if reading.level else ("", "")


@dataclass(frozen=True, eq=False)
class Room:
    """What may be at some places of a line.

    Attributes:
        places: the places (from 0), one after the other in their line.
        tones: the tones that they may have together, such as "PZ"; those without a licence first.
        plain: how many of these need no licence.
        ends: (V,) what may end the line, or None when its end is not among the places.
        faults: how many faults the poem has then, the fewest that are possible.
    """

    places: tuple[int, ...]
    tones: tuple[str, ...]
    plain: int
    ends: Mask | None
    faults: int


def room_at(sheet: Sheet, hanzi: tuple[str, ...], line: int, places: tuple[int, ...]) -> Room:
    """What may be at places of a line (both from 0) so that the poem has the fewest faults.

    There is always something: where the rest of the poem is at fault, it is what adds none.
    """
    kinds, end = kinds_of(hanzi), sheet.form.characters - 1
    old = list(sheet.read_as[line])
    for place in places:
        old[place] = BLANK

    def judged(characters: dict[int, str]) -> Assignment:
        go_on()
        new = "".join(characters.get(at, c) for at, c in enumerate(old))
        return assign((*sheet.read_as[:line], new, *sheet.read_as[line + 1 :]))

    ends, level_end = None, kinds.samples[1]
    if end in places:
        faults = np.array([judged({end: sample}).faults for sample in kinds.samples])
        allowed = faults == faults.min()
        ends = kinds.ends[allowed].any(axis=0)
        level = np.flatnonzero(allowed[1:])
        level_end = kinds.samples[1 + int(level[0])] if len(level) else level_end
    found = []
    for tones in product("PZ", repeat=len(places)):
        samples = {
            place: level_end if place == end and tone == "P" else kinds.inner[tone]
            for place, tone in zip(places, tones, strict=True)
        }
        reading = judged(samples)
        pattern = reading.patterns[line]
        found.append((reading.faults, bool(pattern.licence or pattern.warning), "".join(tones)))
    fewest = min(faults for faults, _, _ in found)
    fitting = sorted(way[1:] for way in found if way[0] == fewest)
    plain = sum(not licensed for licensed, _ in fitting)
    return Room(places, tuple(tones for _, tones in fitting), plain, ends, fewest)


def used_elsewhere(sheet: Sheet, line: int, places: tuple[int, ...]) -> frozenset[str]:
    """The characters of the rest of the poem, but for what a doubled one (離離) would stand by."""
    row = sheet.read_as[line]
    others = [
        character
        for number, other in enumerate(sheet.read_as)
        for at, character in enumerate(other)
        if number != line or at not in places
    ]
    beside = [row[at] for at in (places[0] - 1, places[-1] + 1) if 0 <= at < len(row)]
    doubled = {character for character in beside if others.count(character) == 1}
    return frozenset(others) - doubled - {BLANK}
