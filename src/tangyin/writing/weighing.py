"""How likely texts are at a place of a poem, by all that is before and after them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.metre import LEVEL_RHYMES, check_poem
from tangyin.metre.law import Rows
from tangyin.model.engine import Engine, State
from tangyin.verse import BLANK, MARKS, UNK, Ids
from tangyin.writing.opening import known_token
from tangyin.writing.request import Request, prefix_for
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

    @classmethod
    def of(cls, engine: Engine, sheet: Sheet, title: str = "") -> "Weighing":
        """The weighing of a sheet under a title; the rhyme is read too, where feet are written."""
        form = sheet.form
        lines = sheet.read_as if form.regulated and not form.variant else ()
        rhyme = check_poem(lines, lines).rhyme if lines else ""
        request = Request(form, title=title, rhyme=rhyme if rhyme in LEVEL_RHYMES else "")
        return cls(engine, sheet, prefix_for(request, engine.vocabulary))

    def before(self, line: int, at: int) -> Ids:
        """The tokens of all that is before a place (both from 0)."""
        text = self._text[: self.sheet.form.starts[line] + line + at]
        return np.array([*self.prefix, *map(self.token, text)], dtype=np.int32)

    def token(self, character: str) -> int:
        """What the model reads for a character, an open place or a mark."""
        vocabulary = self.engine.vocabulary
        token = None if character == BLANK else known_token(character, vocabulary)
        return vocabulary.id(UNK) if token is None else token

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
        rest = self._text[self.sheet.form.starts[line] + line + at + 1 :]
        # Nothing is learned behind the last given character.
        rest = rest.rstrip(BLANK + MARKS)
        for character in rest:
            output = self.engine.step(last, state)
            last = np.full(len(rows), self.token(character), dtype=np.int32)
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


def hanzi_log_probs(engine: Engine, last: Ids, state: State) -> Scores:
    """Read the last tokens (B,); the log-probabilities (B, V) of the characters that follow."""
    output = engine.step(last, state)
    return engine.log_probs(output)[:, engine.vocabulary.hanzi_ids].astype(np.float64)


def shares(scores: Sequence[float] | Scores) -> Scores:
    """Each one's part of the probability of all, by their logarithms."""
    values = np.asarray(scores, dtype=np.float64)
    weights: Scores = np.exp(values - values.max(initial=-np.inf))
    whole: Scores = weights / weights.sum()
    return whole
