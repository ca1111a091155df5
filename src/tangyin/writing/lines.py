"""Ways to write a line of a poem, or to complete one, whatever the rest of the poem is like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tangyin.metre.antithesis import couplet_score
from tangyin.metre.law import FREE, Place, Rows
from tangyin.metre.option import Option
from tangyin.model.engine import Engine
from tangyin.verse import BLANK, Ids
from tangyin.writing.decoding import Decoder
from tangyin.writing.room import begun, draft_of
from tangyin.writing.rules import Array, Choice, Rule, Uniforms, Weights
from tangyin.writing.weighing import Weighing

DRAWN = 96
"""How many lines are drawn, of which the best are shown."""

MOST = 12
"""The largest number of ways that are shown."""

NUCLEUS, LIKELIEST = 0.85, 200
"""The part of the probability of the likeliest characters that one is drawn from."""

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
    draft = draft_of(sheet, engine.vocabulary, line, places)
    draft.keep(np.zeros(DRAWN, dtype=np.intp))
    # A licence is not taken where the line can do without.
    here = begun(sheet, draft, line, places, plain=True)
    before = weighing.before(line, places[0])
    open_ = [place - places[0] for place in places]
    decoder = drawing(engine, before, here, seed, open_, kind=Decoder)
    last, state = decoder.write_line()
    texts = draft.line_texts(np.arange(DRAWN), line)
    rows = different(texts, decoder.weights)
    kept, scores = weighing.follow(
        state.take(rows),
        last[rows],
        decoder.likelihood[rows],
        line,
        len(row) - 1,
        max(8 * count, 24),
    )
    found = []
    for text, score in zip((texts[rows[way]] for way in kept), scores, strict=True):
        upper = sheet.read_as[line - 1] if line % 2 and not sheet.form.variant else BLANK
        parallel = None if BLANK in upper else couplet_score(upper, text)
        if text != row:
            found.append(LineWay(text, float(score), parallel))
    found.sort(key=lambda way: -way.log_likelihood - PARALLEL * (way.parallel or 0.0))
    return apart(found, min(APART, len(places)), count)


@dataclass(frozen=True)
class _Nucleus(Rule):
    """Draws from the `NUCLEUS` of what is allowed, whatever the law excludes."""

    name = "nucleus"

    def draw(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        """See `Rule.draw`."""
        most = min(LIKELIEST, log_probs.shape[1])
        places = np.argpartition(-log_probs, most - 1, axis=1)[:, :most]
        values = np.take_along_axis(log_probs, places, axis=1).astype(np.float64)
        order = np.argsort(-values, axis=1, kind="stable")
        values = np.take_along_axis(values, order, axis=1)
        share = np.exp(values - values.max(axis=1, keepdims=True))
        cumulative = np.cumsum(share, axis=1) / share.sum(axis=1, keepdims=True)
        drawn = (cumulative <= NUCLEUS * uniforms[:, None]).sum(axis=1)
        chosen = np.take_along_axis(order, np.minimum(drawn, most - 1)[:, None], axis=1)
        found: Choice = np.take_along_axis(places, chosen, axis=1)[:, 0]
        return found

    def log_weight(self, support: Array, masked: Array, chosen: Choice) -> Weights:  # noqa: ARG002
        """See `Rule.log_weight`: a line is possible, or it is not."""
        return np.where(np.isfinite(masked).any(axis=1), 0.0, -np.inf)

    def log_share(self, support: Array, given: Array) -> Weights:  # noqa: ARG002
        """See `Rule.log_share`."""
        return np.zeros(len(given))


D = TypeVar("D", bound=Decoder)


def drawing(
    engine: Engine,
    prefix: Ids,
    place: Place,
    seed: int,
    drawn: Sequence[int],
    *,
    kind: type[D],
    marks: npt.ArrayLike = FREE,
    **more: Any,
) -> D:
    """A loop of some kind that draws `DRAWN` lines within a law, side by side.

    `drawn` are the numbers of the tokens that are drawn, among those that are written.
    """
    draft, generator = place.draft, np.random.default_rng(seed)
    uniforms = np.zeros((DRAWN, draft.form.places))
    for number in drawn:
        uniforms[:, number] = generator.random(DRAWN)
    return kind(
        engine,
        _Nucleus(),
        [prefix],
        draft,
        marks=np.broadcast_to(np.asarray(marks, dtype=np.int32), (DRAWN, draft.form.lines)),
        numbers=np.arange(DRAWN),
        first_free=np.full(DRAWN, FREE),
        uniforms=uniforms,
        place=place,
        **more,
    )


def different(texts: list[str], weights: Weights) -> Rows:
    """The first row of each different text that is possible at all."""
    _, once = np.unique(texts, return_index=True)
    rows: Rows = once[np.isfinite(weights[once])]
    return rows


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
