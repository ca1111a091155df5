"""The particles of some poems while they are written (`tangyin.writing.particles`)."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tangyin.model.engine import Engine
from tangyin.prosody import LEVEL_RHYMES, Report, check_poem
from tangyin.prosody import Sequence as LineSequence
from tangyin.verse import EOS, MARKS, Ids
from tangyin.writing.composer import END_MARKS, Composition
from tangyin.writing.constraints import (
    FREE,
    OPEN,
    Columns,
    Constraint,
    Forbidden,
    Mask,
    Repetition,
    Rhyme,
    Rows,
    Tones,
)
from tangyin.writing.novelty import corpus_lines
from tangyin.writing.randomness import poem_uniforms
from tangyin.writing.request import Plan
from tangyin.writing.rules import Argmax, Choice, RandomK, Rule
from tangyin.writing.weighing import log_share, log_weight

DRAWS = 12
"""How many particles of a poem are drawn before none is found that passes the checker."""

LICENCES = frozenset({"小拗", "大拗", "特定句式", "孤平拗救", "對句相救", "借鄰韻", "三仄尾"})
"""What a strict poem has none of."""


@dataclass(frozen=True)
class RegulatedPoem(Composition):
    """A poem that keeps the rules, with the checker's verdict."""

    report: Report


class Population:
    """The particles of some poems while they are written; row = poem · N + particle."""

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        rule: Rule,
        particles: int,
        seed: int,
        numbers: Sequence[int],
        attempt: int,
        banned: Container[str],
    ) -> None:
        """Begin; for the arguments see `ParticleComposer` and its `compose`."""
        self.engine, self.plan, self.rule, self.particles = engine, plan, rule, particles
        self.banned = banned
        vocabulary = engine.vocabulary
        self.first = int(vocabulary.hanzi_ids[0])
        self.marks = [
            np.array([vocabulary.id(mark) for mark in marks]) for marks in (MARKS, END_MARKS)
        ]
        self.mark_rule = Argmax() if isinstance(rule, RandomK) else rule
        self.form = form = self.plan.wish.form
        self.numbers = np.asarray(numbers, dtype=np.intp)
        places = form.lines * (form.characters + 1)
        own = places + len(self.plan.words)  # uniforms of each particle
        shared = 2 * form.lines + 2  # those that the particles of a poem have in common
        total = self.particles * own + shared
        streams = np.stack(
            [poem_uniforms(seed, n, total * (attempt + 1))[-total:] for n in numbers]
        )
        mine = streams[:, : self.particles * own].reshape(-1, own)
        self.uniforms, for_words = np.split(mine, [places], axis=1)
        # One number a line to resample by; that of the last line draws the particle.
        licences, self.resampling, course = np.split(
            streams[:, -shared:], [form.lines, 2 * form.lines], axis=1
        )
        shares = np.cumsum([share for _, share in plan.sequences])
        drawn = np.searchsorted(shares / shares[-1], course[:, 0], side="right")
        self.sequences = [self.plan.sequences[number][0] for number in drawn]
        rhymed = np.array([sequence.rhymed_start for sequence in self.sequences])
        borrows = course[:, 1] < self.plan.rates.borrowed
        given, asked, placed = self._give(for_words)
        self.draft = plan.draft(given)
        free = np.flatnonzero(plan.given == FREE)
        self.first_free = int(free[0]) if len(free) else FREE
        fitting = self.plan.fitting
        each = np.repeat(np.arange(len(numbers)), self.particles)  # poem of each row
        self.constraints: list[Constraint] = [
            Tones(
                form,
                fitting.readings,
                tuple(self.sequences[poem] for poem in each),
                fitting.rates,
                licences[each],
            ),
            Rhyme(
                fitting.book,
                fitting.rhyme_writable,
                self.draft,
                asked,
                rhymed[each],
                borrows[each],
            ),
            Repetition(self.draft, self.plan.wish.most),
        ]
        if fitting.forbidden.any():
            self.constraints.append(Forbidden(fitting.forbidden))
        self.tokens, self.state = self.engine.begin(plan.prefix, len(each))
        self.written: list[Ids] = []
        self.likelihood = np.zeros(len(each))
        self.weights = np.where(placed, 0.0, -np.inf)

    def _give(
        self, uniforms: npt.NDArray[np.float64]
    ) -> tuple[Columns, npt.NDArray[np.intp], Mask]:
        """What is given to each row, words placed, the rhyme it asks for, and whether it fits."""
        fitting, wanted = self.plan.fitting, self.plan.asked
        given = np.repeat(self.plan.given[None], len(uniforms), axis=0)
        asked = np.empty(len(given), dtype=np.intp)
        placed = np.ones(len(given), dtype=bool)
        rhymes: dict[tuple[LineSequence, bytes], int] = {}
        for row, chance in enumerate(uniforms):
            sequence = self.sequences[row // self.particles]
            if self.plan.words:
                found = fitting.place(sequence, given[row], self.plan.words, wanted, chance)
                placed[row] = found is not None
                given[row] = given[row] if found is None else found
            key = sequence, given[row].tobytes()
            if key not in rhymes:
                rhymes[key], _ = fitting.rhyme(sequence, given[row], wanted)
            asked[row] = rhymes[key]
        return given, asked, placed

    def write(self) -> list[RegulatedPoem | None]:
        """Write all lines and draw one particle of each poem."""
        for line in range(self.form.lines):
            for _ in range(self.form.characters):
                self._write_character()
                self.draft.place += 1
            self._write_mark(line)
            if line + 1 < self.form.lines:
                self._resample(self.resampling[:, line])
        eos = self.engine.vocabulary.id(EOS)
        self.likelihood += self.engine.log_probs(self.engine.step(self.tokens, self.state))[:, eos]
        return [self._drawn(poem) for poem in range(len(self.numbers))]

    def _write_character(self) -> None:
        log_probs = self.engine.log_probs(self.engine.step(self.tokens, self.state))
        within = log_probs[:, self.first :]  # (rows, characters)
        mask = np.ones(within.shape, dtype=bool)
        for constraint in self.constraints:
            allowed = constraint.allowed(self.draft)
            if allowed is not None:
                mask &= allowed
        given = self.draft.given[:, self.draft.place]
        # What a particle by itself weighs does not matter, so long as it is not lost.
        if self.particles == 1 and FREE not in given and not self.draft.at_line_end:
            columns = given
        else:
            columns = self._choose(within, mask, given)
        for constraint in self.constraints:
            constraint.record(self.draft, columns)
        self.draft.columns[:, self.draft.place] = columns
        self._go_on(log_probs, columns + self.first)

    def _choose(self, within: npt.NDArray[np.float32], mask: Mask, given: Columns) -> Columns:
        """Choose a character for each row and weigh it; what is given stands."""
        support = self.rule.support(within)
        masked = np.where(mask, support, -np.inf)
        # Where the rule's own candidates are all forbidden, any that is allowed may stand; that
        # its probability is small is seen in the particle's weight.
        stuck = np.asarray(~np.isfinite(masked).any(axis=1))
        masked[stuck] = np.where(mask[stuck], within[stuck], -np.inf)
        open_ = np.asarray(np.isfinite(masked).any(axis=1))
        masked[open_] = self.rule.support(masked[open_])
        rows, is_given = np.arange(len(within)), given != FREE
        columns: Columns = np.where(is_given, given, self._chosen(masked, rows)).astype(np.int32)
        if self.draft.at_line_end:
            self._renew_ends(masked, columns, is_given)
        self.weights += np.where(
            is_given,
            log_share(self.rule, support, within[rows, columns]),
            log_weight(self.rule, support, masked, columns),
        )
        return columns

    def _chosen(self, masked: npt.NDArray[np.float32], rows: Rows) -> Choice:
        """What the rule chooses for some rows."""
        finite = np.isfinite(masked)
        # A row where nothing is allowed is lost; any choice does for it.
        options = np.where(finite.any(axis=1, keepdims=True), masked, np.float32(0))
        if isinstance(self.rule, Argmax) and self.draft.place == self.first_free:
            # Under argmax the poems of a call differ by their first free character.
            ranks = self.numbers[rows // self.particles] % np.maximum(finite.sum(axis=1), 1)
            order = np.argsort(-options, axis=1, kind="stable")
            chosen: Choice = np.take_along_axis(order, ranks[:, None], axis=1)[:, 0]
            return chosen
        return self.rule.draw(options, self.uniforms[rows, len(self.written)])

    def _renew_ends(
        self, masked: npt.NDArray[np.float32], columns: Columns, is_given: Mask
    ) -> None:
        """Choose another last character where the line would be one of the corpus or of the poem.

        Its chance is taken from what is allowed, so that the particle's weight knows of it. A
        particle whose last character is given, or that has no other, is lost.
        """
        line, width = self.draft.line, self.form.characters
        given = self.draft.given[:, line * width : (line + 1) * width]
        some_free: Mask = (given == FREE).any(axis=1)
        open_ = np.flatnonzero(some_free & np.isfinite(self.weights))
        while len(open_):
            refused = [self._refused(int(row), line, int(columns[row])) for row in open_]
            open_ = open_[np.array(refused, dtype=bool)]
            masked[open_, columns[open_]] = -np.inf
            lost = is_given[open_] | ~np.isfinite(masked[open_]).any(axis=1)
            self.weights[open_[lost]] = -np.inf
            open_ = open_[~lost]
            if len(open_):
                columns[open_] = self._chosen(masked[open_], open_)

    def _refused(self, row: int, line: int, last: int) -> bool:
        text = self.draft.line_text(row, line, last)
        if text in self.banned:
            return True
        if not self.plan.wish.allow_quotes and text in corpus_lines():
            return True
        return any(text == self.draft.line_text(row, before) for before in range(line))

    def _write_mark(self, line: int) -> None:
        log_probs = self.engine.log_probs(self.engine.step(self.tokens, self.state))
        candidates = self.marks[line % 2]
        if line in self.plan.marks:
            tokens = np.full(len(self.tokens), self.plan.marks[line])
            self.weights += log_share(
                self.mark_rule, log_probs[:, candidates], log_probs[:, self.plan.marks[line]]
            )
        else:
            uniforms = self.uniforms[:, len(self.written)]
            tokens = candidates[self.mark_rule.choose(log_probs[:, candidates], uniforms)]
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
            cumulative = np.cumsum(share)
            ancestors = np.searchsorted(cumulative / cumulative[-1], points, side="right")
            rows[poem] = poem * self.particles + ancestors
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
        """One particle of a poem by weight, among those that the checker finds to be as wanted."""
        own = self.weights[poem * self.particles : (poem + 1) * self.particles].copy()
        for _ in range(DRAWS):
            if not np.isfinite(own).any():
                break
            cumulative = np.cumsum(np.exp(own - own.max()))
            threshold = self.resampling[poem, -1] * cumulative[-1]
            chosen = int(np.searchsorted(cumulative, threshold, side="right"))
            found = self._poem(poem, chosen)
            if found:
                return found
            own[chosen] = -np.inf
        return None

    def _poem(self, poem: int, particle: int) -> RegulatedPoem | None:
        """What a particle wrote, if the checker agrees with it."""
        row = poem * self.particles + particle
        text = self.engine.vocabulary.decode(int(tokens[row]) for tokens in self.written)
        likelihood = float(self.likelihood[row])
        report = check_poem(Composition(text, likelihood).lines)
        wish = self.plan.wish
        departures = {finding.kind for finding in (*report.licences, *report.warnings)}
        kept = (
            report.regulated
            and report.pattern == self.sequences[poem].name(self.form.characters)
            and (self.plan.asked == OPEN or report.rhyme == LEVEL_RHYMES[self.plan.asked])
            and not (wish.strict and departures & LICENCES)
        )
        return RegulatedPoem(text, likelihood, report) if kept else None
