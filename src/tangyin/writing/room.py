"""What the rules leave to open places of a line, whatever the rest of the poem is like."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from tangyin.model.threads import go_on
from tangyin.prosody import Reading, check_variant, readings_of
from tangyin.prosody.assignment import Assignment, assign
from tangyin.prosody.lexicon import in_words, lexicon_characters
from tangyin.verse import BLANK
from tangyin.writing.constraints.draft import Mask
from tangyin.writing.constraints.tones import Readings
from tangyin.writing.constraints.tune import rhyming_mask
from tangyin.writing.planning import tables_of
from tangyin.writing.sheet import Sheet

_WAYS = {"平": "P", "仄": "Z", "中": "PZ"}

SURE = 0.3
"""A character is offered to rhyme by a reading with this share of its level readings' weight."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """The V characters that a model knows, by all that the rules see of them.

    There are K kinds of ends of lines: the first is any oblique one, the others are level, by their
    rhymes of 廣韻.
    """

    readings: Readings  # what each may be inside a line
    ends: Mask  # (K, V) which characters can end a line as each kind
    samples: tuple[str, ...]  # (K,) a character of the lexicon that is of this kind alone
    inner: dict[str, str]  # a character that is P and one that is Z, whatever its neighbours are


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
    return Kinds(readings, masks, tuple(samples[key] for key in keys), inner)


def _end(reading: Reading) -> tuple[str, str]:
    """The kind of end that a reading makes: its rhyme in both books; nothing for an oblique one."""
    return (reading.rhyme, reading.rime) if reading.level else ("", "")


@dataclass(frozen=True, eq=False)
class Room:
    """What may be at some places of a line."""

    places: tuple[int, ...]  # from 0, one after the other in their line
    tones: tuple[str, ...]  # that they may have together, such as "PZ"; without a licence first
    plain: int  # how many of these need no licence
    ends: Mask | None  # (V,) what may end the line, or None when its end is not among the places
    faults: int  # that the poem has then, the fewest that are possible
    only: tuple[str, ...] = ()  # for each place the character that a 詞 repeats there, or ""

    def repeated(self, place: int) -> str:
        """The character that a 詞 repeats at one of the places, or ""."""
        return self.only[place] if self.only else ""


def room_at(sheet: Sheet, hanzi: tuple[str, ...], line: int, places: tuple[int, ...]) -> Room:
    """What may be at places of a line (both from 0) so that the poem has the fewest faults.

    There is always something: where the rest of the poem is at fault, it is what adds none.
    """
    if sheet.form.variant or not sheet.form.regulated:
        return _room_of_tune(sheet, hanzi, line, places)
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


def _room_of_tune(sheet: Sheet, hanzi: tuple[str, ...], line: int, places: tuple[int, ...]) -> Room:
    """What a tune leaves to places; a form without rules leaves everything."""
    form = sheet.form
    blank = sheet.with_characters(line, places[0], BLANK * len(places))
    row = form.variant.lines[line].tones if form.variant else "中" * form.characters
    ways = product(*(_WAYS[row[place]] for place in places))
    tones = tuple(map("".join, ways))
    ends = None
    only: tuple[str, ...] = ()
    if form.variant:
        whole = "".join(blank)
        earlier = [form.repeats.get(form.starts[line] + place, -1) for place in places]
        only = tuple("" if at < 0 else whole[at].replace(BLANK, "") for at in earlier)
        if places[-1] == len(row) - 1 and line in form.rhyming:
            ends = rhyming_mask(blank, form.variant, line, hanzi)
    return Room(places, tones, len(tones), ends, faults_in(sheet, blank), only)


def faults_in(sheet: Sheet, lines: tuple[str, ...]) -> int:
    """How many faults lines of a sheet's form have; see `Sheet.with_characters`."""
    if sheet.form.variant:
        return len(check_variant(lines, sheet.form.variant).faults)
    return assign(lines).faults if sheet.form.regulated else 0


def used_elsewhere(sheet: Sheet, line: int, places: tuple[int, ...]) -> frozenset[str]:
    """The characters of the rest of the poem, but for what a doubled one (離離) would stand by.

    In 詞 and 古體, which repeat what they like, those of the line and, at a foot, of other feet.
    """
    row, form = sheet.read_as[line], sheet.form
    strict = form.regulated and not form.variant
    others = [
        character
        for number, other in enumerate(sheet.read_as)
        for at, character in enumerate(other)
        if (number != line or at not in places) and (strict or number == line)
    ]
    if not strict and places[-1] == len(row) - 1 and line in form.rhyming:
        others += [sheet.read_as[number][-1] for number in form.rhyming if number != line]
    beside = [row[at] for at in (places[0] - 1, places[-1] + 1) if 0 <= at < len(row)]
    doubled = {character for character in beside if others.count(character) == 1}
    return frozenset(others) - doubled - {BLANK}
