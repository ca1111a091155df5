"""Weights in the layouts of torch.nn.LSTM and of ONNX, from and into ours.

Ours: gates i, f, g, o, one bias per gate, names as in the state dict of `tangyin.nn.LSTM` with
`biases=1`, such as that of a model file.
torch.nn.LSTM, and `tangyin.nn.LSTM` by default: the same but for two biases, `bias_ih_l0` and
`bias_hh_l0`, which are only added.
ONNX (operator LSTM, version 22): gates i, o, f, c (our g), and one operator for each layer:

    W (D, 4H, I), R (D, 4H, H), B (D, 8H): both biases, P (D, 3H): peepholes of i, o, f

with D directions, forward and reverse. All functions map dictionaries of tensors to dictionaries of
tensors, which are new or the ones given, never changed in place.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

OURS, ONNX = "ifgo", "iofg"


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


def to_onnx(state_dict: Mapping[str, Tensor], layer: int = 0) -> dict[str, Tensor]:
    """Turn one layer of our state dict, of the plain or the peephole cell, into ONNX's inputs.

    These are W, R, and where the layer has them B (its second half 0) and P.

    Raises:
        KeyError: the state dict has no such layer.
        ValueError: the layer has a projection, which ONNX does not know.
    """
    if f"weight_hr_l{layer}" in state_dict:
        raise ValueError("ONNX's operator LSTM has no projection; proj_size must be 0")
    state_dict = from_torch(state_dict)
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


def _reorder(stacked: Tensor, old: str, new: str) -> Tensor:
    """Bring stacked gates from one order of their letters into another."""
    gates = dict(zip(old, stacked.chunk(len(old)), strict=True))
    return torch.cat([gates[letter] for letter in new])
