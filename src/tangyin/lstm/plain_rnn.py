"""The plain recurrent network (Elman 1990), beside which the LSTM's memory is measured."""

import numpy as np

from tangyin.lstm.arrays import FloatArray


def plain_rnn_step(
    W_ih: FloatArray, W_hh: FloatArray, b: FloatArray, x: FloatArray, h_prev: FloatArray
) -> FloatArray:
    """One step h = tanh(W_hh h_prev + W_ih x + b).

    Args:
        W_ih: (H, E).
        W_hh: (H, H).
        b: (H,).
        x: (B, E), or (E,) for one step alone.
        h_prev: (B, H), or (H,).

    Returns:
        The new hidden state, the shape of h_prev.
    """
    return np.tanh(h_prev @ W_hh.T + x @ W_ih.T + b)


def plain_rnn_dh_dh_prev(W_hh: FloatArray, h: FloatArray) -> FloatArray:
    """∂h/∂h_prev = diag(1 − h²) W_hh, (H, H), of one step alone.

    Args:
        W_hh: (H, H).
        h: (H,), what the step returned.
    """
    return np.diag(1 - h * h) @ W_hh
