"""The types of arrays that the mathematics is written in, and the check of their shapes."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating[Any]]
IntArray: TypeAlias = NDArray[np.integer[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]


def check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Check the shape of an array, so that broadcasting does not hide a mistake.

    Raises:
        ValueError: the shapes differ; `name` is what the caller calls the array.
    """
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; give it the shape {shape}")
