"""Ways to write a line of a poem, or to complete one, whatever the rest of the poem is like."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.model.engine import Engine
from tangyin.model.threads import go_on
from tangyin.prosody import couplet_score
from tangyin.verse import BLANK, Ids
from tangyin.writing.constraints.draft import FREE, Mask, Rows
from tangyin.writing.constraints.tones import Readings
from tangyin.writing.options import Option
from tangyin.writing.room import Room, faults_in, kinds_of, room_at, used_elsewhere
from tangyin.writing.weighing import Scores, Weighing, hanzi_log_probs

DRAWN = 96
"""How many lines are drawn, of which the best are shown."""

MOST = 12
"""The largest number of ways that are shown."""

NUCLEUS = 0.85
"""The part of the probability that a character is drawn from (`rules.TopP`)."""

PARALLEL = 1.5
"""Nats for each unit of antithesis (`couplet_score`, -1 to 1) of a line and the one before it."""

APART = 3
"""In how many characters lines that are shown should differ."""


@dataclass(frozen=True)
class LineWay:
    """A way to write a line.

    Attributes:
        text: the line without its mark.
        log_likelihood: natural logarithm of its probability after what is before it, times that of
            what follows (`weighing.Weighing`).
        parallel: the antithesis with the line before it in its couplet; None for a first line of
            a couplet, or an open one.
    """

    text: str
    log_likelihood: float
    parallel: float | None


def lines_at(
    weighing: Weighing, line: int, *, keep: bool = True, count: int = 3, seed: int = 0
) -> list[LineWay]:
    """Different ways to write a line, the best first.

    They are drawn by the model within the rules, weighed by what follows and, in the second line of
    a couplet, by the antithesis, and chosen so that they differ. `weighing` has the poem, and a
    model that knows its form; the line counts from 1, and is new where it has no open places. The
    others are described in `keywords.LineKeywords`.

    Raises:
        UsageError: an argument is not possible.
    """
    Option("count", int, 3, minimum=1, maximum=MOST).check(count)
    Option("seed", int, 0, minimum=0).check(seed)
    engine, sheet = weighing.engine, weighing.sheet
    sheet.check_place(line)
    line -= 1
    row = sheet.read_as[line]
    places = tuple(at for at, c in enumerate(row) if not keep or c == BLANK)
    places = places or tuple(range(len(row)))
    room = room_at(sheet, engine.vocabulary.hanzi, line, places)
    drawing = _Completing(weighing, line, room, np.random.default_rng(seed))
    drawing.run()
    lines = drawing.different()
    rows = np.array(list(lines.values()), dtype=np.intp)
    last, state = drawing.last[rows], drawing.state.take(rows)
    kept, scores = weighing.follow(
        state, last, drawing.likelihood[rows], line, len(row) - 1, max(8 * count, 24)
    )
    texts, found = list(lines), []
    for text, score in zip((texts[way] for way in kept), scores, strict=True):
        go_on()
        if text != row and faults_in(sheet, sheet.with_characters(line, 0, text)) <= room.faults:
            upper = sheet.read_as[line - 1] if line % 2 and not sheet.form.variant else BLANK
            parallel = None if BLANK in upper else couplet_score(upper, text)
            found.append(LineWay(text, float(score), parallel))
    found.sort(key=lambda way: -way.log_likelihood - PARALLEL * (way.parallel or 0.0))
    return apart(found, min(APART, len(places)), count)


def apart(ways: list[LineWay], least: int, count: int) -> list[LineWay]:
    """The first ways that differ from each other, completed by others where these are too few."""
    chosen: list[LineWay] = []
    for way in ways:
        differences = (
            sum(a != b for a, b in zip(way.text, other.text, strict=True)) for other in chosen
        )
        if len(chosen) < count and all(number >= least for number in differences):
            chosen.append(way)
    rest = [way for way in ways if way not in chosen]
    return chosen + rest[: count - len(chosen)]


class Drawing:
    """Lines that are drawn side by side, `DRAWN` of them, character by character.

    Attributes:
        written: (DRAWN, n) their characters (`draft.Columns`); FREE for one the model lacks.
        likelihood: (DRAWN,) natural logarithms of their probabilities.
        last: (DRAWN,) the last tokens, which are not read yet; `state` is that before them.
    """

    def __init__(self, engine: Engine, prefix: Ids, rng: np.random.Generator) -> None:
        """`prefix` is what the model reads before the lines."""
        self.engine, self._rng = engine, rng
        self.last, self.state = engine.begin(prefix, DRAWN)
        self.written = np.zeros((DRAWN, 0), dtype=np.intp)
        self.likelihood = np.zeros(DRAWN)

    def log_probs(self) -> Scores:
        """Read the last tokens; the log-probabilities (DRAWN, V) of what is written next."""
        return hanzi_log_probs(self.engine, self.last, self.state)

    def write(self, columns: Rows, log_probs: Scores) -> None:
        """Write a character in each line, (DRAWN,)."""
        self.likelihood += log_probs[np.arange(DRAWN), columns]
        self.written = np.column_stack((self.written, columns))
        self.last = self.engine.vocabulary.hanzi_ids[columns]

    def sampled(self, log_probs: Scores) -> Rows:
        """(DRAWN,) a column drawn from the nucleus of each row of log-probabilities."""
        most = min(200, log_probs.shape[1])
        places = np.argpartition(-log_probs, most - 1, axis=1)[:, :most]
        values = np.take_along_axis(log_probs, places, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        places = np.take_along_axis(places, order, axis=1)
        values = np.take_along_axis(values, order, axis=1)
        share = np.exp(values - values.max(axis=1, keepdims=True))
        cumulative = np.cumsum(share, axis=1) / share.sum(axis=1, keepdims=True)
        threshold = NUCLEUS * self._rng.random(DRAWN)
        drawn = (cumulative <= threshold[:, None]).sum(axis=1)
        chosen: Rows = places[np.arange(DRAWN), np.minimum(drawn, most - 1)]
        return chosen

    def different(self) -> dict[str, int]:
        """The different texts that are possible at all, each with the first row that has it."""
        texts = list(map(self.text, self.written.tolist()))
        _, once = np.unique(texts, return_index=True)
        return {texts[row]: int(row) for row in once if np.isfinite(self.likelihood[row])}

    def text(self, columns: list[int]) -> str:
        """A line of `written` as text."""
        return "".join(self.engine.vocabulary.hanzi[column] for column in columns)


class _Completing(Drawing):
    """Draws the open places of a line of a poem."""

    def __init__(self, weighing: Weighing, line: int, room: Room, rng: np.random.Generator) -> None:
        engine, sheet = weighing.engine, weighing.sheet
        super().__init__(engine, weighing.before(line, room.places[0]), rng)
        self._weighing, self._row, self._room = weighing, sheet.read_as[line], room
        hanzi = engine.vocabulary.hanzi
        used = used_elsewhere(sheet, line, room.places)
        self._fresh: Mask = np.array([character not in used for character in hanzi])
        # A licence is not taken where the line can do without.
        tones = room.tones[: room.plain] or room.tones
        self._ways = ToneWays(kinds_of(hanzi).readings, tones, DRAWN)

    def run(self) -> None:
        """Write the line from its first open place to its end."""
        for at in range(self._room.places[0], len(self._row)):
            log_probs = self.log_probs()
            if at in self._room.places:
                self.write(self._draw(log_probs, at), log_probs)
            else:
                self._copy(self._weighing.token(self._row[at]), log_probs)

    def text(self, columns: list[int]) -> str:
        """See `Drawing.text`."""
        first, hanzi = self._room.places[0], self.engine.vocabulary.hanzi
        own = (self._row[at] if c == FREE else hanzi[c] for at, c in enumerate(columns, first))
        return self._row[:first] + "".join(own)

    def _copy(self, token: int, log_probs: Scores) -> None:
        """Write a given character, which counts if the model knows it."""
        first = int(self.engine.vocabulary.hanzi_ids[0])
        if token >= first:
            self.write(np.full(DRAWN, token - first), log_probs)
        else:
            self.written = np.column_stack((self.written, np.full(DRAWN, FREE)))
            self.last = np.full(DRAWN, token, dtype=np.int32)

    def _draw(self, log_probs: Scores, at: int) -> Rows:
        """(DRAWN,) a character for each row, from the nucleus of what may be there."""
        number = self._room.places.index(at)
        if again := self._room.repeated(number):
            return np.full(DRAWN, self.engine.vocabulary.hanzi.index(again))
        possible = self._ways.allowed(number)
        mask = possible & self._fresh
        if self._room.ends is not None and number == len(self._room.places) - 1:
            mask &= self._room.ends
        for before in self.written[:, :-1].T:
            mask[np.arange(DRAWN), before] &= before == FREE
        empty = ~mask.any(axis=1)
        mask[empty] = possible[empty]
        columns = self.sampled(np.where(mask, log_probs, -np.inf))
        self._ways.record(number, columns)
        return columns


class ToneWays:
    """The ways in which the tones of some places may continue, for lines side by side."""

    def __init__(self, readings: Readings, ways: Sequence[str], lines: int) -> None:
        """The ways are tones such as "ZP", all of them open to each line."""
        self._readings = readings
        self._tones = np.array([[tone == "P" for tone in way] for way in ways])
        self._alive = np.ones((lines, len(ways)), dtype=bool)

    def allowed(self, place: int) -> Mask:
        """(lines, V) which characters have a tone that is open at a place (from 0)."""
        tones = self._tones[:, place]
        level = (self._alive & tones).any(axis=1)[:, None] & self._readings.level
        oblique = (self._alive & ~tones).any(axis=1)[:, None] & self._readings.oblique
        mask: Mask = level | oblique
        return mask

    def record(self, place: int, columns: Rows) -> None:
        """Keep the ways that agree with the (lines,) characters of a place."""
        tones, readings = self._tones[:, place], self._readings
        both = readings.level[columns] & readings.oblique[columns]
        is_level = np.where(both, readings.mostly_level[columns], readings.level[columns])
        can = (self._alive & (tones == is_level[:, None])).any(axis=1)
        self._alive &= tones == np.where(can, is_level, ~is_level)[:, None]
