"""The perplexity protocol (`docs/protocol.md`): what each target costs, open and closed.

Both evaluations, the engine's and the one in training, are counted here.
"""

import math
from dataclasses import asdict, astuple, dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tangyin.data.files import data_text
from tangyin.verse import EOS, MARKS, UNK, Ids, Vocabulary, is_hanzi

BLOCK = "\u4e00\u9fff"
"""The first and the last of the 20,992 characters that share the probability of `<unk>`."""

_DIRECT, _OUTSIDE, _LACKING = 0, 1, 2


@cache
def closed_hanzi() -> frozenset[str]:
    """The 2,814 characters of the closed vocabulary, which never changes."""
    return frozenset(data_text("closed_vocabulary.txt").split())


def unknown_hanzi(vocabulary: Vocabulary) -> int:
    """The number of characters of the block that a model does not know.

    Characters outside the block do not count, whether known or not: otherwise known ones of
    Extension A would give the unknown ones of the block too large a share. An unknown character
    outside the block is charged like one of the block (`docs/protocol.md` has their numbers).
    """
    known = sum(BLOCK[0] <= character <= BLOCK[1] for character in vocabulary.hanzi)
    return max(ord(BLOCK[1]) - ord(BLOCK[0]) + 1 - known, 1)


@dataclass
class Tally:
    """Sums over poems; each perplexity follows from a quotient of two of them.

    Attributes:
        poems: number of poems.
        targets: characters, marks and `<eos>`.
        hanzi: characters among the targets.
        unknown: characters the model does not know.
        nll: summed negative log-likelihood (natural) of all targets, open figure.
        nll_closed: the same, closed figure.
        nll_hanzi: as `nll`, characters only.
        nll_hanzi_closed: as `nll_closed`, characters only.
    """

    poems: int = 0
    targets: int = 0
    hanzi: int = 0
    unknown: int = 0
    nll: float = 0.0
    nll_closed: float = 0.0
    nll_hanzi: float = 0.0
    nll_hanzi_closed: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        """The sums of both."""
        return Tally(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    def figures(self) -> dict[str, Any]:
        """Counts, sums and perplexities under the protocol's names."""
        sums = {name: s for name, s in asdict(self).items() if not name.startswith("nll_hanzi")}
        return sums | {
            "per_token": perplexity(self.nll, self.targets),
            "per_token_closed": perplexity(self.nll_closed, self.targets),
            "per_hanzi": perplexity(self.nll_hanzi, self.hanzi),
            "per_hanzi_closed": perplexity(self.nll_hanzi_closed, self.hanzi),
        }


def perplexity(nll: float, targets: int) -> float:
    """exp(nll / targets), infinite where a float cannot hold it."""
    try:
        return math.exp(nll / targets)
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class Targets:
    """What one poem asks a model to predict, each (T,).

    `ids` are token numbers, `<eos>` last; `kinds` say how the closed figure reads each target, and
    `hanzi` whether it is a character.
    """

    ids: Ids
    kinds: npt.NDArray[np.int8]
    hanzi: npt.NDArray[np.bool_]


class PerplexityMeter:
    """Counts the cost of poems by the protocol, from a model's log-probabilities.

    Open: an unknown character costs nll(<unk>) + ln(20,992 - H), where H is the number of known
    characters of the block U+4E00-U+9FFF: all unknown ones share the probability of <unk>. Closed:
    the model is collapsed onto the closed vocabulary. A known character outside it adds to the
    closed <unk>; a character of it that the model lacks gets its share of the model's <unk>, as in
    the open figure, and the closed <unk> keeps the rest.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        known, closed = set(vocabulary.hanzi), closed_hanzi()
        self.vocabulary = vocabulary
        self._unk = vocabulary.id(UNK)
        unknown_count = unknown_hanzi(vocabulary)
        lacking = len(closed - known)
        self._unknown_cost = math.log(unknown_count)
        self._unk_left = max(1 - lacking / unknown_count, 1e-12)
        self._outside = np.array(
            [vocabulary.id(c) for c in vocabulary.hanzi if c not in closed], dtype=np.intp
        )

    def targets(self, text: str) -> Targets:
        """The targets of a poem's text."""
        known, closed = self.vocabulary, closed_hanzi()
        kinds = [
            _DIRECT
            if character in MARKS or (character in closed and character in known)
            else (_LACKING if character in closed else _OUTSIDE)
            for character in text
        ]
        ids = np.append(known.encode(text), known.id(EOS)).astype(np.int32)
        hanzi = np.array([*map(is_hanzi, text), False])
        return Targets(ids, np.array([*kinds, _DIRECT], dtype=np.int8), hanzi)

    def charge(self, log_probs: npt.NDArray[np.floating[Any]], targets: Targets) -> Tally:
        """Sum what one poem costs by the log-probabilities before each target, (T, outputs)."""
        return self.tally(self.costs(log_probs, targets.ids, targets.kinds), targets)

    def costs(
        self, log_probs: npt.NDArray[np.floating[Any]], ids: Ids, kinds: npt.NDArray[np.int8]
    ) -> npt.NDArray[np.float64]:
        """What targets of any poems cost, (2, N): open and closed.

        `log_probs` are those before each target, (N, outputs); for the others see `Targets`.
        """
        plain = -log_probs[np.arange(len(ids)), ids].astype(np.float64)
        opened = plain + (ids == self._unk) * self._unknown_cost
        closed = plain + (kinds == _LACKING) * self._unknown_cost
        for row in np.flatnonzero(kinds == _OUTSIDE):
            spread = log_probs[row].astype(np.float64)
            mass = np.exp(spread[self._unk]) * self._unk_left + np.exp(spread[self._outside]).sum()
            closed[row] = -math.log(max(mass, 1e-300))
        return np.stack((opened, closed))

    def tally(self, costs: npt.NDArray[np.float64], targets: Targets) -> Tally:
        """Sum what the targets of one poem cost, (2, T) by `costs`."""
        opened, closed = np.ascontiguousarray(costs)
        return Tally(
            poems=1,
            targets=len(targets.ids),
            hanzi=int(targets.hanzi.sum()),
            unknown=int((targets.ids == self._unk).sum()),
            nll=float(opened.sum()),
            nll_closed=float(closed.sum()),
            nll_hanzi=float(opened[targets.hanzi].sum()),
            nll_hanzi_closed=float(closed[targets.hanzi].sum()),
        )


def prefix_of(vocabulary: Vocabulary, dated: bool = False) -> str:
    """The prefix of a poem in the protocol: "none", "form" or, `dated`, "form, dynasty"."""
    form = "form" if vocabulary.forms else "none"
    return f"{form}, dynasty" if dated else form
