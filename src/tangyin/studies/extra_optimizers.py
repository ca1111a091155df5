"""Optimizers that only studies use, entered where recipes find them.

`tangyin.training.optimizers.OPTIMIZERS` maps names to classes. Recipes of these names are read and
trained like any other once this module was imported.
"""

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
        params: of a `tangyin.nn` language model that is not tied: its matrices are the embedding,
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
        groups = {4: gates, 1: [output], 0: rest}
        torch.optim.AdamW.__init__(
            self,
            [{"params": of, "gates": n, "momentum": momentum} for n, of in groups.items()],
            lr=lr,
            weight_decay=weight_decay,
            fused=True,
        )


def register() -> None:
    """Enter them under the names `nesterov` and `muon-output`."""
    OPTIMIZERS.setdefault("nesterov", (Nesterov, frozenset({"momentum"})))
    OPTIMIZERS.setdefault("muon-output", (MuonOutput, frozenset({"momentum"})))
