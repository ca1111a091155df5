"""Optimizers that only studies use, registered under names that recipes can then use."""

from collections.abc import Iterable

import torch
from torch import Tensor

from tangyin.training.muon import Muon
from tangyin.training.optimizers import OPTIMIZERS


class Nesterov(torch.optim.SGD):
    """SGD with the momentum of Nesterov (1983)."""

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        momentum: float = 0.9,
    ) -> None:
        super().__init__(params, lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=True)


class MuonOutput(Muon):
    """Muon on the recurrent matrices, gate by gate, and on the output matrix; AdamW on the rest.

    `Muon` itself leaves the output matrix to AdamW.

    Args:
        params: of an untied `tangyin.nn` language model: its matrices are the embedding, those of
            the gates, and the output's, in this order.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
    ) -> None:
        everything = list(params)
        _, *gates, output = [p for p in everything if p.dim() == 2]
        chosen = {id(p) for p in (*gates, output)}
        defaults = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "betas": (0.9, 0.999),
        }  # fmt: skip
        torch.optim.Optimizer.__init__(
            self,
            [
                {"params": gates, "gates": 4},
                {"params": [output], "gates": 1},
                {"params": [p for p in everything if id(p) not in chosen], "gates": 0},
            ],
            defaults,
        )


def register() -> None:
    """Register them as `nesterov` and `muon-output`."""
    OPTIMIZERS.setdefault("nesterov", (Nesterov, frozenset({"momentum"})))
    OPTIMIZERS.setdefault("muon-output", (MuonOutput, frozenset({"momentum"})))
