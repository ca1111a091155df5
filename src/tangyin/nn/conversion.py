"""Weights in the layouts of torch.nn.LSTM and of ONNX, from and into ours.

Ours: gates i, f, g, o, one bias per gate, names as in `tangyin.nn.LSTM`'s state dict.
torch.nn.LSTM: the same but for two biases, `bias_ih_l0` and `bias_hh_l0`, which are only added.
ONNX (operator LSTM, version 22): gates i, o, f, c (our g), and one operator for each layer:

    W (D, 4H, I), R (D, 4H, H), B (D, 8H): both biases, P (D, 3H): peepholes of i, o, f

with D directions, forward and reverse. All functions map dictionaries of tensors to dictionaries of
tensors, which are new or the ones given, never changed in place.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

OURS, ONNX = "ifgo", "iofg"


def from_torch(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn a torch.nn.LSTM's state dict into ours: `bias_l0` = `bias_ih_l0` + `bias_hh_l0`, ….

    Entries that are ours already stay.
    """
    ours: dict[str, Tensor] = {}
    for name, value in state_dict.items():
        bias = name.replace("bias_ih_", "bias_", 1).replace("bias_hh_", "bias_", 1)
        ours[bias] = ours[bias] + value if bias in ours else value
    return ours


def to_torch(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn our state dict, of the plain LSTM cell, into a torch.nn.LSTM's.

    `bias_ih_l0` = `bias_l0` and `bias_hh_l0` = 0, ….
    """
    theirs: dict[str, Tensor] = {}
    for name, value in state_dict.items():
        if name.startswith("bias_l"):
            theirs[name.replace("bias_", "bias_ih_", 1)] = value
            theirs[name.replace("bias_", "bias_hh_", 1)] = torch.zeros_like(value)
        else:
            theirs[name] = value
    return theirs


def to_onnx(state_dict: Mapping[str, Tensor], layer: int = 0) -> dict[str, Tensor]:
    """Turn one layer of our state dict, of the plain or the peephole cell, into ONNX's inputs.

    These are W, R, and where the layer has them B (its second half 0) and P.

    Raises:
        KeyError: the state dict has no such layer.
    """
    suffixes = [f"_l{layer}", f"_l{layer}_reverse"]
    if f"weight_ih{suffixes[1]}" not in state_dict:
        suffixes.pop()
    onnx = {
        "W": torch.stack([_reorder(state_dict[f"weight_ih{s}"], OURS, ONNX) for s in suffixes]),
        "R": torch.stack([_reorder(state_dict[f"weight_hh{s}"], OURS, ONNX) for s in suffixes]),
    }
    if f"bias{suffixes[0]}" in state_dict:
        biases = torch.stack([_reorder(state_dict[f"bias{s}"], OURS, ONNX) for s in suffixes])
        onnx["B"] = torch.cat([biases, torch.zeros_like(biases)], dim=1)
    if f"weight_peephole{suffixes[0]}" in state_dict:
        peepholes = [state_dict[f"weight_peephole{s}"] for s in suffixes]
        onnx["P"] = torch.stack([_reorder(p, "ifo", "iof") for p in peepholes])
    return onnx


def from_onnx(inputs: Mapping[str, Tensor], layer: int = 0) -> dict[str, Tensor]:
    """Turn W, R and optionally B and P of ONNX's operator LSTM into one layer of our state dict.

    It has `weight_ih_l0`, `weight_hh_l0`, `bias_l0` (zeros without B) and, with P,
    `weight_peephole_l0`; with two directions also `…_reverse`.

    Raises:
        ValueError: W has neither one nor two directions.
    """
    directions = len(inputs["W"])
    if directions not in (1, 2):
        raise ValueError(f"W has {directions} directions; an LSTM has one or two")
    ours: dict[str, Tensor] = {}
    for n, suffix in enumerate([f"_l{layer}", f"_l{layer}_reverse"][:directions]):
        ours[f"weight_ih{suffix}"] = _reorder(inputs["W"][n], ONNX, OURS)
        ours[f"weight_hh{suffix}"] = _reorder(inputs["R"][n], ONNX, OURS)
        rows = len(inputs["W"][n])
        both = inputs["B"][n] if "B" in inputs else inputs["W"].new_zeros(2 * rows)
        ours[f"bias{suffix}"] = _reorder(both[:rows] + both[rows:], ONNX, OURS)
        if "P" in inputs:
            ours[f"weight_peephole{suffix}"] = _reorder(inputs["P"][n], "iof", "ifo")
    return ours


def _reorder(stacked: Tensor, old: str, new: str) -> Tensor:
    """Bring stacked gates from one order of their letters into another."""
    gates = dict(zip(old, stacked.chunk(len(old)), strict=True))
    return torch.cat([gates[letter] for letter in new])
