"""Stochastic gradient descent, with momentum."""

from collections.abc import Mapping

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent (Robbins and Monro 1951) with momentum.

    The heavy ball of Polyak (1964), with momentum μ and dampening τ:

        m ← μ·m + (1 − τ)·d    (m ← d at the first step)
        θ ← θ − lr·m

    With `nesterov`, after Nesterov (1983) in the form of Sutskever et al. (2013):

        θ ← θ − lr·(d + μ·m)

    The learning rate stands outside m, as in `torch.optim.SGD`; some papers put it inside, which
    differs as soon as it changes.
    """

    def __init__(
        self,
        parameters: Mapping[str, FloatArray],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("nesterov has no meaning without momentum or with dampening; set both")
        self.momentum = momentum
        self.dampening = dampening
        self.nesterov = nesterov
        self.m = self._zeros()

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        if self.momentum == 0:
            parameter -= self.lr * d
            return
        m = self.m[name]
        m *= self.momentum
        m += d if self.steps == 1 else (1 - self.dampening) * d
        parameter -= self.lr * (d + self.momentum * m if self.nesterov else m)
