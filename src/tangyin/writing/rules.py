"""Sampling rules: how the next token is chosen among the candidates.

A rule sees the model's log-probabilities of the candidates that the form admits at this place, and
one uniform number for each poem. It never sees `<unk>`, and never has to know a form.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tangyin.errors import UsageError
from tangyin.writing.options import Option

Array = npt.NDArray[np.float32]
Uniforms = npt.NDArray[np.float64]
Values = npt.NDArray[np.floating]
Choice = npt.NDArray[np.intp]

NUCLEUS = 512
"""So many candidates are ranked at first to find a nucleus."""

BLOCK = 128
"""Columns that are drawn from together at first."""

FEW = 12
"""Up to so many largest values are found one after the other."""

OPTIONS = (
    Option(
        name="rule",
        kind=str,
        default="top-p",
        choices=("argmax", "random-k", "top-p", "temperature"),
        help={"en": "How each character is chosen.", "zh": "怎樣選每個字。"},
        label={"en": "Choose by", "zh": "取字"},
    ),
    Option(
        name="k",
        kind=int,
        default=None,
        minimum=1,
        maximum=100_000,
        help={
            "en": "random-k: number of likeliest characters to choose among; 5 by default.",
            "zh": "random-k：在前幾個字裡任取一個；預設  5。",
        },
        label={"en": "k", "zh": "k"},
    ),
    Option(
        name="certainty",
        kind=float,
        default=None,
        minimum=0,
        maximum=1,
        above=True,
        help={
            "en": "random-k: take a character with at least this probability; 0.9 by default.",
            "zh": "random-k：機率達到此值的字直接取用；預設  0.9。",
        },
        label={"en": "Certainty", "zh": "把握"},
    ),
    Option(
        name="temperature",
        kind=float,
        default=None,
        minimum=0.01,
        maximum=100,
        help={
            "en": "temperature, top-p: values below 1 sharpen the distribution; 1 by default.",
            "zh": "temperature、top-p：小於 1 則更偏向機率高的字；預設  1。",
        },
        label={"en": "Temperature", "zh": "溫度"},
    ),
    Option(
        name="p",
        kind=float,
        default=None,
        minimum=0,
        maximum=1,
        above=True,
        help={
            "en": "top-p: share of the probability to choose from; 0.9 by default.",
            "zh": "top-p：從合計機率佔這個比例的字裡取；預設  0.9。",
        },
        label={"en": "p", "zh": "p"},
    ),
)
"""The options that choose a rule and its numbers."""


class Rule(ABC):
    """Chooses one candidate for each poem.

    Attributes:
        name: what it is called on the command line.
        weighs_choice: the rule draws without regard to how likely its candidates are, so that a
            sampler under constraints must weigh what was chosen (`particles`).
    """

    name: ClassVar[str]
    weighs_choice: ClassVar[bool]

    def choose(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        """Choose among the candidates.

        Args:
            log_probs: (B, C), log-probabilities of C candidates under the unmasked model; they
                need not sum to one.
            uniforms: (B,), one number in [0, 1) a poem.

        Returns:
            (B,), a column of `log_probs` for each row.
        """
        return self.draw(self.support(log_probs), uniforms)

    def support(self, log_probs: Array) -> Array:
        """The candidates that the rule would ever choose; the others become -inf.

        Constraints restrict this, so that under top-p a poem's characters come from the nucleus
        that the model has without them.
        """
        return log_probs

    @abstractmethod
    def draw(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        """Choose among what `support` left, or among a part of it.

        Args:
            log_probs: (B, C), -inf for what must not be chosen; one of each row is not.
            uniforms: (B,), one number in [0, 1) a poem.

        Returns:
            (B,), a column of `log_probs` for each row.
        """


@dataclass(frozen=True)
class Argmax(Rule):
    """The most likely candidate."""

    name: ClassVar[str] = "argmax"
    weighs_choice: ClassVar[bool] = True

    def draw(self, log_probs: Array, uniforms: Uniforms) -> Choice:  # noqa: ARG002
        """See `Rule.draw`; the uniforms are not used."""
        chosen: Choice = log_probs.argmax(axis=1)
        return chosen


@dataclass(frozen=True)
class RandomK(Rule):
    """The course report's random-k: uniform among the k most likely candidates.

    A candidate that is nearly certain is taken as it is, so that the rule does not break what the
    model knows.

    Attributes:
        k: how many candidates share the chance.
        certainty: probability from which the most likely one is simply taken.
    """

    name: ClassVar[str] = "random-k"
    weighs_choice: ClassVar[bool] = True
    k: int = 5
    certainty: float = 0.9

    def __post_init__(self) -> None:
        if self.k < 1:
            raise UsageError(f"k is {self.k}; give a whole number from 1 up")
        if not 0 < self.certainty <= 1:
            raise UsageError(f"certainty is {self.certainty}; give a number above 0 and up to 1")

    def draw(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        """See `Rule.draw`."""
        k = min(self.k, log_probs.shape[1])
        columns, best = _largest(log_probs, k)
        # Where constraints leave fewer than k, chance is shared by those alone.
        open_ = np.isfinite(best).sum(axis=1)
        rank = np.minimum((uniforms * open_).astype(np.intp), np.maximum(open_ - 1, 0))
        rank[best[:, 0] >= np.log(self.certainty)] = 0
        return _pick(columns, rank)


@dataclass(frozen=True)
class Temperature(Rule):
    """Sampling from the model, its logits divided by a temperature.

    Attributes:
        temperature: below 1 the likely grow likelier, above 1 the unlikely do.
    """

    name: ClassVar[str] = "temperature"
    weighs_choice: ClassVar[bool] = False
    temperature: float = 1.0

    def __post_init__(self) -> None:
        _check_temperature(self.temperature)

    def draw(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        """See `Rule.draw`."""
        return _draw(_weights(log_probs, self.temperature), uniforms)


@dataclass(frozen=True)
class TopP(Rule):
    """Nucleus sampling (Holtzman et al. 2020, "The curious case of neural text degeneration").

    Samples from the smallest set of candidates that together have the share `p` of the
    probability.

    Attributes:
        p: the share, in (0, 1].
        temperature: divides the logits first.
    """

    name: ClassVar[str] = "top-p"
    weighs_choice: ClassVar[bool] = False
    p: float = 0.9
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.p <= 1:
            raise UsageError(f"p is {self.p}; give a number above 0 and up to 1")
        _check_temperature(self.temperature)

    def draw(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        """See `Rule.draw`."""
        return _draw(_weights(log_probs, self.temperature), uniforms)

    def support(self, log_probs: Array) -> Array:
        """See `Rule.support`."""
        weights = _weights(log_probs, self.temperature)
        share = self.p * weights.sum(axis=1, dtype=np.float64)
        # The nucleus is rarely wide: rank a few hundred, and all of them only in the rows where
        # that falls short.
        few = min(NUCLEUS, weights.shape[1])
        ranked = -np.sort(np.partition(-weights, few - 1, axis=1)[:, :few], axis=1)
        least = _least_needed(ranked, share)
        wide = ranked.sum(axis=1, dtype=np.float64) < share
        if wide.any():
            least[wide] = _least_needed(-np.sort(-weights[wide], axis=1), share[wide])
        return np.where(weights >= least[:, None], log_probs, np.float32(-np.inf))


def rule_named(
    name: str,
    *,
    k: int | None = None,
    certainty: float | None = None,
    temperature: float | None = None,
    p: float | None = None,
) -> Rule:
    """A sampling rule by name, with its numbers.

    Args:
        name: argmax, random-k, temperature or top-p.
        k: of random-k.
        certainty: of random-k.
        temperature: of temperature and top-p.
        p: of top-p.

    Raises:
        UsageError: there is no such rule, it has no such number, or the number cannot be.
    """
    rules: dict[str, type[Any]] = {r.name: r for r in (Argmax, RandomK, Temperature, TopP)}
    if name not in rules:
        raise UsageError(f"there is no rule {name!r}; the rules are {', '.join(rules)}")
    numbers = {"k": k, "certainty": certainty, "temperature": temperature, "p": p}
    given = {key: value for key, value in numbers.items() if value is not None}
    for key in given:
        if key not in rules[name].__dataclass_fields__:
            raise UsageError(f"the rule {name} has no number {key}; leave it out")
    rule: Rule = rules[name](**given)
    return rule


def _check_temperature(temperature: float) -> None:
    if not 0.01 <= temperature <= 100:
        raise UsageError(f"the temperature is {temperature}; give a number from 0.01 to 100")


def _weights(log_probs: Array, temperature: float) -> Array:
    """Probabilities up to a factor, the largest of each row being 1."""
    scaled = log_probs - log_probs.max(axis=1, keepdims=True)
    scaled /= np.float32(temperature)
    weights: Array = np.exp(scaled, out=scaled)
    return weights


def _draw(weights: Values, uniforms: Uniforms) -> Choice:
    """Draw a column of each row in proportion to its weights, by inversion.

    First a block of columns, then one of the block: running sums of whole rows take longer than all
    else that a rule does.
    """
    rows, count = len(weights), weights.shape[1]
    blocks = -(-count // BLOCK)
    padded = np.zeros((rows, blocks * BLOCK), dtype=weights.dtype)
    padded[:, :count] = weights
    padded = padded.reshape(rows, blocks, BLOCK)
    of_blocks = np.cumsum(padded.sum(axis=2, dtype=np.float64), axis=1)
    block, left = _inverted(of_blocks, uniforms * of_blocks[:, -1])
    within = np.cumsum(padded[np.arange(rows), block], axis=1, dtype=np.float64)
    column, _ = _inverted(within, left)
    chosen: Choice = block * BLOCK + column
    return chosen


def _inverted(
    cumulative: npt.NDArray[np.float64], thresholds: npt.NDArray[np.float64]
) -> tuple[Choice, npt.NDArray[np.float64]]:
    """The first column of each row whose running sum is above a threshold, and what is left of it.

    Rounding can put the threshold on the total itself, or above; that counts as just below it.
    """
    below = np.minimum(thresholds, np.nextafter(cumulative[:, -1], 0))
    column = (cumulative <= below[:, None]).sum(axis=1)
    before = np.take_along_axis(cumulative, np.maximum(column - 1, 0)[:, None], axis=1)[:, 0]
    return column, below - np.where(column > 0, before, 0.0)


def _least_needed(ranked: Array, share: npt.NDArray[np.float64]) -> Array:
    """The smallest of the weights, largest first, that are needed to hold the share."""
    before = np.cumsum(ranked, axis=1, dtype=np.float64) - ranked
    least: Array = np.where(before < share[:, None], ranked, np.float32(np.inf)).min(axis=1)
    return least


def _pick(columns: Choice, rank: Choice) -> Choice:
    """`columns[row, rank[row]]` for every row."""
    picked: Choice = np.take_along_axis(columns, rank[:, None], axis=1)[:, 0]
    return picked


def _largest(values: Values, k: int) -> tuple[Choice, Values]:
    """Columns and values of the k largest of each row, largest first; ties by column."""
    rows = np.arange(len(values))
    if k <= FEW:
        # A few passes for the maximum are faster than a partition of the whole row.
        rest = values.copy()
        columns, best = np.empty((len(values), k), np.intp), np.empty((len(values), k), rest.dtype)
        for rank in range(k):
            columns[:, rank] = rest.argmax(axis=1)
            best[:, rank] = rest[rows, columns[:, rank]]
            rest[rows, columns[:, rank]] = -np.inf
        return columns, best
    if k < values.shape[1]:
        columns = np.argpartition(values, -k, axis=1)[:, -k:]
        columns.sort(axis=1)
    else:
        columns = np.broadcast_to(np.arange(k), values.shape)
    chosen = np.take_along_axis(values, columns, axis=1)
    order = np.argsort(-chosen, axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1), np.take_along_axis(chosen, order, axis=1)
