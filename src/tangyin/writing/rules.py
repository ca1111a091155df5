"""Sampling rules: how the next token is chosen among the candidates.

A rule sees the model's log-probabilities of the candidates that the form admits at this place, and
one uniform number for each poem. It never sees `<unk>`, and does not depend on the form.
"""

from abc import ABC, abstractmethod
from copy import copy
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from tangyin.errors import UsageError
from tangyin.metre.option import Option
from tangyin.model.arithmetic import ONE, Arithmetic, arithmetic

Array = npt.NDArray[np.float32]
Uniforms = npt.NDArray[np.float64]
Choice = npt.NDArray[np.intp]
Columns = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float64]


class Rule(ABC):
    """Chooses one candidate for each poem; `name` is what it is called on the command line.

    Under a law a particle pays for what the rule would rather have chosen. A rule gives each
    candidate a share q of the probability when nothing is excluded. Among what is allowed a
    particle draws c with the probability q(c)/Q, Q being the sum of their shares; so its weight is
    multiplied by Q, and the two together are q(c), as in free writing.
    """

    name: ClassVar[str]

    def __post_init__(self) -> None:
        for option in OPTIONS:
            if option.name in vars(self):
                option.check(vars(self)[option.name])

    def on(self, arithmetic: Arithmetic) -> Self:
        """The same rule, which computes as an engine does."""
        rule = copy(self)
        object.__setattr__(rule, "_arithmetic", arithmetic)
        return rule

    @property
    def arithmetic(self) -> Arithmetic:
        """What it computes by: that of `on`, or the fastest of this machine."""
        found: Arithmetic = vars(self).get("_arithmetic") or arithmetic()
        return found

    def choose(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        """A column (B,) for each row of `log_probs` (B, C), by `uniforms` (B,) in [0, 1)."""
        places, values = self.candidates(log_probs)
        return places[np.arange(len(places)), self.draw(values, uniforms)].astype(np.intp)

    def candidates(self, log_probs: Array) -> tuple[Columns, Array]:
        """What the rule would choose from: columns, in order, and log-probabilities, both (B, M).

        Behind the last candidate of a row the log-probabilities are -inf.
        """
        return np.broadcast_to(
            np.arange(log_probs.shape[1], dtype=np.int32), log_probs.shape
        ), log_probs

    @abstractmethod
    def draw(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        """As `choose`, among what `candidates` gave or a part of it; the others are -inf."""

    @abstractmethod
    def log_weight(self, support: Array, masked: Array, chosen: Choice) -> Weights:
        """Ln of the factor (rows,) of the weights for characters drawn; -inf where none is allowed.

        `support` (rows, C) are the log-probabilities of what the rule would choose from without a
        law, `masked` those of what is allowed, and `chosen` (rows,) the columns drawn of
        the latter.
        """

    @abstractmethod
    def log_share(self, support: Array, given: Array) -> Weights:
        """Ln of the factor (rows,) of the weights for given tokens of log-probability `given`."""


class _Ranked(Rule):
    """Draws evenly among the `k` most likely candidates.

    A candidate that is nearly certain is always taken, so that the rule does not break what the
    model knows.

    The candidates' probabilities do not matter to the draw, so q is the model's probability, and a
    draw has the probability 1 among as many as share it. This makes the particles the model's
    again.
    """

    k: int
    certainty: float

    def draw(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        columns, best = self.arithmetic.largest(log_probs, min(self.k, log_probs.shape[1]))
        # Where a law leaves fewer than k, those alone share the draw.
        open_ = np.isfinite(best).sum(axis=1)
        rank = np.minimum((uniforms * open_).astype(np.intp), np.maximum(open_ - 1, 0))
        rank[best[:, 0] >= np.log(self.certainty)] = 0
        picked: Choice = columns[np.arange(len(columns)), rank].astype(np.intp)
        return picked

    def log_weight(self, support: Array, masked: Array, chosen: Choice) -> Weights:  # noqa: ARG002
        open_ = np.minimum(np.isfinite(masked).sum(axis=1), self.k)
        certain = masked.max(axis=1) >= np.log(self.certainty)
        sharing = np.where(certain, 1, np.maximum(open_, 1))
        return masked[np.arange(len(masked)), chosen].astype(np.float64) + np.log(sharing)

    def log_share(self, support: Array, given: Array) -> Weights:  # noqa: ARG002
        return given.astype(np.float64)


class _Tempered(Rule):
    """Draws in proportion to the probabilities, the logits divided by `temperature`."""

    temperature: float

    def draw(self, log_probs: Array, uniforms: Uniforms) -> Choice:
        weights, _, totals = self.arithmetic.weigh(log_probs, self.temperature)
        # Sums of whole numbers are exact, so columns beside these change nothing.
        reached = np.cumsum(weights, axis=1, dtype=np.int64)
        thresholds = np.minimum((uniforms * totals).astype(np.int64), totals - 1)
        chosen: Choice = (reached <= thresholds[:, None]).sum(axis=1)
        return chosen

    def log_weight(self, support: Array, masked: Array, chosen: Choice) -> Weights:  # noqa: ARG002
        return self._log_sum(masked) - self._log_sum(support)

    def log_share(self, support: Array, given: Array) -> Weights:
        scaled: Weights = given.astype(np.float64) / self.temperature
        return scaled - self._log_sum(support)

    def _log_sum(self, log_probs: Array) -> Weights:
        """Ln Σ exp(x/T) of each row; -inf where nothing is finite."""
        largest, totals = self.arithmetic.totals(log_probs, self.temperature)
        with np.errstate(divide="ignore"):
            sums: Weights = largest.astype(np.float64) / self.temperature + np.log(totals / ONE)
        return sums


@dataclass(frozen=True)
class Argmax(_Ranked):
    """The most likely candidate."""

    name = "argmax"
    k = 1
    certainty = 1.0


@dataclass(frozen=True)
class RandomK(_Ranked):
    """The course report's random-k; `certainty` is the probability of what is always taken."""

    name = "random-k"
    k: int = 5
    certainty: float = 0.9


@dataclass(frozen=True)
class Temperature(_Tempered):
    """Sampling from the model at a temperature; below 1 it sharpens the distribution."""

    name = "temperature"
    temperature: float = 1.0


@dataclass(frozen=True)
class TopP(_Tempered):
    """Nucleus sampling (Holtzman et al. 2020, "The curious case of neural text degeneration").

    Samples from the smallest set of candidates that together have the share `p` of the
    probability, in (0, 1]. `temperature` divides the logits first.
    """

    name = "top-p"
    p: float = 0.9
    temperature: float = 0.7

    def candidates(self, log_probs: Array) -> tuple[Columns, Array]:
        """See `Rule.candidates`."""
        return self.arithmetic.nucleus(log_probs, self.temperature, self.p)


RULES: dict[str, type[Any]] = {rule.name: rule for rule in (Argmax, RandomK, TopP, Temperature)}
"""The rules by name."""

OPTIONS = (
    Option("rule", str, "top-p", choices=tuple(RULES)).texts(
        en=("Choose by", "How each character is chosen."), zh=("採樣規則", "怎樣選每個字。")
    ),
    Option("k", int, None, minimum=1, maximum=100_000).texts(
        en=("k", "random-k: choose among the k likeliest characters; 5 by default."),
        zh=("k", "random-k：在機率最高的幾個字裡任取一個；預設 5。"),
    ),
    Option("certainty", float, None, minimum=0, maximum=1, above=True).texts(
        en=("Certainty", "random-k: a character at least this probable is taken; 0.9 by default."),
        zh=("把握", "random-k：機率達到此值的字直接取用；預設 0.9。"),
    ),
    Option("temperature", float, None, minimum=0.01, maximum=100).texts(
        en=(
            "Temperature",
            "Below 1 favours likely characters; top-p: 0.7 with a title, else 0.85.",
        ),
        zh=("溫度", "小於 1 則更偏向機率高的字；top-p 有詩題時預設 0.7，否則 0.85。"),
    ),
    Option("p", float, None, minimum=0, maximum=1, above=True).texts(
        en=("p", "top-p: total probability of the characters to choose among; 0.9 by default."),
        zh=("p", "top-p：從累計機率達到此值的最小字集裡取；預設 0.9。"),
    ),
)
"""The options that choose a rule and its numbers."""


def rule_named(rule: str | Rule, **numbers: float | None) -> Rule:
    """A sampling rule by name, with its numbers.

    Args:
        rule: argmax, random-k, temperature or top-p; or a rule itself, which takes no numbers.
        numbers: fields of the rule, such as `k` of random-k; None for its default.

    Raises:
        UsageError: there is no such rule, it takes no such number, or the number is out of bounds.
    """
    made = rule if isinstance(rule, Rule) else None
    name = made.name if made else OPTIONS[0].check(rule)
    given = {key: value for key, value in numbers.items() if value is not None}
    taken = [] if made else [field.name for field in fields(RULES[name])]
    for key in given:
        if key not in taken:
            raise UsageError("request.rule_number", rule=name, name=key)
    return made or RULES[name](**given)
