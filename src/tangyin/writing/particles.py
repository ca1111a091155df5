"""Regulated poems by sequential Monte Carlo.

What is sampled: the model's distribution over poems, restricted to those that keep the rules. Each
poem is a population of N particles. At every place a particle draws a character by the sampling
rule from what its constraints allow, and its weight is multiplied by the probability that the model
gives to all that they allow: a particle that was led where the rules fit badly counts for less. At
line ends the particles are resampled by weight where the weights have become unequal; at the end
one particle is drawn by weight (Doucet, de Freitas and Gordon 2001, "Sequential Monte Carlo methods
in practice").

The sequence of line types is drawn once for a poem, at the rate that Tang poems use it. Each
particle proposes a licence for each line at the rate that Tang poems take it, and its weight is
divided by the chance of that proposal, so that licences come at the rate the model gives them. With
the rule `temperature` at 1 the distribution is the model's, given the rules and the sequence, as N
grows. Other temperatures and top-p replace the model's choice at each place; top-p takes the
model's nucleus there and then, of what the rules leave of it, the nucleus again. argmax and
random-k do not look at how likely their candidates are, so there a particle is weighed by the
probability of what it chose, which makes the population the model's again, among the k most likely
that the rules allow.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError
from tangyin.prosody import Report, check_poem
from tangyin.prosody import Sequence as LineSequence
from tangyin.verse import EOS, MARKS, Ids
from tangyin.writing.composer import END_MARKS, Composition
from tangyin.writing.constraints import (
    FREE,
    Columns,
    Constraint,
    Forbidden,
    Mask,
    Repetition,
    Rhyme,
    Rows,
    Tones,
)
from tangyin.writing.engine import Engine
from tangyin.writing.novelty import corpus_lines
from tangyin.writing.randomness import poem_uniforms
from tangyin.writing.rules import Argmax, Choice, RandomK, Rule
from tangyin.writing.wish import Plan

PARTICLES = 32
"""How many particles a poem has unless asked otherwise."""

TRIES = 12
"""How often a line is tried again that stands in the corpus, and a poem that does not pass."""


@dataclass(frozen=True)
class RegulatedPoem(Composition):
    """A poem that keeps the rules, with the checker's verdict."""

    report: Report


class ParticleComposer:
    """Writes regulated poems by one plan.

    Args:
        engine: the model.
        plan: what is wanted (`wish.plan`).
        rule: the sampling rule.
        particles: N, at least 1.
    """

    def __init__(self, engine: Engine, plan: Plan, rule: Rule, particles: int = PARTICLES) -> None:
        self.engine, self.plan, self.rule, self.particles = engine, plan, rule, particles
        vocabulary = engine.vocabulary
        self.first = int(vocabulary.hanzi_ids[0])
        self.marks = [
            np.array([vocabulary.id(mark) for mark in marks]) for marks in (MARKS, END_MARKS)
        ]
        self.mark_rule = Argmax() if isinstance(rule, RandomK) else rule
        free = np.flatnonzero(plan.given == FREE)
        self.first_free = int(free[0]) if len(free) else FREE
        shares = np.array([share for _, share, _ in plan.sequences])
        self.shares = np.cumsum(shares / shares.sum())

    def compose(
        self,
        seed: int,
        numbers: Sequence[int],
        attempt: int = 0,
        banned: Container[str] = (),
    ) -> list[RegulatedPoem | None]:
        """Write one poem for each number, side by side.

        Args:
            seed: keys the poems' random streams, with their number.
            numbers: which poems of that seed.
            attempt: 0 first; another one draws another poem for the same seed and number.
            banned: lines that must not be written.

        Returns:
            The poems; None where every particle ended in what the rules forbid, or the checker
            reads the poem otherwise and finds a fault.
        """
        return _Population(self, seed, numbers, attempt, banned).write()

    def own(self, poem: RegulatedPoem) -> frozenset[str]:
        """The lines of a poem that were not given whole."""
        width = self.plan.wish.form.characters
        return frozenset(
            line
            for number, line in enumerate(poem.lines)
            if (self.plan.given[number * width : (number + 1) * width] == FREE).any()
        )

    def alternatives(self, seed: int) -> list[RegulatedPoem]:
        """All different poems of one population, the likeliest first.

        Nothing is resampled, so each particle keeps what it drew; with all but a line given, they
        are ways to write that line, ranked by the likelihood of the whole poem.
        """
        return _Population(self, seed, [0], 0, ()).write_all()


def write_regulated(
    composer: ParticleComposer, seed: int, count: int, side_by_side: int
) -> Iterator[RegulatedPoem]:
    """Write poems 0 … count - 1 of a seed, each as soon as it is there.

    A poem that did not come to pass, or that shares two lines with an earlier one, is written
    again; the earlier poems' lines are banned then (but for lines that were given). So poem n
    depends on the ones before it, and not on how many are written after it or side by side.

    Raises:
        TangyinError: no poem comes to pass: the wishes leave too little.
    """
    earlier: list[frozenset[str]] = []
    for first in range(0, count, side_by_side):
        numbers = range(first, min(first + side_by_side, count))
        for number, drawn in zip(numbers, composer.compose(seed, numbers), strict=True):
            poem, attempt = drawn, 0
            while poem is None or any(len(composer.own(poem) & own) > 1 for own in earlier):
                attempt += 1
                if attempt > TRIES:
                    raise TangyinError(
                        f"no poem that keeps the rules came about in {TRIES} tries; give fewer "
                        "characters, another rhyme or pattern, or allow licences"
                    )
                banned = frozenset[str]().union(*earlier)
                poem = composer.compose(seed, [number], attempt, banned)[0]
            earlier.append(composer.own(poem))
            yield poem


class _Population:
    """The particles of some poems while they are written; row = poem · N + particle."""

    def __init__(
        self,
        composer: ParticleComposer,
        seed: int,
        numbers: Sequence[int],
        attempt: int,
        banned: Container[str],
    ) -> None:
        self.banned = banned
        self.by, self.plan, self.engine = composer, composer.plan, composer.engine
        self.form = form = self.plan.wish.form
        self.numbers = np.asarray(numbers, dtype=np.intp)
        self.particles = composer.particles
        rows = len(numbers) * self.particles
        places = form.lines * (form.characters + 1)
        own = places + form.lines + 1 + len(self.plan.words)  # uniforms of each particle
        total = self.particles * own + form.lines + 2
        streams = np.stack(
            [poem_uniforms(seed, n, total * (attempt + 1))[-total:] for n in numbers]
        )
        # One set of numbers decides for the poem, (poems, lines + 2), the rest for its particles.
        self.shared = streams[:, -(form.lines + 2) :]
        mine = streams[:, : self.particles * own].reshape(rows, own)
        self.uniforms, licences, setup = np.split(mine, [places, places + form.lines], axis=1)
        drawn = np.searchsorted(composer.shares, self.shared[:, -1], side="right")
        drawn = np.repeat(np.minimum(drawn, len(self.plan.sequences) - 1), self.particles)
        sequences = tuple(self.plan.sequences[number][0] for number in drawn)
        vocabulary = self.engine.vocabulary
        self.draft = self.plan.draft(rows, vocabulary.hanzi)
        self.dead = np.zeros(rows, dtype=bool)
        for row in range(rows) if self.plan.words else ():
            self.dead[row] = not self._place_words(row, sequences[row], setup[row, 1:])
        rhymed = np.array([sequence.rhymed_start for sequence in sequences])
        asked = np.array([self.plan.sequences[number][2] for number in drawn], dtype=np.intp)
        self.tones = Tones(form, self.plan.readings, sequences, self.plan.rates, licences)
        self.constraints: list[Constraint] = [
            self.tones,
            Rhyme(
                self.plan.table, asked, rhymed, rhymed & (setup[:, 0] < self.plan.rates.borrowed)
            ),
            Repetition(rows, len(vocabulary.hanzi), self.plan.wish.most),
        ]
        if self.plan.forbidden.any():
            self.constraints.append(Forbidden(self.plan.forbidden))
        self.state = self.engine.start(rows)
        self.tokens = np.full(rows, vocabulary.prefix_id(form), dtype=np.int32)
        self.written: list[Ids] = []
        self.likelihood = np.zeros(rows)
        self.weights = np.where(self.dead, -np.inf, 0.0)

    def write(self) -> list[RegulatedPoem | None]:
        """Write all lines and draw one particle of each poem."""
        self._write_lines(resampling=True)
        return [self._drawn(poem) for poem in range(len(self.numbers))]

    def write_all(self) -> list[RegulatedPoem]:
        """Write all lines; every particle is a poem of its own, the likeliest first."""
        self._write_lines(resampling=False)
        poems = {poem.text: poem for row in range(len(self.weights)) if (poem := self._poem(row))}
        return sorted(poems.values(), key=lambda poem: -poem.log_likelihood)

    def _write_lines(self, *, resampling: bool) -> None:
        for line in range(self.form.lines):
            for _ in range(self.form.characters):
                self._write_character()
                self.draft.place += 1
            self._write_mark(line)
            if resampling and line + 1 < self.form.lines:
                self._resample(self.shared[:, line])
        eos = self.engine.vocabulary.id(EOS)
        self.likelihood += self.engine.log_probs(self.engine.step(self.tokens, self.state))[:, eos]

    def _write_character(self) -> None:
        log_probs = self.engine.log_probs(self.engine.step(self.tokens, self.state))
        within = log_probs[:, self.by.first :]  # (rows, characters)
        mask = np.ones(within.shape, dtype=bool)
        for constraint in self.constraints:
            allowed = constraint.allowed(self.draft)
            if allowed is not None:
                mask &= allowed
        if self.draft.column == 0:
            self.weights += self.tones.log_weight
        masked = np.where(mask, self.by.rule.support(within), -np.inf)
        # Where the rule's own candidates are all forbidden, any that is allowed may stand; that
        # its probability is small is seen in the particle's weight.
        stuck = np.asarray(~np.isfinite(masked).any(axis=1))
        masked[stuck] = np.where(mask[stuck], within[stuck], -np.inf)
        rows = np.arange(len(within))
        chosen = self._chosen(masked, rows)
        if self.draft.at_line_end:
            self._renew_ends(masked, chosen)
        given = self.draft.given[:, self.draft.place]
        is_given: Mask = given != FREE
        columns: Columns = np.where(is_given, given, chosen).astype(np.int32)
        if self.by.rule.weighs_choice:
            weight = masked[rows, columns].astype(np.float64)
        else:
            with np.errstate(divide="ignore"):
                weight = np.log(np.exp(masked).sum(axis=1, dtype=np.float64))
        self.weights += np.where(is_given, within[rows, columns], weight)
        for constraint in self.constraints:
            constraint.record(self.draft, columns)
        self.draft.columns[:, self.draft.place] = columns
        self._go_on(log_probs, columns + self.by.first)

    def _chosen(self, masked: npt.NDArray[np.float32], rows: Rows) -> Choice:
        """What the rule chooses for some rows; where nothing is allowed it does not matter."""
        stuck = np.asarray(~np.isfinite(masked).any(axis=1))
        options = np.where(stuck[:, None], 0.0, masked).astype(np.float32)
        if isinstance(self.by.rule, Argmax) and self.draft.place == self.by.first_free:
            # Under argmax the poems of a call differ by their first free character.
            ranks = self.numbers[rows // self.particles]
            order = np.argsort(-options, axis=1, kind="stable")
            chosen: Choice = np.take_along_axis(order, ranks[:, None], axis=1)[:, 0]
            return chosen
        return self.by.rule.choose(options, self.uniforms[rows, len(self.written)])

    def _renew_ends(self, masked: npt.NDArray[np.float32], chosen: Choice) -> None:
        """Choose another last character where the line would be one of the corpus or of the poem.

        Its chance is taken from what is allowed, so that the particle's weight knows of it.
        """
        line, width = self.draft.line, self.form.characters
        given = self.draft.given[:, line * width : (line + 1) * width]
        some_free: Mask = (given == FREE).any(axis=1)
        open_ = np.flatnonzero(some_free & np.isfinite(self.weights))
        for _ in range(TRIES):
            open_ = np.array(
                [row for row in open_ if self._refused(int(row), line, int(chosen[row]))],
                dtype=np.intp,
            )
            if not len(open_):
                return
            masked[open_, chosen[open_]] = -np.inf
            chosen[open_] = self._chosen(masked[open_], open_)
        self.weights[open_] = -np.inf

    def _refused(self, row: int, line: int, last: int) -> bool:
        text = self.draft.line_text(row, line, last)
        if text in self.banned:
            return True
        if not self.plan.wish.allow_quotes and text in corpus_lines():
            return True
        return any(text == self.draft.line_text(row, before) for before in range(line))

    def _write_mark(self, line: int) -> None:
        log_probs = self.engine.log_probs(self.engine.step(self.tokens, self.state))
        if line in self.plan.marks:
            tokens = np.full(len(self.tokens), self.plan.marks[line])
        else:
            candidates = self.by.marks[line % 2]
            uniforms = self.uniforms[:, len(self.written)]
            tokens = candidates[self.by.mark_rule.choose(log_probs[:, candidates], uniforms)]
        self._go_on(log_probs, tokens)

    def _go_on(self, log_probs: npt.NDArray[np.float32], tokens: npt.NDArray[Any]) -> None:
        """Append a token to every row."""
        self.tokens = tokens.astype(np.int32)
        self.likelihood += log_probs[np.arange(len(tokens)), tokens]
        self.written.append(self.tokens)

    def _resample(self, uniforms: npt.NDArray[np.float64]) -> None:
        """Draw the particles of each poem anew by weight where few of them carry it.

        Systematic resampling (Kitagawa 1996), when the effective number is below half.
        """
        weights = self.weights.reshape(-1, self.particles)
        rows = np.arange(weights.size).reshape(weights.shape)
        for poem, own in enumerate(weights):
            if not np.isfinite(own).any():
                continue
            share = np.exp(own - own.max())
            share /= share.sum()
            if 1 / (share**2).sum() >= self.particles / 2:
                continue
            points = (np.arange(self.particles) + uniforms[poem]) / self.particles
            ancestors = np.searchsorted(np.cumsum(share), points, side="right")
            rows[poem] = poem * self.particles + np.minimum(ancestors, self.particles - 1)
            own[:] = 0.0
        kept: Rows = rows.ravel()
        if (kept == np.arange(len(kept))).all():
            return
        self.state = self.state.take(kept)
        self.draft.keep(kept)
        for constraint in self.constraints:
            constraint.keep(kept)
        self.tokens, self.likelihood = self.tokens[kept], self.likelihood[kept]
        self.written = [tokens[kept] for tokens in self.written]

    def _drawn(self, poem: int) -> RegulatedPoem | None:
        """One particle of a poem by weight."""
        own = self.weights[poem * self.particles : (poem + 1) * self.particles]
        if not np.isfinite(own).any():
            return None
        cumulative = np.cumsum(np.exp(own - own.max()))
        threshold = self.shared[poem, -2] * cumulative[-1]
        chosen = min(int((cumulative <= threshold).sum()), self.particles - 1)
        return self._poem(poem * self.particles + chosen)

    def _poem(self, row: int) -> RegulatedPoem | None:
        """What a particle wrote, if the checker agrees with it."""
        if not np.isfinite(self.weights[row]):
            return None
        text = self.engine.vocabulary.decode(int(tokens[row]) for tokens in self.written)
        likelihood = float(self.likelihood[row])
        report = check_poem(Composition(text, likelihood).lines)
        return RegulatedPoem(text, likelihood, report) if report.regulated else None

    def _place_words(
        self, row: int, sequence: LineSequence, uniforms: npt.NDArray[np.float64]
    ) -> bool:
        """Give a row each word at a place that its sequence admits; False when there is none."""
        width = self.form.characters
        for word, uniform in zip(self.plan.words, uniforms, strict=True):
            given = self.draft.given[row]
            fitting = []
            for line in range(self.form.lines):
                for column in range(width - len(word) + 1):
                    at = line * width + column
                    there = given[at : at + len(word)]
                    if ((there != FREE) & (there != word)).any():
                        continue
                    trial = given.copy()
                    trial[at : at + len(word)] = word
                    if self.plan.fits(sequence, trial, line) and self._may_end(line, trial):
                        fitting.append(trial)
            if not fitting:
                return False
            self.draft.given[row] = fitting[int(uniform * len(fitting))]
        return True

    def _may_end(self, line: int, given: Columns) -> bool:
        """Whether the last character given for a line can be where it is, if it must rhyme."""
        end = given[(line + 1) * self.form.characters - 1]
        return end == FREE or line % 2 == 0 or bool(self.plan.table.rhymes[end].any())
