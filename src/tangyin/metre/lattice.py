"""The rules of regulated verse as arrays, and what they leave to the open places of poems.

`reading.py` says what two lines, and the end of a line, cost; the tables are filled from it. A
character counts by its readings alone. So the fewest faults that a poem can end with are a shortest
path through the patterns of its lines, which is what `reading.assign` follows too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from tangyin.metre.books import Book
from tangyin.metre.law import Columns, Draft, Mask, Place
from tangyin.metre.lexicon import STRANGER, SURE, Reading, costs_of, partners
from tangyin.metre.pattern import DA_AO, TYPES, LinePattern, line_patterns
from tangyin.metre.reading import FAULT, faults_between, first_line_ends, later_ends
from tangyin.verse import BLANK

Faults = npt.NDArray[np.int16]

NEVER = 1000
"""In place of a number of faults: a character has no such reading."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """The P patterns of a line of 5 or 7 characters, and what two of them cost.

    There are F = 3 kinds of them by what the next line depends on: the tone of the core's second
    character, and whether there is a 大拗 to be rescued.
    """

    patterns: tuple[LinePattern, ...]

    @classmethod
    @lru_cache(maxsize=2)
    def of(cls, characters: int) -> "Lattice":
        """The lattice of lines of so many characters."""
        return cls(tuple(sorted(line_patterns(characters), key=lambda p: TYPES.index(p.type))))

    @cached_property
    def level(self) -> Mask:
        """(P, characters) whether each place is 平."""
        return np.array([[tone == "P" for tone in p.tones] for p in self.patterns])

    @cached_property
    def own(self) -> Faults:
        """(P,) the faults of each pattern itself."""
        return np.array([p.faults for p in self.patterns], dtype=np.int16)

    @cached_property
    def kind(self) -> npt.NDArray[np.intp]:
        """(P,) the kind of each pattern."""
        return np.array([(p.core[1] == "P") + 2 * (p.licence == DA_AO) for p in self.patterns])

    @cached_property
    def between(self) -> Faults:
        """(2, F, P) the faults of a line below one of each kind: in 粘, and in 對."""
        samples = {int(kind): p for kind, p in zip(self.kind, self.patterns, strict=True)}
        return np.array(
            [
                [
                    [faults_between(samples[kind], p, couplet=bool(couplet)) for p in self.patterns]
                    for kind in range(3)
                ]
                for couplet in range(2)
            ],
            dtype=np.int16,
        )

    @cached_property
    def last(self) -> Faults:
        """(F,) the faults of a last line of each kind: a 大拗 is not rescued."""
        return np.array([0, 0, 1], dtype=np.int16)

    @cached_property
    def plain(self) -> Mask:
        """(P,) whether a pattern takes no licence."""
        return np.array([not (p.licence or p.warning) for p in self.patterns])


@dataclass(frozen=True, eq=False)
class Signs:
    """What regulated verse sees of V characters: the tones inside a line, and K kinds of its end.

    `ends` has the faults of a line's end by the kind of the line (the first, another odd one, an
    even one), the kind of the end, its tone (仄, 平), and the rhyme of the poem.
    """

    tones: Mask  # (2, V) which can be 仄, and 平, inside a line
    end: npt.NDArray[np.intp]  # (V,) the kind of each as an end
    ends: Faults  # (3, K, 2, R)
    known: Mask  # (V,) which have a reading that counts

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, characters: tuple[str, ...], book: Book, *, sure: bool = False) -> "Signs":
        """The signs of some characters; of their `sure` readings alone, or of all."""
        kept = [_sure(book.readings(c)) if sure else book.readings(c) for c in characters]
        tones = np.array([_tones(readings, sure=sure) for readings in kept]).T
        own = [_as_end(readings) for readings in kept]
        kinds = {readings: number for number, readings in enumerate(dict.fromkeys(own))}
        end = np.array([kinds[readings] for readings in own])
        ends = np.stack([ends_of(readings, book) for readings in kinds], axis=1)
        return cls(tones, end, ends, np.array([bool(readings) for readings in kept]))


@cache
def _tones(readings: tuple[Reading, ...], *, sure: bool) -> tuple[bool, bool]:
    """Whether a character of these readings can be 仄, and 平, inside a line."""
    if sure:
        return any(not r.level for r in readings), any(r.level for r in readings)
    place = costs_of(readings)
    return place.oblique < np.inf, place.level < np.inf


@cache
def _as_end(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """What the end of a line shows of readings: the level rhymes, and whether one is oblique."""
    level = sorted({(r.rhyme, r.rime) for r in readings if r.level})
    share = 1 / (len(level) + 1)
    found = [Reading("平", rhyme, rime, share) for rhyme, rime in level]
    return (*found, *[Reading("仄", "", "", share) for r in readings if not r.level][:1])


def _sure(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """The readings by which a character is written: of a usual tone, and a usual rhyme in it."""
    shares = {tone: sum(r.share for r in readings if r.level == tone) for tone in (True, False)}
    return tuple(
        r
        for r in readings
        if shares[r.level] >= SURE and (not r.level or r.share >= SURE * shares[True])
    )


@lru_cache(maxsize=4096)
def ends_of(readings: tuple[Reading, ...], book: Book) -> Faults:
    """(3, 2, R) the faults of a line that ends on readings (`_as_end`); see `Signs.ends`."""
    place = costs_of(readings)
    found = np.full((3, 2, len(book.level_rhymes)), NEVER, dtype=np.int16)
    ways: tuple[Callable[[str], dict[str, float]], ...] = (
        lambda rhyme: first_line_ends(place, readings, rhyme, book),
        lambda rhyme: later_ends(place, rhyme, even=False),
        lambda rhyme: later_ends(place, rhyme, even=True),
    )
    for line, way in enumerate(ways):
        for number, rhyme in enumerate(book.level_rhymes):
            for tone, cost in way(rhyme).items():
                if np.isfinite(cost):
                    found[line, "ZP".index(tone), number] = cost // FAULT
    return found


class ShiPlace(Place):
    """Where rows of regulated verse are: exactly what adds no fault may be written.

    With `sure`, what is written counts by the readings that one writes by; with `plain`, a licence
    is not taken where the line can do without.
    """

    by_row = ("rows",)

    def __init__(
        self, draft: Draft, book: Book, *, sure: bool = False, plain: bool = False
    ) -> None:
        super().__init__(draft)
        self.book, self.sure, self.plain = book, sure, plain
        self.lattice = Lattice.of(draft.form.characters)
        self.signs = Signs.of(draft.characters, book, sure=sure)
        self.column_of = {c: column for column, c in enumerate(draft.characters)}
        given = ["".join(BLANK if c < 0 else draft.characters[c] for c in r) for r in draft.given]
        begun = {text: _begun(self, text) for text in dict.fromkeys(given)}
        self.rows = np.array([begun[text] for text in given], dtype=object)

    def allowed(self) -> Mask:
        """See `Place.allowed`."""
        found = {row: row.allowed(self.draft.column) for row in dict.fromkeys(self.rows)}
        return np.stack([found[row] for row in self.rows])

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        at = self.draft.column
        keys = list(zip(self.rows, columns.tolist(), strict=True))
        new = {(row, c): row.read(at, self.draft.characters[c]) for row, c in dict.fromkeys(keys)}
        self.rows = np.array([new[key] for key in keys], dtype=object)

    def faults(self) -> list[int]:
        """The fewest faults that each row can end with."""
        return [row.fewest() for row in self.rows]


@dataclass(frozen=True, eq=False)
class _Line:
    """A line of a poem below lines that are written.

    `before` (F, R) has the fewest faults of the lines before, by the kind of the last of them and
    the rhyme of the poem; `after` those of each line with all behind it, below one of each kind.
    """

    place: ShiPlace
    given: tuple[str, ...]  # all lines as they were given, with □
    after: tuple[Faults, ...]
    number: int  # from 0
    before: Faults | None  # of the first line None
    by_end: dict[tuple[str, bool], Faults] = field(default_factory=dict)  # see `_Row.faults`

    @cached_property
    def so_far(self) -> Faults:
        """(P, R) the faults of the poem up to this line as each pattern, but for the line's end."""
        lattice = self.place.lattice
        own = np.repeat(lattice.own[:, None], len(self.place.book.level_rhymes), axis=1)
        if self.before is None:
            return own
        between = lattice.between[self.number % 2]
        above: Faults = (self.before[:, None] + between[:, :, None]).min(axis=0)
        return own + above

    @cached_property
    def whole(self) -> Faults:
        """(P, R) the same with the lines behind it."""
        found: Faults = self.so_far + self.after[self.number + 1][self.place.lattice.kind]
        return found

    @property
    def kind(self) -> int:
        """Which of `Signs.ends` the line has."""
        return 1 + self.number % 2 if self.number else 0


@dataclass(frozen=True, eq=False)
class _Row:
    """A line up to some place, and the poem with it."""

    line: _Line
    text: str  # with what has been written
    written: frozenset[int] = frozenset()  # places that were not given

    @property
    def place(self) -> ShiPlace:
        return self.line.place

    def put(self, at: int, character: str) -> str:
        """This line with a character at a place."""
        return self.text[:at] + character + self.text[at + 1 :]

    def fits(self, text: str, written: frozenset[int] = frozenset()) -> Mask:
        """(P,) by which patterns a line can be read, but for its end."""
        place, level = self.place, self.place.lattice.level
        fits = np.ones(len(level), dtype=bool)
        for at, character in enumerate(text[:-1]):
            if place.sure and at in written:
                column = place.column_of[character]
                tones = tuple(place.signs.tones[:, column])
            else:
                costs = place.book.tone_costs(text, at) if character != BLANK else (0.0, 0.0)
                tones = costs[1] < np.inf, costs[0] < np.inf
            if not all(tones):
                fits &= level[:, at] == tones[1]
        return fits

    def ends(self, character: str, *, written: bool = False) -> Faults:
        """(2, R) the faults of this line's end by tone and rhyme (`Signs.ends`)."""
        signs, line = self.place.signs, self.line.kind
        if self.place.sure and written:
            found: Faults = signs.ends[line, signs.end[self.place.column_of[character]]]
            return found
        own: Faults = ends_of(_as_end(self.place.book.readings(character)), self.place.book)[line]
        return own

    def faults(self, text: str, written: frozenset[int] = frozenset()) -> Faults:
        """(P,) the faults of the poem with a text of this line, read by each pattern."""
        end, lattice = len(text) - 1, self.place.lattice
        key = text[-1], end in written
        if key not in self.line.by_end:
            ends = self.ends(text[-1], written=end in written)[lattice.level[:, -1].astype(int)]
            self.line.by_end[key] = (self.line.whole + ends).min(axis=1)
        found: Faults = np.where(self.fits(text, written), self.line.by_end[key], NEVER)
        return found

    def fewest(self) -> int:
        """The fewest faults of the poem."""
        return int(self.faults(self.text, self.written).min())

    def allowed(self, at: int) -> Mask:
        """(V,) what may be at a place of this line."""
        signs, level, plain = self.place.signs, self.place.lattice.level, self.place.lattice.plain
        others = self.written - {at}
        open_ = self.faults(self.put(at, BLANK), others)
        fewest = open_.min()
        without = self.place.plain and open_[plain].min() == fewest
        usable = plain if without else np.ones_like(plain)
        # Beside this one no word changes how a neighbour is read.
        apart = self.put(at, STRANGER)
        if at == len(apart) - 1:
            fits = self.fits(apart, others) & usable
            ways = [fits & (level[:, -1] == tone) for tone in (False, True)]
            by_end = np.stack([self.line.whole[way].min(axis=0, initial=NEVER) for way in ways])
            faults = (by_end + signs.ends[self.line.kind]).min(axis=(1, 2))  # (K,)
            mask: Mask = (faults <= fewest)[signs.end]
        else:
            good = (self.faults(apart, others) <= fewest) & usable
            mask = signs.tones[1] & (good & level[:, at]).any()
            mask |= signs.tones[0] & (good & ~level[:, at]).any()
        for column in self._in_words(at):
            text = self.put(at, self.place.draft.characters[column])
            mask[column] = self.faults(text, others | {at})[usable].min() <= fewest
        return mask & signs.known if self.place.sure else mask

    def _in_words(self, at: int) -> list[int]:
        """The characters that are in a word with a neighbour here, and so may be read otherwise."""
        # By sure readings, what is written is read as it is.
        fixed = {at - 1, at + 1} & self.written if self.place.sure else ()
        before, after = self.text[max(at - 1, 0) : at], self.text[at + 1 : at + 2]
        before, after = before * (at - 1 not in fixed), after * (at + 1 not in fixed)
        found = partners(before)[1] + partners(after)[0]
        columns = map(self.place.column_of.get, dict.fromkeys(found))
        return [column for column in columns if column is not None]

    def read(self, at: int, character: str) -> "_Row":
        """The poem with a character at a place of this line; the next line after the last."""
        is_given = self.line.given[self.line.number][at] == character
        written = self.written if is_given else self.written | {at}
        row = _Row(self.line, self.put(at, character), written)
        return row.next_line() if at == len(self.text) - 1 else row

    def next_line(self) -> "_Row":
        """The beginning of the next line."""
        old, end, lattice = self.line, len(self.text) - 1, self.place.lattice
        if old.number + 1 == len(old.given):
            return self
        ends = self.ends(self.text[-1], written=end in self.written)
        found = old.so_far + ends[lattice.level[:, -1].astype(int)]
        found = np.where(self.fits(self.text, self.written)[:, None], found, NEVER)
        before = np.stack([found[lattice.kind == kind].min(axis=0) for kind in range(3)])
        new = _Line(old.place, old.given, old.after, old.number + 1, before)
        return _Row(new, new.given[new.number])


def _begun(place: ShiPlace, text: str) -> _Row:
    """The poem before the place that the draft is at."""
    width, lattice = place.draft.form.characters, place.lattice
    lines = tuple(text[at : at + width] for at in range(0, len(text), width))
    last = np.repeat(lattice.last[:, None], len(place.book.level_rhymes), axis=1)
    after = [last.astype(np.int16)]
    for number in range(len(lines) - 1, 0, -1):
        row = _Row(_Line(place, lines, (), number, None), lines[number])
        own = row.ends(lines[number][-1])[lattice.level[:, -1].astype(int)]
        behind = lattice.own[:, None] + own + after[-1][lattice.kind]
        behind = np.where(row.fits(lines[number])[:, None], behind, NEVER)
        between = lattice.between[number % 2]
        after.append((between[:, :, None] + behind).min(axis=1))
    after.append(after[-1])  # no line is above the first
    row = _Row(_Line(place, lines, tuple(reversed(after)), 0, None), lines[0])
    while row.line.number < place.draft.line:
        row = row.next_line()
    return row
