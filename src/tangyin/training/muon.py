"""Muon for the gates' weights, AdamW for everything else.

Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks") replaces the
momentum of a matrix by the nearest orthogonal one, UVᵀ of its singular value decomposition, so that
no direction of the update is larger than another. An LSTM's stacked weights are four matrices, one
per gate, which are orthogonalized separately. The step is scaled by 0.2·√max(rows, columns), which
gives it the size of an Adam step (Liu et al. 2025, "Muon is scalable for LLM training"), so one
learning rate fits both.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial whose iteration drives singular values to about 1 (Jordan et al. 2024)."""

ITERATIONS = 5


def orthogonalized(matrices: Tensor) -> Tensor:
    """Approximately UVᵀ of each matrix, by Newton-Schulz iterations in bfloat16.

    Of (N, R, C) matrices it gives (N, R, C) in bfloat16, with singular values between about 0.7
    and 1.2.
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


class Muon(torch.optim.AdamW):
    """Updates the parameters named `weight_ih…` and `weight_hh…` by Muon, the others by AdamW.

    Weight decay is decoupled in both. `momentum` is Muon's, with Nesterov's lookahead; `betas` are
    AdamW's. A step leaves the parameters updated by Muon without a gradient.
    """

    def __init__(
        self,
        model: nn.Module,
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        groups: dict[int, list[nn.Parameter]] = {4: [], 0: []}
        for name, parameter in model.named_parameters():
            groups[4 if ".weight_ih" in name or ".weight_hh" in name else 0].append(parameter)
        named = [{"params": of, "gates": n, "momentum": momentum} for n, of in groups.items()]
        super().__init__(named, lr=lr, betas=betas, weight_decay=weight_decay, fused=True)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update all parameters that have a gradient; `closure` computes the loss again."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            if group["gates"]:
                self._muon(group)
        super().step()
        return loss

    def _muon(self, group: dict[str, Any]) -> None:
        for parameter in group["params"]:
            if parameter.grad is None:
                continue
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
                state["step"] = torch.zeros(())  # AdamW expects one when it loads a state
            momentum = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            ahead = parameter.grad.lerp(momentum, group["momentum"])
            blocks = ahead.view(group["gates"], -1, ahead.shape[-1])
            scale = 0.2 * math.sqrt(max(blocks.shape[1:]))
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(orthogonalized(blocks).view_as(ahead), alpha=-group["lr"] * scale)
            parameter.grad = None  # so that AdamW skips it
