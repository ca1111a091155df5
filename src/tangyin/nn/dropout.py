"""Dropout whose mask is one for all steps of a sequence, and dropout of whole characters."""

import torch
from torch import Tensor


def locked_dropout(input: Tensor, p: float) -> Tensor:
    """Drop the same units at every step (Gal and Ghahramani 2016, variational dropout).

    Args:
        input: (T, B, H).
        p: the probability of dropping a unit of a sequence; the others grow by 1/(1 - p).

    Returns:
        (T, B, H); the input itself when p is 0.
    """
    if not p:
        return input
    keep = torch.rand(1, *input.shape[1:], device=input.device) >= p
    return input * (keep.to(input.dtype) / (1 - p))


def character_dropout(weight: Tensor, p: float) -> Tensor:
    """Drop whole rows of an embedding (Gal and Ghahramani 2016; AWD-LSTM's embedding dropout).

    Args:
        weight: (V, E).
        p: the probability of dropping a row; the others grow by 1/(1 - p).

    Returns:
        (V, E); the weight itself when p is 0.
    """
    if not p:
        return weight
    keep = torch.rand(len(weight), 1, device=weight.device) >= p
    return weight * (keep.to(weight.dtype) / (1 - p))


def weight_dropout(weight: Tensor, p: float) -> Tensor:
    """Drop single recurrent weights (Wan et al. 2013; Merity et al. 2018, weight-drop).

    Args:
        weight: (4H, H).
        p: the probability of dropping a weight; the others grow by 1/(1 - p).

    Returns:
        (4H, H); the weight itself when p is 0.
    """
    if not p:
        return weight
    keep = torch.rand_like(weight) >= p
    return weight * (keep.to(weight.dtype) / (1 - p))
