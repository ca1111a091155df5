"""Adagrad."""

from collections.abc import Mapping

import numpy as np

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.optimizers.optimizer import Optimizer


class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan and Singer 2011).

        v ← v + d²
        θ ← θ − lr / (1 + (t − 1)·η) · d / (√v + ε)

    where t counts the steps from 1 and η is `lr_decay`.
    """

    def __init__(
        self,
        parameters: Mapping[str, FloatArray],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.lr_decay = lr_decay
        self.eps = eps
        self.v = self._zeros()
        for v in self.v.values():
            v += initial_accumulator_value

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        v = self.v[name]
        v += d * d
        lr = self.lr / (1 + (self.steps - 1) * self.lr_decay)
        parameter -= lr * d / (np.sqrt(v) + self.eps)
