"""Ways to write a line of a poem, or to complete one, whatever the rest of the poem is like."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.model.engine import Engine, State
from tangyin.model.threads import go_on
from tangyin.prosody import couplet_score
from tangyin.prosody.assignment import assign
from tangyin.verse import BLANK, Ids
from tangyin.writing.constraints.draft import Mask, Rows
from tangyin.writing.opening import known_token
from tangyin.writing.room import Kinds, Room, kinds_of, room_at, used_elsewhere
from tangyin.writing.sheet import Sheet
from tangyin.writing.weighing import Scores, Weighing

DRAWN = 96
"""How many ways to write a line are drawn, of which the best are shown."""

NUCLEUS = 0.85
"""The part of the probability that a character is drawn from (`rules.TopP`)."""

PARALLEL = 6.0
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
    engine: Engine,
    sheet: Sheet,
    prefix: Ids,
    line: int,
    *,
    keep: bool = True,
    count: int = 3,
    seed: int = 0,
) -> list[LineWay]:
    """Different ways to write a line, the best first.

    They are drawn by the model within the rules, weighed by what follows and, in the second line of
    a couplet, by the antithesis, and chosen so that they differ.

    Args:
        engine: a model that knows the form.
        sheet: the poem.
        prefix: what the model reads before the text.
        line: the line, from 0.
        keep: whether characters that the line has stay; a line without open places is new anyway.
        count: how many ways are wanted; there may be fewer.
        seed: keys the draws.
    """
    row = sheet.read_as[line]
    places = tuple(at for at, c in enumerate(row) if not keep or c == BLANK)
    places = places or tuple(range(len(row)))
    room = room_at(sheet, engine.vocabulary.hanzi, line, places)
    weighing = Weighing(engine, sheet, prefix)
    drawing = _Drawing(engine, sheet, line, room, np.random.default_rng(seed))
    texts, last, scores, state = drawing.run(weighing)
    rows, scores = weighing.follow(state, last, scores, line, len(row) - 1, max(8 * count, 24))
    found = []
    for text, score in zip((texts[row] for row in rows), scores, strict=True):
        go_on()
        if text != row and assign(sheet.with_characters(line, 0, text)).faults <= room.faults:
            upper = sheet.read_as[line - 1] if line % 2 else BLANK
            parallel = None if BLANK in upper else couplet_score(upper, text)
            found.append(LineWay(text, float(score), parallel))
    found.sort(key=lambda way: -way.log_likelihood - PARALLEL * (way.parallel or 0.0))
    return _apart(found, min(APART, len(places)), count)


def _apart(ways: list[LineWay], least: int, count: int) -> list[LineWay]:
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


class _Drawing:
    """Draws a line many times, side by side."""

    def __init__(
        self, engine: Engine, sheet: Sheet, line: int, room: Room, rng: np.random.Generator
    ) -> None:
        self._engine, self._sheet, self._line, self._room = engine, sheet, line, room
        self._rng = rng
        hanzi = engine.vocabulary.hanzi
        self._kinds: Kinds = kinds_of(hanzi)
        used = used_elsewhere(sheet, line, room.places)
        self._fresh: Mask = np.array([character not in used for character in hanzi])
        # A licence is not taken where the line can do without.
        tones = room.tones[: room.plain] or room.tones
        self._tones = np.array([[tone == "P" for tone in way] for way in tones])
        self._alive = np.ones((DRAWN, len(tones)), dtype=bool)

    def run(self, weighing: Weighing) -> tuple[list[str], Ids, Scores, State]:
        """The different lines drawn.

        Returns:
            The lines; their last tokens; their log-probabilities; and the state before the last
            token of each is read.
        """
        vocabulary, row = self._engine.vocabulary, self._sheet.read_as[self._line]
        first = self._room.places[0]
        log_probs, state = weighing.read(self._line, first)
        state = state.take(np.zeros(DRAWN, dtype=np.intp))
        within = np.repeat(log_probs[None], DRAWN, axis=0)
        scores = np.zeros(DRAWN)
        written = np.zeros((DRAWN, 0), dtype=np.intp)
        rows = np.arange(DRAWN)
        for at in range(first, len(row)):
            if at in self._room.places:
                columns = self._draw(within, written, at)
                scores += within[rows, columns]
            else:
                token = known_token(row[at], vocabulary)
                columns = np.full(DRAWN, 0 if token is None else token - vocabulary.hanzi_ids[0])
                scores += within[rows, columns]
            written = np.column_stack((written, columns))
            last = vocabulary.hanzi_ids[columns].astype(np.int32)
            if at + 1 < len(row):
                output = self._engine.step(last, state)
                within = self._engine.log_probs(output)[:, vocabulary.hanzi_ids].astype(np.float64)
        lines = [row[:first] + "".join(vocabulary.hanzi[c] for c in own) for own in written]
        _, once = np.unique(lines, return_index=True)
        once = once[np.isfinite(scores[once])]
        return [lines[row] for row in once], last[once], scores[once], state.take(once)

    def _draw(self, within: Scores, written: Rows, at: int) -> Rows:
        """(DRAWN,) a character for each row, from the nucleus of what may be there."""
        number, readings = self._room.places.index(at), self._kinds.readings
        tones = self._tones[:, number]
        level = (self._alive & tones).any(axis=1)[:, None] & readings.level
        oblique = (self._alive & ~tones).any(axis=1)[:, None] & readings.oblique
        mask = (level | oblique) & self._fresh
        if self._room.ends is not None and number == len(self._room.places) - 1:
            mask &= self._room.ends
        for before in written[:, :-1].T if written.shape[1] else ():
            mask[np.arange(len(mask)), before] = False
        empty = ~mask.any(axis=1)
        mask[empty] = (level | oblique)[empty]
        columns = self._sampled(np.where(mask, within, -np.inf))
        both = readings.level[columns] & readings.oblique[columns]
        is_level = np.where(both, readings.mostly_level[columns], readings.level[columns])
        can = (self._alive & (tones == is_level[:, None])).any(axis=1)
        self._alive &= tones == np.where(can, is_level, ~is_level)[:, None]
        return columns

    def _sampled(self, log_probs: npt.NDArray[np.float64]) -> Rows:
        most = min(200, log_probs.shape[1])
        places = np.argpartition(-log_probs, most - 1, axis=1)[:, :most]
        values = np.take_along_axis(log_probs, places, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        places = np.take_along_axis(places, order, axis=1)
        values = np.take_along_axis(values, order, axis=1)
        share = np.exp(values - values.max(axis=1, keepdims=True))
        cumulative = np.cumsum(share, axis=1) / share.sum(axis=1, keepdims=True)
        threshold = NUCLEUS * self._rng.random(len(share))
        drawn = (cumulative <= threshold[:, None]).sum(axis=1)
        chosen: Rows = places[np.arange(len(places)), np.minimum(drawn, most - 1)]
        return chosen
