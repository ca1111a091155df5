"""Optimizers that only studies use, registered under names that recipes can then use."""

from collections.abc import Iterable
from functools import partial

import torch
from torch import Tensor

from tangyin.training.muon import Muon
from tangyin.training.optimizers import OPTIMIZERS


class MuonOutput(Muon):
    """Muon on the recurrent matrices, gate by gate, and on the output matrix; AdamW on the rest.

    `Muon` itself leaves the output matrix to AdamW.

    `params` are those of an untied `tangyin.nn` language model, whose matrices are the embedding,
    those of the gates, and the output's, in this order.
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
        rest = [p for p in everything if id(p) not in chosen]
        groups = [
            {"params": part, "gates": blocks, "momentum": momentum}
            for part, blocks in ((gates, 4), ([output], 1), (rest, 0))
        ]
        torch.optim.AdamW.__init__(self, groups, lr=lr, weight_decay=weight_decay, fused=True)


def register() -> None:
    """Register `nesterov`, SGD with the momentum of Nesterov (1983), and `muon-output`."""
    options = frozenset({"momentum"})
    nesterov = partial(torch.optim.SGD, momentum=0.9, nesterov=True)
    OPTIMIZERS.setdefault("nesterov", (nesterov, options))
    OPTIMIZERS.setdefault("muon-output", (MuonOutput, options))
