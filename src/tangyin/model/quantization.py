"""Weights in int8 with a scale a row: a quarter of the size of fp32."""

import numpy as np
import numpy.typing as npt

LARGEST = 127

Array = npt.NDArray[np.float32]


def quantize(weights: Array) -> tuple[npt.NDArray[np.int8], Array]:
    """Round each row to whole multiples of its scale, symmetric about zero.

    The scale is the one that the row's largest weight just fits. A smaller one, by search or least
    squares, took at most 5 % off the squared error of the report model's weights.

    Args:
        weights: (rows, columns), finite.

    Returns:
        (rows, columns) int8 within ±127, and (rows,) float32 scales.
    """
    scales = (np.abs(weights).max(axis=1, initial=0) / LARGEST).astype(np.float32)
    scales[scales == 0] = 1  # a row of zeros, or of what fp32 can hardly tell from it
    multiples = np.rint(weights / scales[:, None])
    return np.clip(multiples, -LARGEST, LARGEST).astype(np.int8), scales


def dequantize(quantized: npt.NDArray[np.int8], scales: Array) -> Array:
    """The weights that `quantize` stored, (rows, columns) float32."""
    weights = quantized.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # a damaged scale is found by its weights
        weights *= scales.astype(np.float32)[:, None]
    return weights
