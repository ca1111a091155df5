"""The two nonlinearities of the LSTM: the sigmoid, and NumPy's tanh."""

import numpy as np

from tangyin.lstm.arrays import FloatArray


def sigmoid(y: FloatArray) -> FloatArray:
    """The logistic function σ(y) = 1 / (1 + e^−y), elementwise.

    Args:
        y: any shape, floating.

    Returns:
        The same shape and dtype, in [0, 1]. No exponential of a positive number is taken, so
        nothing overflows however large |y| is.
    """
    decay = np.exp(-np.abs(y))
    value: FloatArray = np.where(y >= 0, 1, decay) / (1 + decay)
    return value
