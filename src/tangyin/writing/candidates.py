"""Characters and words for a place of a poem, finished or not."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tangyin.model.engine import Engine, State
from tangyin.prosody import Finding, check_poem, readings_of
from tangyin.prosody.assignment import Assignment, assign
from tangyin.prosody.report import NONE, OUT_OF_RHYME
from tangyin.prosody.rules import OBLIQUE, end_rhyme
from tangyin.verse import BLANK, Ids, to_traditional
from tangyin.writing.constraints.draft import Mask, Rows
from tangyin.writing.opening import known_token
from tangyin.writing.room import Room, kinds_of, room_at, used_elsewhere
from tangyin.writing.sheet import Sheet
from tangyin.writing.weighing import Scores, Weighing, shares

TRIED = 200
"""How many characters or words, the likeliest by what is before them, are weighed by what follows
too. The characters behind them have a hundredth of the probability together."""

HEADS = 48
"""How many first characters of words are tried."""


@dataclass(frozen=True)
class Candidate:
    """A character or word for a place.

    Attributes:
        text: one character, or two.
        probability: its part of all that were weighed.
        log_likelihood: natural logarithm of its probability after what is before it, times that of
            what follows (`Weighing`).
        tone: 平, 上, 去 or 入, as its last character is read there; "" if no dictionary has it.
        rhyme: that reading's rhyme of 平水韻, or "".
    """

    text: str
    probability: float
    log_likelihood: float
    tone: str
    rhyme: str


@dataclass(frozen=True)
class Asked:
    """A character that a person asked about.

    Attributes:
        character: the character in traditional script.
        known: whether the model knows it.
        rank: its number among the candidates, from 1; 0 when it is none.
        reasons: what the checker finds when it is there and not otherwise.
    """

    character: str
    known: bool
    rank: int
    reasons: tuple[Finding, ...]


@dataclass(frozen=True)
class Candidates:
    """The likeliest candidates for a place, and how many the rules allow."""

    candidates: tuple[Candidate, ...]
    allowed: int
    asked: Asked | None


def candidates_at(
    engine: Engine,
    sheet: Sheet,
    prefix: Ids,
    place: tuple[int, int],
    *,
    length: int = 1,
    loosened: bool = False,
    asked: str = "",
    count: int = 12,
) -> Candidates:
    """What can be at a place, the likeliest by all that is before and after it first.

    Args:
        engine: a model that knows the form.
        sheet: the poem; what is at the place now does not count.
        prefix: what the model reads before the text.
        place: line and character, from 0.
        length: 1 for characters, 2 for words of two characters that begin at the place.
        loosened: whether tones, rhyme and repetition may be as they are not allowed.
        asked: a character to be explained, or "".
        count: how many candidates are wanted.
    """
    line, at = place
    places = tuple(range(at, at + length))
    weighing = Weighing(engine, sheet, prefix)
    log_probs, state = weighing.read(line, at)
    hanzi = engine.vocabulary.hanzi
    room = room_at(sheet, hanzi, line, places)
    used = frozenset() if loosened else used_elsewhere(sheet, line, places)
    allowed = _Allowed(hanzi, room, used, loosened=loosened)
    if length == 1:
        texts, last, scores = _characters(engine, log_probs, allowed)
        states = state.take(np.zeros(len(texts), dtype=np.intp))
    else:
        texts, last, scores, states = _words(engine, log_probs, state, allowed)
    rows, scores = weighing.follow(states, last, scores, line, at + length - 1, count + 4)
    found = [(texts[row], score) for row, score in zip(rows, scores, strict=True)]
    if not loosened:
        found = list(_kept(sheet, place, found, room.faults, count))
    parts = shares([score for _, score in found])
    explained = None
    if asked:
        explained = _explained(engine, sheet, place, to_traditional(asked), found)
    return Candidates(
        tuple(
            Candidate(text, round(float(part), 6), round(score, 4), *_reading(sheet, place, text))
            for (text, score), part in zip(found[:count], parts, strict=False)
        ),
        allowed.count,
        explained,
    )


class _Allowed:
    """Which characters may be at the places of a room."""

    def __init__(
        self, hanzi: tuple[str, ...], room: Room, used: frozenset[str], *, loosened: bool
    ) -> None:
        self._readings, self._room = kinds_of(hanzi).readings, room
        self._loosened = loosened
        self._fresh = np.array([character not in used for character in hanzi])

    @property
    def count(self) -> int:
        """How many characters may be at the first place."""
        return int(self.at(0, "").sum())

    def at(self, number: int, before: str) -> Mask:
        """(V,) what may be at a place of the room, by the tones before it."""
        if self._loosened:
            return np.ones(len(self._fresh), dtype=bool)
        tones = {way[number] for way in self._room.tones if way.startswith(before)}
        readings = self._readings
        mask = np.zeros(len(self._fresh), dtype=bool)
        if "P" in tones:
            mask |= readings.level
        if "Z" in tones:
            mask |= readings.oblique
        if self._room.ends is not None and number == len(self._room.places) - 1:
            mask &= self._room.ends
        fresh: Mask = mask & self._fresh
        # A rhyme may have no character that the poem does not have already.
        return fresh if fresh.any() else mask

    def tones(self, column: int) -> str:
        """The tones that a character may have inside a line."""
        level, oblique = self._readings.level[column], self._readings.oblique[column]
        return "P" * bool(level) + "Z" * bool(oblique) or "PZ"


def _characters(
    engine: Engine, log_probs: Scores, allowed: _Allowed
) -> tuple[list[str], Ids, Scores]:
    columns = _likeliest(np.where(allowed.at(0, ""), log_probs, -np.inf), TRIED)
    hanzi = engine.vocabulary.hanzi
    return [hanzi[c] for c in columns], engine.vocabulary.hanzi_ids[columns], log_probs[columns]


def _words(
    engine: Engine, log_probs: Scores, state: State, allowed: _Allowed
) -> tuple[list[str], Ids, Scores, State]:
    vocabulary = engine.vocabulary
    heads = _likeliest(np.where(allowed.at(0, ""), log_probs, -np.inf), HEADS)
    states = state.take(np.zeros(len(heads), dtype=np.intp))
    output = engine.step(vocabulary.hanzi_ids[heads].astype(np.int32), states)
    both = engine.log_probs(output)[:, vocabulary.hanzi_ids].astype(np.float64)
    both += log_probs[heads, None]
    for row, head in enumerate(heads):
        masks = [allowed.at(1, tone) for tone in allowed.tones(head)]
        both[row, ~np.logical_or.reduce(masks)] = -np.inf
    flat = _likeliest(both.ravel(), TRIED)
    rows, tails = np.divmod(flat, both.shape[1])
    hanzi = vocabulary.hanzi
    texts = [hanzi[heads[row]] + hanzi[tail] for row, tail in zip(rows, tails, strict=True)]
    return texts, vocabulary.hanzi_ids[tails], both.ravel()[flat], states.take(rows)


def _likeliest(log_probs: Scores, most: int) -> Rows:
    """The places of the largest finite values, the largest first."""
    order = np.argsort(-log_probs, kind="stable")[:most]
    return order[np.isfinite(log_probs[order])]


def _kept(
    sheet: Sheet, place: tuple[int, int], found: list[tuple[str, float]], faults: int, count: int
) -> Iterator[tuple[str, float]]:
    """Those with which the checker, reading whole words, agrees."""
    left = count
    for text, score in found:
        # Behind what is shown they only share the probability.
        if left and assign(sheet.with_characters(*place, text)).faults > faults:
            continue
        left = max(left - 1, 0)
        yield text, score


def _reading(sheet: Sheet, place: tuple[int, int], text: str) -> tuple[str, str]:
    """The tone and rhyme of a text's last character at a place."""
    lines = sheet.with_characters(*place, text)
    reading: Assignment = assign(lines)
    at = place[1] + len(text) - 1
    tone = reading.patterns[place[0]].tones[at]
    found = [r for r in readings_of(text[-1]) if ("P" if r.level else "Z") == tone]
    rhyming = [r for r in found if r.rhyme == reading.rhyme] if at == len(lines[0]) - 1 else []
    best = next(iter(rhyming or found or readings_of(text[-1])), None)
    return (best.tone, best.rhyme) if best else ("", "")


def _explained(
    engine: Engine,
    sheet: Sheet,
    place: tuple[int, int],
    character: str,
    found: list[tuple[str, float]],
) -> Asked:
    """What the checker has against a character at a place, and its rank."""
    line, at = place
    token = known_token(character, engine.vocabulary)
    spelled = character if token is None else engine.vocabulary.tokens[token]
    texts = [text for text, _ in found]
    lines = sheet.with_characters(line, at, BLANK)
    without = check_poem(lines, lines)
    there = check_poem(*[sheet.with_characters(line, at, spelled)] * 2)
    old = {(finding.line, finding.kind) for finding in (*without.faults, *without.warnings)}
    reasons = [f for f in (*there.faults, *there.warnings) if (f.line, f.kind) not in old]
    own = end_rhyme(spelled, without.rhyme) if at == len(lines[0]) - 1 else without.rhyme
    if line % 2 and without.rhyme not in (NONE, own):
        # The others have a rhyme: it is this one that strays, not the foot that is named then.
        variant = own if own == OBLIQUE else ""
        params = {"characters": spelled, "own": own, "rhyme": without.rhyme}
        stray = Finding.of(OUT_OF_RHYME, line + 1, (at + 1,), variant, **params)
        reasons = [stray, *(f for f in reasons if f.kind != OUT_OF_RHYME)]
    rank = texts.index(spelled) + 1 if spelled in texts else 0
    return Asked(character, token is not None, rank, tuple(reasons))
