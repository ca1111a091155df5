"""Whether given characters can be part of a regulated poem, and where given words fit."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from tangyin.errors import UsageError
from tangyin.metre.books import CILIN
from tangyin.metre.lattice import Lattice
from tangyin.metre.law import FREE, OPEN, Columns, Draft, Mask
from tangyin.metre.laws.tones import Tones
from tangyin.metre.laws.tune import rhymes_of_parts
from tangyin.metre.lexicon import place_of
from tangyin.metre.pattern import Sequence
from tangyin.metre.rates import Rates
from tangyin.metre.rhyme import LEVEL_RHYMES
from tangyin.metre.shi_findings import first_line_rhyme
from tangyin.metre.table import Readings, RhymeBook, ToneTable
from tangyin.model.threads import go_on
from tangyin.verse import Form
from tangyin.verse.tune import Variant

Word = tuple[int, ...]

STEPS = 300
"""How many steps a search for the words' places takes before it is taken to be impossible."""

LINE_TONES = {"a": "仄仄平平仄", "A": "仄仄仄平平", "b": "平平平仄仄", "B": "平平仄仄平"}


@dataclass(frozen=True, eq=False)
class Fitting:
    """Judges given characters by the rules."""

    form: Form
    characters: tuple[str, ...]  # those that the model knows
    table: ToneTable
    readings: Readings
    book: RhymeBook
    rates: Rates
    forbidden: Mask  # (characters,) what must not be written
    _ways_of: dict[tuple[Sequence, bytes, Word, int], Columns] = field(default_factory=dict)
    _lines: dict[tuple[str, bytes], Mask] = field(default_factory=dict)
    _rhyming: dict[tuple[Sequence, bytes, int], bool] = field(default_factory=dict)

    @cached_property
    def readable(self) -> Mask:
        """(2, characters) whether each can be read oblique, and level."""
        return np.stack((np.isfinite(self.table.log_oblique), np.isfinite(self.table.log_level)))

    @property
    def rhyme_writable(self) -> Mask:
        """(characters,) what may be written at a rhyming place."""
        return self.readings.level & ~self.forbidden

    def bad_lines(self, sequence: Sequence, given: Columns) -> Mask:
        """(n, form.lines) of (n, form.hanzi): lines that no pattern of their type can hold."""
        types, lines = sequence.for_lines(self.form.lines), self._lines
        rows = given.reshape(len(given), self.form.lines, -1)
        keys = [list(zip(types, map(bytes, row), strict=True)) for row in rows]
        new = [row for row, own in enumerate(keys) if any(key not in lines for key in own)]
        if new:
            draft = Draft(self.form, self.characters, given[new])
            uniforms = np.zeros((1, self.form.lines))
            tones = Tones(self.readings, (sequence,), self.rates, uniforms, draft)
            for row, found in zip(new, tones.readable(), strict=True):
                lines.update(zip(keys[row], found, strict=True))
        readable = np.array([[lines[key] for key in own] for own in keys])  # (n, lines, patterns)
        lattice = Lattice.of(self.form.characters)
        below = np.zeros((*readable.shape[:2], len(lattice.last)), dtype=bool)
        for line in range(1, self.form.lines):
            good = lattice.between[line % 2] == 0
            below[:, line - 1] = (readable[:, line, None] & good).any(axis=2)
        # What is to be rescued must be; else another line that is bad makes this one no worse.
        below |= lattice.last == 0
        fits = np.asarray((readable & below[:, :, lattice.kind]).any(axis=2))
        return ~fits

    def misfit(self, sequence: Sequence, given: Columns, line: int) -> dict[str, Any]:
        """What an error about a line that does not fit its pattern says."""
        width = self.form.characters
        there = given[line * width : (line + 1) * width]
        tones = LINE_TONES[sequence.for_lines(self.form.lines)[line]]
        # What precedes the core of five is opposite to the core's second character.
        front = "" if width == 5 else "仄仄" if tones[1] == "平" else "平平"
        return {
            "line": line + 1,
            "text": "".join("□" if c == FREE else self.characters[c] for c in there),
            "pattern": sequence.name(width),
            "tones": front + tones,
        }

    def rhyme(self, sequence: Sequence, given: Columns, asked: int) -> tuple[int, int | None]:
        """The rhyme that given line ends ask for, besides the one asked for (or OPEN).

        Returns:
            The likeliest rhyme that all can have, or OPEN when neither they nor `asked` decide; and
            the first line whose end cannot rhyme so, or None.
        """
        possible = (np.arange(len(LEVEL_RHYMES)) == asked) | (asked == OPEN)
        log_weight = np.zeros(len(LEVEL_RHYMES))
        rhyme = asked
        for line, end in self._given_rhymes(sequence, given):
            if not self.table.known[end]:
                continue
            log_weights, rhymes = self.table.log_rhymes[end], self.table.rhymes[end]
            if line == 0 and self.rates.borrowed:
                lent = self._lent(end) & ~rhymes
                log_weights = np.where(lent, np.log(self.rates.borrowed), log_weights)
                rhymes = rhymes | lent
            possible &= rhymes
            if not possible.any():
                return OPEN, line
            log_weight += np.where(rhymes, log_weights, 0.0)
            rhyme = int(np.where(possible, log_weight, -np.inf).argmax())
        return rhyme, None

    def first_end(self, sequence: Sequence, given: Columns) -> float:
        """How often verse reads the given end of the first line as a sequence needs it; else 1.

        光 has a rare oblique reading; a poem on 牀前明月光 should rhyme with it all the same.
        """
        end = int(given[self.form.characters - 1])
        if end == FREE:
            return 1.0
        place = place_of(self.characters[end])
        return math.exp(-(place.end_level if sequence.rhymed_start else place.end_oblique))

    def rhyme_fault(self, sequence: Sequence, given: Columns, asked: int) -> UsageError | None:
        """Why the lines cannot rhyme in the rhyme asked for (or OPEN); None if they can."""
        rhyme, stray = self.rhyme(sequence, given, asked)
        name = LEVEL_RHYMES[asked] if asked != OPEN else ""
        if stray is not None:
            end = self.characters[given[(stray + 1) * self.form.characters - 1]]
            code = "request.rhyme_stray" if name else "request.rhymes_disagree"
            return UsageError(code, line=stray + 1, character=end, rhyme=name)
        ends = [end for _, end in self._given_rhymes(sequence, given)]
        rhyming = self.book.rhyming & self.rhyme_writable
        rhyming[:, ends] = False
        sizes = rhyming.sum(axis=1)
        left = int(sizes.max() if rhyme == OPEN else sizes[rhyme])  # of the largest when open
        places = len(self.form.rhyming) + sequence.rhymed_start - len(ends)
        if left < places:
            code = "request.rhymes_scarce_any" if rhyme == OPEN else "request.rhymes_scarce"
            return UsageError(code, left=left, rhyme=LEVEL_RHYMES[rhyme], places=places)
        return None

    def place(
        self,
        sequence: Sequence,
        given: Columns,
        words: tuple[Word, ...],
        asked: int,
        uniforms: npt.NDArray[np.float64],
        steps: Iterator[int] | None = None,
    ) -> Columns | None:
        """`given` with each word at a place where the rules can keep it; None without room.

        `uniforms` (words,) draw each word's place, which is uniform among those left to it. A
        search takes an item of `steps`, which searches may share, at every step, `STEPS` at most.
        """
        left = islice(count() if steps is None else steps, STEPS)

        def search(given: Columns, number: int) -> Columns | None:
            if number == len(words):
                return given
            if next(left, None) is None:
                return None
            go_on()
            ways = self._ways(sequence, given, words[number], asked, keep=number < 2)
            first = int(uniforms[number] * len(ways))
            for way in (*ways[first:], *ways[:first]):
                found = search(way, number + 1)
                if found is not None:
                    return found
            return None

        return search(given, 0)

    def _ways(
        self, sequence: Sequence, given: Columns, word: Word, asked: int, *, keep: bool
    ) -> Columns:
        """(n, form.hanzi): `given` with a word, at each place where it fits."""
        key = sequence, given.tobytes(), word, asked
        if key in self._ways_of:
            return self._ways_of[key]
        width, length = self.form.characters, len(word)
        starts = np.flatnonzero(np.arange(self.form.hanzi) % width + length <= width)
        there = given[starts[:, None] + np.arange(length)]
        starts = starts[((there == FREE) | (there == word)).all(axis=1)]
        ways: Columns = np.repeat(given[None], len(starts), axis=0)
        np.put_along_axis(ways, starts[:, None] + np.arange(length), np.array([word]), axis=1)
        if len(ways):
            ways = ways[~self.bad_lines(sequence, ways).any(axis=1)]
        rhymes = [self._can_rhyme(sequence, given, way, asked) for way in ways]
        ways = ways[np.array(rhymes, dtype=bool)]
        if keep:
            self._ways_of[key] = ways
        return ways

    def _can_rhyme(self, sequence: Sequence, before: Columns, given: Columns, asked: int) -> bool:
        """Whether line ends can rhyme, and none that was added is the same as another."""
        ends = [end for _, end in self._given_rhymes(sequence, given)]
        had = [end for _, end in self._given_rhymes(sequence, before)]
        repeated = len(ends) - len(set(ends)) > len(had) - len(set(had))
        if repeated:
            return False
        width = self.form.characters
        key = sequence, given[width - 1 :: width].tobytes(), asked  # all that the fault depends on
        if key not in self._rhyming:
            self._rhyming[key] = self.rhyme_fault(sequence, given, asked) is None
        return self._rhyming[key]

    def _lent(self, end: int) -> Mask:
        """(30,) whether a first line that ends so may begin a poem of each rhyme."""
        return np.array([bool(first_line_rhyme(self.characters[end], r)) for r in LEVEL_RHYMES])

    def _given_rhymes(self, sequence: Sequence, given: Columns) -> Iterator[tuple[int, int]]:
        """Lines that rhyme and whose last character is given, with that character's column."""
        for line in range(self.form.lines):
            end = int(given[(line + 1) * self.form.characters - 1])
            if end != FREE and (line % 2 == 1 or (line == 0 and sequence.rhymed_start)):
                yield line, end


@dataclass(frozen=True, eq=False)
class TuneFitting:
    """Judges given characters (form.hanzi,) by the tune of a 詞."""

    form: Form
    variant: Variant
    characters: tuple[str, ...]  # those that the model knows
    readable: Mask  # (2, characters) whether each can be read oblique, and level
    writable: Mask  # (characters,)
    asked: int  # the part of 詞林正韻 of the first group of rhymes, or OPEN

    def check(self, given: Columns) -> Columns:
        """Given characters with those that a repeated line (疊) gives the line before.

        Raises:
            UsageError: request.part_of_tune, the part has too few characters; request.tune_misfit,
                the pattern has no room for a character; request.tune_repeat.
        """
        group = [line for line in self.variant.lines if line.rhyme == 0]
        tone = group[0].tones[-1]
        if self.asked != OPEN:
            found = rhymes_of_parts(self.characters)[int(tone == "平"), self.asked] & self.writable
            if found.sum() < len(group):
                part = CILIN.parts[self.asked]
                tune = self.form.name
                raise UsageError("request.part_of_tune", tune=tune, tone=tone, part=part)
        for place in np.flatnonzero(given != FREE).tolist():
            if not self._has_tone(place, given[place]):
                tone = self.variant.tones[place]
                where = self._where(place, given[place])
                raise UsageError("request.tune_misfit", **where, tone=tone)
        repeated = given.copy()
        for place, before in self.form.repeats.items():
            if FREE not in (given[place], repeated[before]) and given[place] != repeated[before]:
                earlier = self.characters[repeated[before]]
                where = self._where(place, given[place])
                raise UsageError("request.tune_repeat", **where, before=earlier)
            if repeated[before] == FREE:
                repeated[before] = given[place]
        return repeated

    def place(
        self, given: Columns, words: tuple[Word, ...], chances: list[float]
    ) -> Columns | None:
        """`given` with each word in a line where tones and rhymes allow it; None without room.

        `chances` in [0, 1) draw the place of each word.
        """
        if not words:
            return given
        starts = range(self.form.hanzi - len(words[0]) + 1)
        placed = (self._with_word(given, words[0], start) for start in starts)
        ways = [way for way in placed if way is not None and self._can_rhyme(way)]
        first = int(chances[0] * len(ways))
        for way in (*ways[first:], *ways[:first]):
            found = self.place(way, words[1:], chances[1:])
            if found is not None:
                return found
        return None

    def _where(self, place: int, column: int) -> dict[str, Any]:
        """What errors about a character at a place have in common."""
        line = self.form.line_of(place) + 1
        return {"tune": self.form.name, "line": line, "character": self.characters[column]}

    def _has_tone(self, place: int, column: int) -> bool:
        tone = self.variant.tones[place]
        return tone == "中" or bool(self.readable[int(tone == "平"), column])

    def _with_word(self, given: Columns, word: Word, start: int) -> Columns | None:
        """The given characters with a word from a place on, if its line and its tones allow it."""
        places = range(start, start + len(word))
        repeated = {*self.form.repeats, *self.form.repeats.values()}
        fits = self.form.line_of(places[-1]) == self.form.line_of(start) and all(
            place not in repeated
            and given[place] in (FREE, column)
            and self._has_tone(place, column)
            for place, column in zip(places, word, strict=True)
        )
        if not fits:
            return None
        way = given.copy()
        way[start : start + len(word)] = word
        return way

    def _can_rhyme(self, given: Columns) -> bool:
        """Whether the given feet of each group share a part, and none of them is another."""
        tables = rhymes_of_parts(self.characters)
        shared = {} if self.asked == OPEN else {0: np.arange(len(CILIN.parts)) == self.asked}
        used: list[int] = []
        for line in self.form.rhyming:
            place = self.form.starts[line + 1] - 1
            column, group = int(given[place]), self.variant.lines[line].rhyme
            if column == FREE or place in self.form.repeats:
                continue
            own = tables[int(self.variant.tones[place] == "平"), :, column]
            shared[group] = shared.get(group, own) & own
            used.append(column)
        return len(used) == len({*used}) and all(parts.any() for parts in shared.values())
