"""The plain recurrent network (Elman 1990), with which the LSTM's memory is compared."""

import numpy as np

from tangyin.lstm.arrays import FloatArray


def plain_rnn_step(
    W_ih: FloatArray, W_hh: FloatArray, b: FloatArray, x: FloatArray, h_prev: FloatArray
) -> FloatArray:
    """One step h = tanh(W_hh h_prev + W_ih x + b), for x (B, E) or (E,) and h (B, H) or (H,)."""
    return np.tanh(h_prev @ W_hh.T + x @ W_ih.T + b)


def plain_rnn_dh_dh_prev(W_hh: FloatArray, h: FloatArray) -> FloatArray:
    """∂h/∂h_prev = diag(1 − h²) W_hh, (H, H), of a single step that returned h (H,)."""
    return np.diag(1 - h * h) @ W_hh
