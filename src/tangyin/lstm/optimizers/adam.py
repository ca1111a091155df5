"""Adam."""

from collections.abc import Mapping

import numpy as np

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.optimizers.optimizer import Optimizer


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015).

        m ← β₁·m + (1 − β₁)·d
        v ← β₂·v + (1 − β₂)·d²
        θ ← θ − lr·m̂ / (√v̂ + ε),    m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)

    where t counts the steps from 1: m and v start at 0, and the divisions take out the bias
    towards it. With `amsgrad` the root is taken of the largest v so far (Reddi et al. 2018).
    """

    def __init__(
        self,
        parameters: Mapping[str, FloatArray],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.betas = betas
        self.eps = eps
        self.amsgrad = amsgrad
        self.m = self._zeros()
        self.v = self._zeros()
        self.largest_v = self._zeros()

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        beta_1, beta_2 = self.betas
        m, v = self.m[name], self.v[name]
        m += (1 - beta_1) * (d - m)
        v += (1 - beta_2) * (d * d - v)
        if self.amsgrad:
            v = np.maximum(self.largest_v[name], v, out=self.largest_v[name])
        m_hat = m / (1 - beta_1**self.steps)
        v_hat = v / (1 - beta_2**self.steps)
        parameter -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
