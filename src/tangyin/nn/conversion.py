"""Weights in the layout of torch.nn.LSTM, from and into ours.

Ours: gates i, f, g, o, one bias per gate, names as in the state dict of `tangyin.nn.LSTM` with
`biases=1`, such as that of a model file.
torch.nn.LSTM, and `tangyin.nn.LSTM` by default: the same except for two biases, `bias_ih_l0` and
`bias_hh_l0`, which are only added.
All functions map dictionaries of tensors to dictionaries of tensors, which are new or the ones
given, never changed in place.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def from_torch(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn a torch.nn.LSTM's state dict into ours: `bias_l0` = `bias_ih_l0` + `bias_hh_l0`, ….

    Entries that are ours already stay.

    Raises:
        KeyError: one of two biases is missing.
    """
    ours: dict[str, Tensor] = {}
    for name, value in state_dict.items():
        bias = name.replace("bias_ih", "bias", 1).replace("bias_hh", "bias", 1)
        if bias == name:
            ours[name] = value
        elif bias not in ours:
            first, second = (bias.replace("bias", part, 1) for part in ("bias_ih", "bias_hh"))
            ours[bias] = state_dict[first] + state_dict[second]
    return ours


def to_torch(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn our state dict, of the plain LSTM cell, into a torch.nn.LSTM's.

    `bias_ih_l0` = `bias_l0` and `bias_hh_l0` = 0, ….
    """
    theirs: dict[str, Tensor] = {}
    for name, value in state_dict.items():
        if name == "bias" or name.startswith("bias_l"):
            theirs[name.replace("bias", "bias_ih", 1)] = value
            theirs[name.replace("bias", "bias_hh", 1)] = torch.zeros_like(value)
        else:
            theirs[name] = value
    return theirs


def load_either_biases(
    module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_args: object
) -> None:
    """Give a state dict that is about to be loaded as many biases per gate as the module has.

    Two become their sum, and one becomes itself and zeros. What is missing stays missing.
    """
    own = {name for name, _ in module.named_parameters(recurse=False)}
    theirs = {k.removeprefix(prefix): k for k in state_dict if k.startswith(prefix)}
    for name in [n for n in theirs if n not in own and n.startswith("bias")]:
        one = name.replace("bias_ih", "bias", 1)
        pair = [one.replace("bias", part, 1) for part in ("bias_ih", "bias_hh")]
        if one != name and one in own and pair[1] in theirs:
            summed = [state_dict.pop(theirs[part]) for part in pair]
            state_dict[prefix + one] = summed[0] + summed[1]
        elif one == name and own.issuperset(pair):
            value = state_dict.pop(theirs[one])
            for part, tensor in zip(pair, (value, torch.zeros_like(value)), strict=True):
                state_dict[prefix + part] = tensor
