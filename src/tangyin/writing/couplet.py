"""Lower lines (下聯) that answer an upper one (上聯).

The model reads each part of the upper line as the first line of a couplet and writes the part of
the lower line that answers it as the second, so that it knows what is opposite each place; the
parts of a long line follow one another as the couplets of a poem do. Characters are drawn from the
model's distribution, within the rules (`prosody.couplet`) and led by the antithesis with the
character opposite; after each part the better half of the lines is duplicated.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np

from tangyin.errors import UsageError
from tangyin.model.engine import Engine
from tangyin.model.threads import go_on
from tangyin.prosody import Report, couplet_score, line_pattern
from tangyin.prosody.antithesis import similarities
from tangyin.prosody.couplet import (
    check_couplet,
    places_that_count,
    rhythms,
    segments_of,
    with_pauses,
)
from tangyin.prosody.lexicon import place_of
from tangyin.verse import BLANK, Ids, lookup_spelling, to_simplified
from tangyin.verse.punctuation import PLACEHOLDER
from tangyin.writing.constraints.draft import Mask
from tangyin.writing.lines import APART, DRAWN, Drawing, LineWay, ToneWays, apart
from tangyin.writing.room import kinds_of
from tangyin.writing.weighing import Scores

SHORTEST, LONGEST = 4, 20
"""Characters of a line that can be answered."""

LEAD = 2.0
"""Nats for each unit of `pair_score` (-1 to 1) while a character is drawn."""

PARALLEL = 1.0
"""Nats for each unit of `pair_score`, summed over the line, when lines are ranked."""


@dataclass(frozen=True)
class Answer:
    """A 對聯 whose lower line was written.

    Attributes:
        text: both lines with their marks.
        upper: the line that was given, with a ， at each pause; `lower` is the one written.
        log_likelihood: natural logarithm of the lower line's probability under the model without
            any mask.
        parallel: the antithesis of the lines, -1 to 1 (`prosody.couplet_score`).
        prosody: the checker's report, in traditional characters.
    """

    text: str
    upper: str
    lower: str
    log_likelihood: float
    parallel: float | None
    prosody: Report

    def __str__(self) -> str:
        """The couplet as it is read."""
        return self.text

    def in_script(self, script: str) -> "Answer":
        """The same couplet in "traditional" or "simplified" characters."""
        if script == "traditional":
            return self
        text, upper, lower = map(to_simplified, (self.text, self.upper, self.lower))
        return replace(self, text=text, upper=upper, lower=lower)


def answers_to(engine: Engine, upper: str, *, count: int = 3, seed: int = 0) -> list[Answer]:
    """Different lower lines, the best first.

    Args:
        engine: a model that knows an eight-line form, or no forms.
        upper: 4 to 20 characters with any pauses, traditional or simplified, that end oblique.
        count: how many are wanted; there may be fewer.
        seed: keys the draws.

    Raises:
        UsageError: the upper line is not such a line.
    """
    segments = segments_of(upper)
    line = "".join(segments)
    if not SHORTEST <= len(line) <= LONGEST or BLANK in line:
        raise UsageError("couplet.length", count=len(line), least=SHORTEST, most=LONGEST)
    pauses = "，".join(segments)
    alone = check_couplet(pauses, "，".join(BLANK * len(segment) for segment in segments))
    read, tones = alone.read_as[0], alone.tones[0]
    # The checker lets a line end on a rare reading; one to be answered should end on a common one.
    if place_of(read[-1]).oblique == math.inf:
        raise UsageError("couplet.level", character=line[-1])
    own = alone.pauses[0]
    parts = _parts(engine, read, (0, *own, len(read)))
    writing = _Answering(engine, read, tones, parts, np.random.default_rng(seed))
    reports: dict[LineWay, Report] = {}
    for way in writing.run():
        go_on()
        report = check_couplet(with_pauses(read, own), with_pauses(way.text, own))
        if report.regulated:
            reports[way] = report
    weight = PARALLEL * len(read)
    ways = sorted(reports, key=lambda way: -way.log_likelihood - weight * (way.parallel or 0.0))
    chosen = apart(ways, min(APART, len(read) - 1), count)
    return [_answer(segments, way, reports[way]) for way in chosen]


def _answer(segments: tuple[str, ...], way: LineWay, report: Report) -> Answer:
    upper, lower = "，".join(segments), with_pauses(way.text, report.pauses[1])
    mark = "；" if len(segments) > 1 else "，"
    return Answer(f"{upper}{mark}{lower}。", upper, lower, way.log_likelihood, way.parallel, report)


def _prefix(engine: Engine, parts: list[str]) -> Ids:
    """What is read before the upper line: the eight-line form with the nearest length of lines."""
    forms = [form for form in engine.vocabulary.forms if form.lines == 8]
    width = max(map(len, parts))
    nearest = min(forms, key=lambda form: abs(form.characters - width), default=None)
    return engine.vocabulary.prefix(nearest)


def _parts(engine: Engine, line: str, borders: tuple[int, ...]) -> list[str]:
    """The parts of a line: its segments, a long one where the model would pause."""
    found: list[str] = []
    for start, end in pairwise(borders):
        segment = line[start:end]
        ways = [_cut(segment, way) for way in rhythms(len(segment))]
        worth = [_likelihood(engine, way) for way in ways] if len(ways) > 1 else [0.0]
        found += ways[int(np.argmax(worth))]
    return found


def _cut(text: str, lengths: tuple[int, ...]) -> list[str]:
    ends = np.cumsum([0, *lengths]).tolist()
    return [text[a:b] for a, b in pairwise(ends)]


def _likelihood(engine: Engine, parts: list[str]) -> float:
    """How likely a text is with a mark after each of its parts."""
    vocabulary, prefix = engine.vocabulary, _prefix(engine, parts)
    text = vocabulary.encode("".join(part + "，。"[n % 2] for n, part in enumerate(parts)))
    inputs = np.concatenate((prefix, text[:-1]))
    outputs = engine.read(inputs[:, None])[len(prefix) - 1 :]
    steps = zip(outputs, text, strict=True)
    return float(sum(engine.log_probs(output)[0, token] for output, token in steps))


class _Answering(Drawing):
    """Draws lower lines."""

    def __init__(
        self, engine: Engine, upper: str, tones: str, parts: list[str], rng: np.random.Generator
    ) -> None:
        super().__init__(engine, _prefix(engine, parts), rng)
        self._upper, self._tones, self._parts = upper, tones, parts
        hanzi = engine.vocabulary.hanzi
        self._readings = kinds_of(hanzi).readings
        self._fresh: Mask = np.array([c not in upper and c != PLACEHOLDER for c in hanzi])
        self._pairs = [_scores(character, hanzi) for character in upper]
        self._parallel = np.zeros(DRAWN)

    def run(self) -> Iterator[LineWay]:
        """The different lines drawn."""
        for number, part in enumerate(self._parts):
            if number:
                self._read("。")
                self._select()
            self._read(part + "，")
            self._write(len(part))
        for line, row in self.different().items():
            score = couplet_score(self._upper, line)
            yield LineWay(line, float(self.likelihood[row]), score)

    def _read(self, text: str) -> None:
        for token in self.engine.vocabulary.encode(text):
            self.engine.step(self.last, self.state)
            self.last = np.full(DRAWN, token, dtype=np.int32)

    def _write(self, length: int) -> None:
        start = self.written.shape[1]
        ways = answering_tones(self._tones[start : start + length])
        tones = ToneWays(self._readings, ways, DRAWN)
        for at in range(length):
            log_probs = self.log_probs()
            mask = self._allowed(tones.allowed(at))
            scores = self._pairs[start + at]
            lost = ~mask.any(axis=1)
            mask[lost] = True
            columns = self.sampled(np.where(mask, log_probs + LEAD * scores, -np.inf))
            tones.record(at, columns)
            self.write(columns, log_probs)
            self.likelihood[lost] = -np.inf
            self._parallel += scores[columns]

    def _allowed(self, mask: Mask) -> Mask:
        """What may be written next: what the upper line repeats, or else a new character."""
        upper, at, rows = self._upper, self.written.shape[1], np.arange(DRAWN)
        before = upper.find(upper[at])
        if before < at:
            again = np.zeros_like(mask)
            again[rows, self.written[:, before]] = True
            return mask & again
        mask = mask & self._fresh
        for columns in self.written.T:
            mask[rows, columns] = False
        return mask

    def _select(self) -> None:
        """Go on with the better half of the lines, each twice."""
        worth = self.likelihood + PARALLEL * self._parallel
        kept = np.repeat(np.argsort(-worth, kind="stable")[: DRAWN // 2], 2)
        self.state, self.last = self.state.take(kept), self.last[kept]
        self.written = self.written[kept]
        self.likelihood, self._parallel = self.likelihood[kept], self._parallel[kept]


def _scores(character: str, hanzi: tuple[str, ...]) -> Scores:
    """(V,) the `pair_score` of a character with each that a model knows, 0 where it is unknown."""
    known = similarities(character)
    return np.array([known.get(lookup_spelling(other), 0.0) for other in hanzi])


def answering_tones(tones: str) -> list[str]:
    """The tones in which a part may be answered that has these.

    Opposite where that counts; in lines of five and seven without licence where that is possible.
    """
    counted = places_that_count(len(tones))
    opposite = ["PZ" if at not in counted else "PZ"[tone == "P"] for at, tone in enumerate(tones)]
    found = ["".join(way) for way in product(*opposite)]
    if len(tones) in (5, 7):
        patterns = map(line_pattern, found)
        plain = [p.tones for p in patterns if not (p.faults or p.licence or p.warning)]
        found = plain or found
    return found
