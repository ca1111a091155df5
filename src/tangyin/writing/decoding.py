"""The decode loop: poems of one form, written place by place and many rows side by side.

Free writing (`compose`) is this loop without a law and with one particle for each poem. For
regulated verse see `particles.py`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.metre.law import FREE, Columns, Draft, Mask, Place, Rows
from tangyin.model.engine import Engine, State
from tangyin.model.threads import go_on
from tangyin.verse import EOS, MARKS, UNK, Ids
from tangyin.verse.punctuation import PLACEHOLDER
from tangyin.writing.rules import Argmax, Array, Choice, RandomK, Rule, Uniforms

UNCONDITIONAL_SHARE = np.float32(0.25)
"""Share of the unconditional log-probability (without title and rhyme) that selection subtracts;
chosen by blind readings (docs/model.md)."""

Watch = Callable[[str, int], None]
"""Called with the beginning of a poem, marks included, after each character or mark of it, and with
how many of these characters are settled: the others may still change."""


@dataclass(frozen=True)
class Composition:
    """One finished poem.

    Its log-likelihood is the natural logarithm of the text's probability, `<eos>` included, under
    the model without any mask, given the prefix that was read.
    """

    text: str  # lines and marks
    log_likelihood: float

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines without marks."""
        return tuple(re.split(f"[{MARKS}]", self.text)[:-1])


@dataclass(frozen=True, eq=False)
class Guide:
    """Guidance by the title and the rhyme (Sanchez et al. 2023, arXiv 2306.17806).

    With `strength` g a token's log-probability becomes l + g (l - m) and is normalized again, where
    l is conditioned on the whole prefix and m on the prefix `without` them.
    """

    without: Ids
    strength: float


@dataclass(eq=False)
class Decoder:
    """Writes rows of poems; row = poem · particles + particle.

    Inside a line the rule chooses among the characters the model knows, at its end among the marks
    the form admits there; never `<unk>` or 囗. Under argmax, poem n takes the n-th most likely
    character at its first free place, so that poems differ.
    """

    engine: Engine
    rule: Rule
    prefixes: Sequence[Ids]  # what is read before each poem's text; or one for all poems
    draft: Draft
    marks: Ids  # (rows, lines) given marks, or FREE
    numbers: Rows  # (rows,) under each row's seed
    first_free: Rows  # (rows,) the place, in characters, where argmax goes by number; or FREE
    uniforms: Uniforms  # (rows, places) in [0, 1), one for each token
    resampling: Uniforms | None = None  # (poems, lines) to resample the particles by
    place: Place | None = None  # where the rows are by the law; None to write freely
    particles: int = 1
    guide: Guide | None = None
    selection: float = 0.0
    watch: Callable[[], None] | None = None  # called after each character or mark
    lead: Callable[[int], npt.NDArray[np.float64]] | None = None  # (V,) nats added at a place

    def __post_init__(self) -> None:
        vocabulary, rows = self.engine.vocabulary, len(self.draft.given)
        self.rule = self.rule.on(self.engine.arithmetic)
        self._first, self._unknown = int(vocabulary.hanzi_ids[0]), vocabulary.id(UNK)
        # Models of the first version of the corpus know it.
        self._missing = [vocabulary.id(c) for c in (PLACEHOLDER,) if c in vocabulary]
        self._closing = [
            np.array([vocabulary.id(mark) for mark in marks]) for marks in self.draft.form.closings
        ]
        # random-k is uniform among characters; a poem with its marks at random would be no poem.
        marks_at_random = isinstance(self.rule, RandomK)
        self._mark_rule = Argmax().on(self.engine.arithmetic) if marks_at_random else self.rule
        self.weights = np.zeros(rows)  # logarithms; tracked under a law only
        self.likelihood = np.zeros(rows)  # logarithms, of what was written
        self.written: list[Ids] = []  # (rows,) each
        own = np.arange(rows) // self.particles if len(self.prefixes) > 1 else np.zeros(rows, int)
        if self.guide:
            # The same rows again, without title and rhyme, so that one pass computes both.
            own = np.concatenate((own, np.full(rows, len(self.prefixes))))
            self._named = [prefix[prefix < vocabulary.outputs] for prefix in self.prefixes]
        read = [*self.prefixes, *([self.guide.without] if self.guide else ())]
        tokens, self._state = self.engine.begin_each(read, own)
        self._tokens = tokens[:rows]  # all prefixes end with `<text>`

    def run(self) -> None:
        """Write all rows to their end."""
        while self.draft.place < self.draft.form.hanzi:
            line = self.draft.line
            self.write_line()
            self.end_line(line)

    def write_line(self) -> tuple[Ids, State]:
        """Write the rest of the draft's line, without its mark.

        Returns:
            The last tokens (rows,), which are not read yet, and the state before them.
        """
        end = self.draft.form.starts[self.draft.line + 1]
        while self.draft.place < end:
            self._write_character()
        return self._tokens, self._state

    def end_line(self, line: int) -> None:
        """Write the mark of a line, and resample."""
        self._write_mark(line)
        if self.resampling is not None and line + 1 < self.draft.form.lines:
            self._resample(self.resampling[:, line])

    def text(self, row: int) -> str:
        """What has been written in a row."""
        return self.engine.vocabulary.decode(int(tokens[row]) for tokens in self.written)

    def compositions(self, rows: Rows) -> list[Composition]:
        """The finished poems of some rows."""
        state = self._state.take(rows)
        ends = self.engine.log_probs(self.engine.step(self._tokens[rows], state))
        likelihood = self.likelihood[rows] + ends[:, self.engine.vocabulary.id(EOS)]
        tokens = np.stack([written[rows] for written in self.written], axis=1)
        texts = map(self.engine.vocabulary.decode, tokens.tolist())
        return list(map(Composition, texts, likelihood.tolist()))

    def _log_probs(self) -> Array:
        """Log-probabilities of the next token, (rows, outputs), as the guide changes them."""
        engine, guide, rows = self.engine, self.guide, len(self._tokens)
        tokens = np.tile(self._tokens, 2) if guide else self._tokens
        read = engine.log_probs(engine.step(tokens, self._state))
        self._unguided, self._unconditional = read[:rows], read[-rows:]
        if guide is None:
            return read
        more = engine.arithmetic.guided(self._unguided, self._unconditional, guide.strength)
        # A title names a situation: what belongs to it gains, its own characters do not.
        parts = np.split(np.arange(rows), len(self._named))
        for part, named in zip(parts, self._named, strict=True):
            where = np.ix_(part, named)
            more[where] = np.minimum(more[where], self._unguided[where])
        engine.arithmetic.normalize(more)
        return more

    def _write_character(self) -> None:
        draft, log_probs = self.draft, self._log_probs()
        log_probs[:, self._missing] = -np.inf
        within = log_probs[:, self._first :]  # the characters come last, so no copy is made
        self._weigh_shape(within)
        mask = self._mask(within.shape)
        if self.lead:
            within = (within + self.lead(draft.place)).astype(np.float32)
        given = draft.given[:, draft.place]
        checked = self.place is not None and draft.near_line_end
        # With one particle only a weight of -inf matters, which is set at line ends.
        if self.particles == 1 and FREE not in given and not checked:
            columns = given
        else:
            columns = self._choose(within, mask, given)
        if self.place:
            self.place.read(columns)
        draft.write(columns)
        lacked = columns >= within.shape[1]
        self._append(np.where(lacked, self._unknown, columns + self._first))

    def _weigh_shape(self, possible: Array) -> None:
        """Weigh the rows of a 詞 by how likely the model finds a character, or a mark, here.

        It does not know how long the lines of a tune are, so a row whose sentence would continue
        where the line ends, or end where it continues, has a small weight. `possible` are the
        log-probabilities of what may come here, (rows, …).
        """
        if self.place and self.draft.form.variant:
            highest = possible.max(axis=1)
            self.weights += highest + np.log(np.exp(possible - highest[:, None]).sum(axis=1))

    def _mask(self, shape: tuple[int, ...]) -> Mask | None:
        """(rows, characters) what the law allows; None without a law."""
        if not self.place:
            return None
        mask = self.place.allowed()
        # A draft may have characters that the model lacks, which are never drawn.
        return np.ones(shape, dtype=bool) if mask is None else mask[:, : shape[1]]

    def _choose(self, within: Array, mask: Mask | None, given: Columns) -> Columns:
        """Choose a character for each row that is given none, and weigh the rows."""
        rows, fixed = np.arange(len(within)), given != FREE
        places, support = self.rule.candidates(within)
        masked = support
        if mask is not None:
            places, masked = self._allowed(within, mask, places, support)
        chosen = self._draw(masked, rows)
        columns: Columns = np.where(fixed, given, places[rows, chosen]).astype(np.int32)
        if mask is not None:
            if self.draft.near_line_end:
                self._renew_ends(masked, places, chosen, columns, fixed)
            self.weights += np.where(
                fixed,
                self.rule.log_share(support, within[rows, np.clip(given, 0, within.shape[1] - 1)]),
                self.rule.log_weight(support, masked, chosen),
            )
        return columns

    def _allowed(
        self, within: Array, mask: Mask, places: Columns, support: Array
    ) -> tuple[Columns, Array]:
        """What the rule chooses from among what is allowed, as `Rule.candidates` gives it."""
        allowed = np.take_along_axis(mask, places, axis=1)
        masked = np.where(allowed, support, np.float32(-np.inf))
        # Where all of the rule's own candidates are excluded, any that is allowed may be taken; the
        # particle's weight accounts for its small probability.
        stuck = np.flatnonzero(~np.isfinite(masked).any(axis=1) & mask.any(axis=1))
        if len(stuck):
            any_, values = self.rule.candidates(
                np.where(mask[stuck], within[stuck], np.float32(-np.inf))
            )
            wider = [(0, 0), (0, max(any_.shape[1] - places.shape[1], 0))]
            places = np.pad(places, wider)
            masked = np.pad(masked, wider, constant_values=-np.inf)
            places[stuck, : any_.shape[1]] = any_
            masked[stuck, : any_.shape[1]] = values
        narrower, masked = self.rule.candidates(masked)
        return np.take_along_axis(places, narrower, axis=1), masked

    def _draw(self, masked: Array, rows: Rows) -> Choice:
        """What the rule chooses for some rows."""
        options = masked
        if self.place:
            # A row where nothing is allowed is lost, so any choice will do.
            some = np.isfinite(masked).any(axis=1, keepdims=True)
            options = np.where(some, masked, np.float32(0))
        chosen = self.rule.draw(options, self.uniforms[rows, len(self.written)])
        if isinstance(self.rule, Argmax):
            ranked = np.flatnonzero(self.first_free[rows] == self.draft.place)
            if len(ranked):
                sizes = np.maximum(np.isfinite(masked[ranked]).sum(axis=1), 1)
                ranks = self.numbers[rows[ranked]] % sizes
                order = np.argsort(-options[ranked], axis=1, kind="stable")
                chosen[ranked] = np.take_along_axis(order, ranks[:, None], axis=1)[:, 0]
        return chosen

    def _renew_ends(
        self, masked: Array, places: Columns, chosen: Choice, columns: Columns, fixed: Mask
    ) -> None:
        """Choose another character near the line's end where the law refuses the line.

        Its probability is taken out of `masked`, so that the particle's weight accounts for it. A
        particle whose last character is given, or that has no other, is lost.
        """
        assert self.place  # noqa: S101 # the caller's check
        given = self.draft.given[:, self.draft.form.characters_of(self.draft.line)]
        some_free: Mask = (given == FREE).any(axis=1)
        open_ = np.flatnonzero(some_free & np.isfinite(self.weights))
        while len(open_):
            go_on()
            open_ = open_[self.place.refused(open_, columns[open_])]
            masked[open_, chosen[open_]] = -np.inf
            lost = fixed[open_] | ~np.isfinite(masked[open_]).any(axis=1)
            self.weights[open_[lost]] = -np.inf
            open_ = open_[~lost]
            if len(open_):
                chosen[open_] = self._draw(masked[open_], open_)
                columns[open_] = places[open_, chosen[open_]]

    def _write_mark(self, line: int) -> None:
        log_probs, given = self._log_probs(), self.marks[:, line]
        candidates, fixed = self._closing[line], given != FREE
        self._weigh_shape(log_probs[:, candidates])
        uniforms = self.uniforms[:, len(self.written)]
        chosen = candidates[self._mark_rule.choose(log_probs[:, candidates], uniforms)]
        tokens = np.where(fixed, given, chosen)
        if self.place and fixed.any():
            own = log_probs[np.arange(len(tokens)), tokens]
            shares = self._mark_rule.log_share(log_probs[:, candidates], own)
            self.weights += np.where(fixed, shares, 0.0)
        self._append(tokens)

    def _append(self, tokens: npt.NDArray[np.integer]) -> None:
        """Append a token to every row."""
        self._tokens = tokens.astype(np.int32)
        chosen = np.arange(len(tokens)), tokens
        self.likelihood += np.where(tokens == self._unknown, 0.0, self._unguided[chosen])
        if self.selection:
            unconditional = UNCONDITIONAL_SHARE * self._unconditional[chosen]
            self.weights += self.selection * (self._unguided[chosen] - unconditional)
        self.written.append(self._tokens)
        if self.watch:
            self.watch()

    def _resample(self, uniforms: Uniforms) -> None:
        """Resample the particles of each poem by weight where few of them carry it.

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
        self.keep(rows.ravel())

    def keep(self, kept: Rows) -> None:
        """Go on with these rows, in this order."""
        if (kept == np.arange(len(kept))).all():
            return
        both = np.concatenate((kept, len(kept) + kept)) if self.guide else kept
        self._state = self._state.take(both)
        self.draft.keep(kept)
        if self.place:
            self.place.keep(kept)
        self._tokens, self.likelihood = self._tokens[kept], self.likelihood[kept]
        self.written = [tokens[kept] for tokens in self.written]
