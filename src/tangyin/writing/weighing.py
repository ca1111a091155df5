"""What a particle's weight is multiplied by at each place, so that it pays for the rules.

A sampling rule gives each candidate a share q of the chance when nothing is forbidden. Under rules
a particle draws c with the chance q(c)/Q among what is allowed, Q being the sum of its shares; so
it weighs Q, and the two together are q(c), as in free writing.
"""

import numpy as np
import numpy.typing as npt

from tangyin.writing.constraints import Columns
from tangyin.writing.rules import RandomK, Rule, Temperature, TopP

Array = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]


def log_weight(rule: Rule, support: Array, masked: Array, chosen: Columns) -> Weights:
    """Ln of the factor for a character that the rule chose.

    Args:
        rule: the sampling rule.
        support: (rows, V) log-probabilities of the rule's candidates without constraints, -inf for
            what it would never choose.
        masked: the same of what is allowed.
        chosen: (rows,) which one was chosen.

    Returns:
        (rows,), -inf where nothing is allowed.
    """
    if rule.weighs_choice:
        # Here q is the model's probability, and the chance to draw is 1 among so many.
        likelihood = masked[np.arange(len(masked)), chosen].astype(np.float64)
        return likelihood + np.log(_equally_likely(rule, masked))
    return _log_sum(rule, masked) - _log_sum(rule, support)


def log_share(rule: Rule, support: Array, given: Array) -> Weights:
    """Ln of the factor for a token that is given.

    Args:
        rule: the sampling rule.
        support: (rows, C) log-probabilities of the rule's candidates.
        given: (rows,) log-probability of what is given.

    Returns:
        (rows,).
    """
    if rule.weighs_choice:
        return given.astype(np.float64)
    return given.astype(np.float64) / _temperature(rule) - _log_sum(rule, support)


def _equally_likely(rule: Rule, masked: Array) -> npt.NDArray[np.intp]:
    """(rows,) among how many candidates the chance is shared."""
    if not isinstance(rule, RandomK):
        return np.ones(len(masked), dtype=np.intp)
    sharing = np.minimum(np.isfinite(masked).sum(axis=1), rule.k)
    certain = masked.max(axis=1) >= np.log(rule.certainty)
    return np.where(certain, 1, np.maximum(sharing, 1))


def _log_sum(rule: Rule, log_probs: Array) -> Weights:
    """Ln Σ exp(x/T) of each row, T being the rule's temperature."""
    scaled = log_probs / np.float32(_temperature(rule))
    largest = scaled.max(axis=1, keepdims=True)
    finite = np.where(np.isfinite(largest), largest, np.float32(0))
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(scaled - finite).sum(axis=1, dtype=np.float64))
    sums: Weights = total + finite[:, 0]
    return sums


def _temperature(rule: Rule) -> float:
    return rule.temperature if isinstance(rule, (Temperature, TopP)) else 1.0
