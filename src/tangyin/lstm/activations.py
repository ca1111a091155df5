"""The two nonlinearities of the LSTM: the sigmoid, and NumPy's tanh."""

import numpy as np

from tangyin.lstm.arrays import FloatArray


def sigmoid(y: FloatArray) -> FloatArray:
    """The logistic function σ(y) = 1 / (1 + e^−y), elementwise.

    Shape and dtype stay. No exponential of a positive number is taken, so nothing overflows.
    """
    decay = np.exp(-np.abs(y))
    value: FloatArray = np.where(y >= 0, 1, decay) / (1 + decay)
    return value
