"""The operations of `tangyin.lstm.cell` on tensors, differentiable by autograd to any order."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from tangyin.lstm.cell import EPS, Cell, Operations


def _split(y: Tensor, parts: int) -> tuple[Tensor, ...]:
    return y.chunk(parts, dim=-1)


def _layer_norm(y: Tensor, gain: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.layer_norm(y, y.shape[-1:], gain, bias, EPS)


TORCH = Operations(F.linear, torch.sigmoid, torch.tanh, _split, _layer_norm)


class Weights:
    """The parameters of a cell as `Cell` reads them: the sum of two biases is its bias."""

    bias: Tensor | None = None
    weight_hr: Tensor | None = None
    """The projection of h, (P, H)."""
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None

    def __init__(self, parameters: Mapping[str, Tensor | None]) -> None:
        # SimpleNamespace would do, but torch.compile does not know it
        for name, tensor in parameters.items():
            setattr(self, name, tensor)
        if self.bias_ih is not None and self.bias_hh is not None:
            self.bias = self.bias_ih + self.bias_hh

    def __getattr__(self, name: str) -> Tensor:
        raise AttributeError(f"the cell has no parameter named {name}")


def take_step(
    cell: Cell, weights: Weights, inputs: Tensor, h: Tensor, c: Tensor
) -> tuple[Tensor, Tensor]:
    """One step of a cell, with the projection of h if there is one."""
    h, c = cell.step(TORCH, weights, inputs, h, c)
    return h if weights.weight_hr is None else F.linear(h, weights.weight_hr), c
