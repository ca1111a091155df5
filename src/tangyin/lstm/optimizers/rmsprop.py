"""RMSprop."""

from collections.abc import Mapping

import numpy as np

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.optimizers.optimizer import Optimizer


class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton 2012, lecture 6e of their course).

        v ← α·v + (1 − α)·d²
        θ ← θ − lr·d / (√v + ε)

    ε stands outside the root, as in `torch.optim.RMSprop`. With `centered`, v is replaced in the
    root by the variance v − a², where a ← α·a + (1 − α)·d (Graves 2013). With momentum μ the
    quotient is accumulated first: m ← μ·m + d/(√v + ε), θ ← θ − lr·m.
    """

    def __init__(
        self,
        parameters: Mapping[str, FloatArray],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.alpha = alpha
        self.eps = eps
        self.momentum = momentum
        self.centered = centered
        self.v = self._zeros()
        self.a = self._zeros()
        self.m = self._zeros()

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        v, a, m = self.v[name], self.a[name], self.m[name]
        v += (1 - self.alpha) * (d * d - v)
        if self.centered:
            a += (1 - self.alpha) * (d - a)
            quotient = d / (np.sqrt(v - a * a) + self.eps)
        else:
            quotient = d / (np.sqrt(v) + self.eps)
        m *= self.momentum
        m += quotient
        parameter -= self.lr * m
