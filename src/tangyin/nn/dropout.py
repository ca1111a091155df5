"""Dropout of units of a whole sequence, of whole characters, and of weights.

p is the probability of dropping; what is kept is scaled by 1 / (1 − p). With p = 0 the argument is
returned as it is.
"""

import torch
from torch import Tensor


def locked_dropout(input: Tensor, p: float) -> Tensor:
    """Drop the same units of (T, B, H) at every step (Gal and Ghahramani 2016, variational)."""
    return _drop(input, p, (1, *input.shape[1:]))


def character_dropout(weight: Tensor, p: float) -> Tensor:
    """Drop whole rows of an embedding (V, E) (Gal and Ghahramani 2016; AWD-LSTM)."""
    return _drop(weight, p, (len(weight), 1))


def weight_dropout(weight: Tensor, p: float) -> Tensor:
    """Drop single recurrent weights (Wan et al. 2013; Merity et al. 2018, weight-drop)."""
    return _drop(weight, p, weight.shape)


def _drop(tensor: Tensor, p: float, shape: tuple[int, ...]) -> Tensor:
    if not p:
        return tensor
    keep = torch.rand(shape, device=tensor.device) >= p
    return tensor * (keep.to(tensor.dtype) / (1 - p))
