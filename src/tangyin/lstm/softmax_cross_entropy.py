"""The softmax, and the cross-entropy of its probabilities against the targets."""

import numpy as np

from tangyin.lstm.arrays import BoolArray, FloatArray, IntArray, check_shape


def softmax(u: FloatArray) -> FloatArray:
    """p_k = e^{u_k} / Σ_j e^{u_j} over the last axis of the logits u (..., V).

    Their maximum is subtracted first, so nothing overflows.
    """
    exponentials: FloatArray = np.exp(u - u.max(axis=-1, keepdims=True))
    exponentials /= exponentials.sum(axis=-1, keepdims=True)
    return exponentials


def softmax_jacobian(u: FloatArray) -> FloatArray:
    """∂p/∂u = diag(p) − p pᵀ, (V, V), of one row of logits (V,)."""
    p = softmax(u)
    return np.diag(p) - np.outer(p, p)


def cross_entropy_forward(
    logits: FloatArray, targets: IntArray, mask: BoolArray | None = None
) -> tuple[float, FloatArray]:
    """The mean of −ln p_target over the targets that count.

    Args:
        logits: (..., V).
        targets: (...), integers in [0, V) wherever the mask is True, anything elsewhere.
        mask: (...), True at the targets that count; all of them by default.

    Returns:
        The loss, and the probabilities (..., V), which the backward needs.

    Raises:
        ValueError: no target counts, one is outside the vocabulary, or the shapes disagree.
    """
    targets, mask = _counted(logits, targets, mask)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=-1)  # (...)
    # From the logits and not from ln p, which is −∞ where p has underflowed.
    nll = np.log(sums) - np.take_along_axis(shifted, targets[..., None], axis=-1)[..., 0]
    loss = float(nll[mask].mean(dtype=np.float64))
    exponentials /= sums[..., None]
    return loss, exponentials


def cross_entropy_backward(
    probabilities: FloatArray, targets: IntArray, mask: BoolArray | None = None
) -> FloatArray:
    """∂L/∂u = (p − e_target) / N at the N targets that count, and 0 elsewhere.

    It is (..., V), from the probabilities that `cross_entropy_forward` returned, and the targets
    and mask it was given.
    """
    targets, mask = _counted(probabilities, targets, mask)
    du = np.where(mask[..., None], probabilities, 0)
    du.reshape(-1, du.shape[-1])[np.flatnonzero(mask), targets[mask]] -= 1
    du /= int(mask.sum())
    return du


def _counted(
    scores: FloatArray, targets: IntArray, mask: BoolArray | None
) -> tuple[IntArray, BoolArray]:
    """The targets, 0 where they do not count, and the mask, after the checks both ways need."""
    check_shape("targets", targets, scores.shape[:-1])
    if mask is None:
        mask = np.ones(targets.shape, bool)
    check_shape("mask", mask, targets.shape)
    if not mask.any():
        raise ValueError("the mask leaves no target; give at least one that counts")
    targets = np.where(mask, targets, 0)
    if targets.min() < 0 or targets.max() >= scores.shape[-1]:
        raise ValueError(
            f"a target lies outside the vocabulary of {scores.shape[-1]}; "
            "mask it or make the vocabulary larger"
        )
    return targets, mask
