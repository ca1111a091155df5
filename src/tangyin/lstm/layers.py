"""The layers around the LSTM, and the plain recurrent network it is compared with."""

import numpy as np

from tangyin.lstm.arrays import BoolArray, FloatArray, IntArray, check_shape


def embedding_forward(weight: FloatArray, tokens: IntArray) -> FloatArray:
    """The rows (..., E) of the tokens (...) in the weight (V, E): one-hot rows times the matrix.

    Raises:
        ValueError: a token lies outside the vocabulary.
    """
    if tokens.size and (tokens.min() < 0 or tokens.max() >= weight.shape[0]):
        raise ValueError(
            f"a token lies outside the vocabulary of {weight.shape[0]}; "
            "replace it by the one for unknown characters"
        )
    return weight[tokens]


def embedding_backward(tokens: IntArray, dx: FloatArray, vocabulary_size: int) -> FloatArray:
    """The gradient by the weight (V, E) from that by the rows looked up, dx (..., E).

    A token's row is the sum over its occurrences in `tokens` (...), or zeros if it has none.
    """
    flat = tokens.reshape(-1)  # (N,)
    rows = dx.reshape(flat.size, dx.shape[-1])  # (N, E)
    dweight = np.zeros((vocabulary_size, dx.shape[-1]), dx.dtype)
    if flat.size:
        # Sorted, the places of one token are neighbours, and each run of them is one sum.
        order = np.argsort(flat, kind="stable")
        present, starts = np.unique(flat[order], return_index=True)
        dweight[present] = np.add.reduceat(rows[order], starts, axis=0)
    return dweight


def linear_forward(weight: FloatArray, bias: FloatArray, h: FloatArray) -> FloatArray:
    """U = H Wᵀ + b, (N, V), for a weight (V, H), a bias (V,) and rows h (N, H)."""
    return h @ weight.T + bias


def linear_backward(
    weight: FloatArray, h: FloatArray, du: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The gradients by weight (V, H), bias (V,) and h (N, H), from that by the result, (N, V)."""
    return du.T @ h, du.sum(axis=0), du @ weight


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
    """The mean of −ln p_target over the targets that count, and the probabilities (..., V).

    Args:
        logits: (..., V).
        targets: (...), integers in [0, V) wherever the mask is True, anything elsewhere.
        mask: (...), True at the targets that count; all of them by default.

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
    """The targets, 0 where they do not count, and the mask, both checked."""
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


def plain_rnn_step(
    W_ih: FloatArray, W_hh: FloatArray, b: FloatArray, x: FloatArray, h_prev: FloatArray
) -> FloatArray:
    """One step h = tanh(W_hh h_prev + W_ih x + b), for x (B, E) or (E,) and h (B, H) or (H,)."""
    return np.tanh(h_prev @ W_hh.T + x @ W_ih.T + b)


def plain_rnn_dh_dh_prev(W_hh: FloatArray, h: FloatArray) -> FloatArray:
    """∂h/∂h_prev = diag(1 − h²) W_hh, (H, H), of a single step that returned h (H,)."""
    return np.diag(1 - h * h) @ W_hh
