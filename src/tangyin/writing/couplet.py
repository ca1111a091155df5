"""Lower lines (下聯) that answer an upper one (上聯).

The model reads each part of the upper line as the first line of a couplet and writes the part of
the lower line that answers it as the second, so that it knows what is opposite each place; the
parts of a long line follow one another as the couplets of a poem do. Characters are drawn from the
model's distribution, within the law (`metre.lian_law`) and led by the antithesis with the
character opposite; after each part the better half of the lines is duplicated.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from tangyin.errors import UsageError
from tangyin.metre.antithesis import couplet_score, similarities
from tangyin.metre.finding import Report
from tangyin.metre.law import Course, Draft
from tangyin.metre.lexicon import place_of
from tangyin.metre.lian import check_couplet, rhythms, segments_of, with_pauses
from tangyin.metre.lian_law import Lian, lower_places
from tangyin.model.engine import Engine
from tangyin.model.threads import go_on
from tangyin.verse import BLANK, Ids, lookup_spelling, to_simplified
from tangyin.writing.decoding import Decoder
from tangyin.writing.lines import APART, DRAWN, LineWay, apart, different, drawing
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
        parallel: the antithesis of the lines, -1 to 1 (`metre.couplet_score`).
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
    law = Lian(read, own, tones, tuple(map(len, parts)))
    reports: dict[LineWay, Report] = {}
    for way in _drawn(engine, law, parts, seed):
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


def _drawn(engine: Engine, law: Lian, parts: list[str], seed: int) -> Iterator[LineWay]:
    """The different lower lines that are drawn.

    The draft has each part of the upper line, which is given, above the part that answers it.
    """
    vocabulary, form = engine.vocabulary, law.form
    hanzi = vocabulary.hanzi
    text = "".join(part + BLANK * len(part) for part in parts)
    draft = Draft.of(form, (*hanzi, *sorted(set(text) - {*hanzi, BLANK})), text, DRAWN)
    draft.course = Course()
    pairs = [_scores(character, hanzi) for character in law.upper]
    lower = lower_places(form)

    def lead(place: int) -> Scores:
        return LEAD * pairs[lower.index(place)] if place in lower else np.zeros(len(hanzi))

    marks = np.array([vocabulary.id("，。"[line % 2]) for line in range(form.lines)])
    drawn = [place + form.line_of(place) for place in lower]
    decoder = drawing(
        engine, _prefix(engine, parts), law.begin(draft), seed, drawn,
        kind=_Answers, marks=marks, pairs=pairs, lead=lead,
    )  # fmt: skip
    decoder.run()
    lowers = ["".join(draft.characters[c] for c in row[lower]) for row in draft.columns]
    for row in different(lowers, decoder.weights):
        yield LineWay(
            lowers[row], float(decoder.likelihood[row]), couplet_score(law.upper, lowers[row])
        )


@dataclass(eq=False)
class _Answers(Decoder):
    """Writes lower lines; after each part it keeps the better half of them, each twice.

    The likelihood is that of the lower lines alone.
    """

    pairs: Sequence[Scores] = ()  # (V,) of each place of the lower line with what is opposite

    def run(self) -> None:
        """Write all rows to the end of the last line."""
        lines = self.draft.form.lines
        for line in range(lines):
            before = self.likelihood.copy()
            self.write_line()
            if line % 2 == 0:
                self.likelihood = before
            if line + 1 < lines:
                self.end_line(line)

    def end_line(self, line: int) -> None:
        """Write the mark; select below a lower part."""
        before = self.likelihood.copy()
        super().end_line(line)
        self.likelihood = before
        if line % 2:
            worth = self.likelihood + PARALLEL * self._parallel()
            worth[~np.isfinite(self.weights)] = -np.inf
            self.keep(np.repeat(np.argsort(-worth, kind="stable")[: DRAWN // 2], 2))

    def _parallel(self) -> Scores:
        """(rows,) the antithesis of what is written."""
        lower = lower_places(self.draft.form)
        done = [(n, at) for n, at in enumerate(lower) if at < self.draft.place]
        scores = [self.pairs[n][self.draft.columns[:, at]] for n, at in done]
        total: Scores = np.sum(scores, axis=0)
        return total


def _scores(character: str, hanzi: tuple[str, ...]) -> Scores:
    """(V,) the `pair_score` of a character with each that a model knows, 0 where it is unknown."""
    known = similarities(character)
    return np.array([known.get(lookup_spelling(other), 0.0) for other in hanzi])
