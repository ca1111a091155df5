"""Adadelta."""

from collections.abc import Mapping

import numpy as np

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.optimizers.optimizer import Optimizer


class Adadelta(Optimizer):
    """Adadelta (Zeiler 2012).

        v ← ρ·v + (1 − ρ)·d²
        Δ = √(u + ε) / √(v + ε) · d
        u ← ρ·u + (1 − ρ)·Δ²
        θ ← θ − lr·Δ

    Δ has the unit of θ, so that the paper needs no learning rate: `lr` is 1 by default.
    """

    def __init__(
        self,
        parameters: Mapping[str, FloatArray],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.rho = rho
        self.eps = eps
        self.v = self._zeros()
        self.u = self._zeros()

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        v, u = self.v[name], self.u[name]
        v += (1 - self.rho) * (d * d - v)
        delta = np.sqrt(u + self.eps) / np.sqrt(v + self.eps) * d
        u += (1 - self.rho) * (delta * delta - u)
        parameter -= self.lr * delta
