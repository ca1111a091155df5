"""Muon for the gates' weights, AdamW for everything else.

Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks") replaces the
momentum of a matrix by the nearest orthogonal one, UVᵀ of its singular value decomposition, so that
no direction of the update is larger than another. An LSTM's stacked weights are four matrices, one
a gate; each is made orthogonal by itself. The step is scaled by 0.2·√max(rows, columns), which
gives it the size of an Adam step (Liu et al. 2025, "Muon is scalable for LLM training"), so that
one learning rate serves both.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial whose iteration drives singular values to about 1 (Jordan et al. 2024)."""

ITERATIONS = 5


def orthogonalized(matrices: Tensor) -> Tensor:
    """Nearly UVᵀ of each matrix, by Newton-Schulz iterations in bfloat16.

    The singular values come to lie between about 0.7 and 1.2.

    Args:
        matrices: (N, R, C).

    Returns:
        (N, R, C) bfloat16.
    """
    a, b, c = COEFFICIENTS
    x: Tensor = matrices.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    for _ in range(ITERATIONS):
        # the smaller of X Xᵀ and Xᵀ X: X (a + b Xᵀ X + c (Xᵀ X)²) is the same from either side
        gram = x.mT @ x if tall else x @ x.mT
        powers = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, x, powers, beta=a) if tall else torch.baddbmm(x, powers, x, beta=a)
    return x


class Muon(torch.optim.Optimizer):
    """Updates groups with `gates` by Muon and the others by AdamW.

    Args:
        model: its parameters named `weight_ih…` and `weight_hh…` are updated by Muon.
        lr: learning rate of all groups.
        weight_decay: decoupled, of all matrices updated by Muon and of the others alike.
        momentum: of Muon, with Nesterov's look ahead.
        betas: of AdamW.
    """

    def __init__(
        self,
        model: nn.Module,
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        named = dict(model.named_parameters())
        gates = [p for name, p in named.items() if ".weight_ih" in name or ".weight_hh" in name]
        chosen = set(map(id, gates))
        others = [p for p in named.values() if id(p) not in chosen]
        defaults = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "betas": betas}
        super().__init__([{"params": gates, "gates": 4}, {"params": others, "gates": 0}], defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update all parameters that have a gradient.

        Args:
            closure: computes the loss anew, as other optimizers take it.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group["gates"]:
                self._muon(group)
            else:
                self._adamw(group)
        return loss

    def _muon(self, group: dict[str, Any]) -> None:
        for parameter in group["params"]:
            if parameter.grad is None:
                continue
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            momentum = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            ahead = parameter.grad.lerp(momentum, group["momentum"])
            blocks = ahead.view(group["gates"], -1, ahead.shape[-1])
            scale = 0.2 * math.sqrt(max(blocks.shape[1:]))
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(orthogonalized(blocks).view_as(ahead), alpha=-group["lr"] * scale)

    def _adamw(self, group: dict[str, Any]) -> None:
        parameters = [p for p in group["params"] if p.grad is not None]
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = torch.zeros(())
                state["exp_avg"] = torch.zeros_like(parameter)
                state["exp_avg_sq"] = torch.zeros_like(parameter)
        states = [self.state[parameter] for parameter in parameters]
        beta1, beta2 = group["betas"]
        adamw(
            parameters,
            [p.grad for p in parameters if p.grad is not None],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=1e-8,
            maximize=False,
        )
