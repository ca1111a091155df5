"""How likely texts are at a place of a poem, by all that is before and after them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.model.engine import Engine, State
from tangyin.verse import BLANK, MARKS, UNK, Ids
from tangyin.writing.constraints.draft import Rows
from tangyin.writing.opening import known_token
from tangyin.writing.sheet import Sheet

Scores = npt.NDArray[np.float64]

STAY = 0.6
"""The part of the texts that is still weighed after each character, the likeliest so far."""


@dataclass(frozen=True, eq=False)
class Weighing:
    """Weighs texts for places of a poem.

    The model reads an open place as `<unk>`, and nothing is counted there.
    """

    engine: Engine
    sheet: Sheet
    prefix: Ids  # what the model reads before the text

    def read(self, line: int, at: int) -> tuple[Scores, State]:
        """Read all that is before a place (both from 0).

        Returns:
            (V,) log-probabilities of the characters there, and the state, of one row.
        """
        last, state = self.engine.begin(self.prefix, 1)
        output = self.engine.step(last, state)
        for character in self._text[: line * (self.sheet.form.characters + 1) + at]:
            output = self.engine.step(self._tokens(character, 1), state)
        log_probs = self.engine.log_probs(output)[0, self.engine.vocabulary.hanzi_ids]
        return log_probs.astype(np.float64), state

    def follow(
        self, state: State, last: Ids, scores: Scores, line: int, at: int, shown: int
    ) -> tuple[Rows, Scores]:
        """Add to texts' log-probabilities (N,) that of what follows them.

        Args:
            state: of N rows, before each text's last token is read.
            last: (N,) that token, which is at place `at` of `line` (both from 0).
            scores: (N,) the log-probabilities of the texts.
            line: see `last`.
            at: see `last`.
            shown: how many will be shown; texts that fall far behind these are given up.

        Returns:
            The rows that are left, the likeliest first, and their log-probabilities.
        """
        rows, scores = np.arange(len(last)), scores.copy()
        rest = self._text[line * (self.sheet.form.characters + 1) + at + 1 :]
        # Nothing is learned behind the last given character.
        rest = rest.rstrip(BLANK + MARKS)
        for character in rest:
            output = self.engine.step(last, state)
            last = self._tokens(character, len(rows))
            if character == BLANK:
                continue
            scores += self.engine.log_probs(output)[:, last[0]]
            if len(rows) > shown:
                stay = max(shown, int(len(rows) * STAY))
                kept = np.sort(np.argsort(-scores, kind="stable")[:stay])
                rows, scores, last = rows[kept], scores[kept], last[kept]
                state = state.take(kept)
        order = np.argsort(-scores, kind="stable")
        return rows[order], scores[order]

    @property
    def _text(self) -> str:
        lines = zip(self.sheet.read_as, self.sheet.marks, strict=True)
        return "".join(line + mark for line, mark in lines)

    def _tokens(self, character: str, rows: int) -> Ids:
        vocabulary = self.engine.vocabulary
        token = None if character == BLANK else known_token(character, vocabulary)
        return np.full(rows, vocabulary.id(UNK) if token is None else token, dtype=np.int32)


def shares(scores: Sequence[float] | Scores) -> Scores:
    """Each one's part of the probability of all, by their logarithms."""
    values = np.asarray(scores, dtype=np.float64)
    weights: Scores = np.exp(values - values.max(initial=-np.inf))
    whole: Scores = weights / weights.sum()
    return whole
