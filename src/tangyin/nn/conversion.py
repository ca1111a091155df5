"""Weights in the layouts of torch.nn.LSTM and of ONNX, from and into ours.

Ours: gates i, f, g, o, one bias per gate, names as in `tangyin.nn.LSTM`'s state dict.
torch.nn.LSTM: the same but for two biases, `bias_ih_l0` and `bias_hh_l0`, which are only added.
ONNX (operator LSTM, version 22): gates i, o, f, c (our g), and one operator for each layer:

    W (D, 4H, I), R (D, 4H, H), B (D, 8H): both biases, P (D, 3H): peepholes of i, o, f

with D directions, forward and reverse. A state dict is read at a prefix, so that the weights may
stand inside a model's.
"""

from collections.abc import Mapping

import torch
from torch import Tensor


def from_torch(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn a torch.nn.LSTM's state dict into ours; entries that are ours already stay.

    Args:
        state_dict: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, … .

    Returns:
        The same with `bias_l0` = `bias_ih_l0` + `bias_hh_l0` in the place of the two.
    """
    ours: dict[str, Tensor] = {}
    for name, value in state_dict.items():
        bias = name.replace("bias_ih_", "bias_", 1).replace("bias_hh_", "bias_", 1)
        ours[bias] = ours[bias] + value if bias in ours else value
    return ours


def to_torch(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn our state dict, of the plain LSTM cell, into a torch.nn.LSTM's.

    Args:
        state_dict: `weight_ih_l0`, `weight_hh_l0`, `bias_l0`, … .

    Returns:
        The same with `bias_ih_l0` = `bias_l0` and `bias_hh_l0` = 0 in the place of `bias_l0`.
    """
    theirs: dict[str, Tensor] = {}
    for name, value in state_dict.items():
        if name.startswith("bias_l"):
            theirs[name.replace("bias_", "bias_ih_", 1)] = value
            theirs[name.replace("bias_", "bias_hh_", 1)] = torch.zeros_like(value)
        else:
            theirs[name] = value
    return theirs
