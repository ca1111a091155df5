"""The optimizers of the course report and AdamW, step by step as in `torch.optim`.

In the formulas θ is a parameter, d its gradient plus `weight_decay`·θ, and t = 1, 2, … is the
step. Every operation is elementwise; the moments (m, v, u) start at 0.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from tangyin.errors import TangyinError
from tangyin.lstm.arrays import FloatArray, check_shape


@dataclass(eq=False)
class Optimizer(ABC):
    """A rule that moves parameters against their gradients.

    Attributes:
        parameters: arrays by name, changed in place by `step`.
        lr: the learning rate; it may be assigned between steps.
        weight_decay: λ, the factor of the L2 penalty (λ/2)·‖θ‖² added to the loss.
        steps: the number of steps taken.
    """

    parameters: Mapping[str, FloatArray]
    lr: float = 1e-3
    _: KW_ONLY
    weight_decay: float = 0.0
    steps: int = field(default=0, init=False)
    _moments: dict[tuple[str, str], FloatArray] = field(default_factory=dict, init=False)

    def step(self, gradients: Mapping[str, FloatArray]) -> None:
        """Update every parameter with the gradient of the same name and shape.

        Raises:
            TangyinError: the names differ.
            ValueError: a shape differs.
        """
        if set(gradients) != set(self.parameters):
            expected, found = sorted(self.parameters), sorted(gradients)
            raise TangyinError("nn.gradients", expected=expected, found=found)
        for name, parameter in self.parameters.items():
            check_shape(f"the gradient of {name}", gradients[name], parameter.shape)
        self.steps += 1
        for name, parameter in self.parameters.items():
            self._update(name, parameter, self._decay(parameter, gradients[name]))

    def _decay(self, parameter: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return d."""
        return gradient + self.weight_decay * parameter if self.weight_decay else gradient

    @abstractmethod
    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        """Change the parameter of this name in place; d must not be changed."""

    def _moment(self, kind: str, name: str) -> FloatArray:
        """A moment of a parameter, an array of the same shape that is changed in place."""
        zeros = np.zeros_like(self.parameters[name])
        return self._moments.setdefault((kind, name), zeros)


@dataclass(eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent (Robbins and Monro 1951) with the heavy ball of Polyak (1964).

        m ← μ·m + d
        θ ← θ − lr·m

    where μ is the momentum. As in `torch.optim.SGD` the learning rate is outside m. Some papers put
    it inside, which gives other steps once the rate changes.
    """

    _: KW_ONLY
    momentum: float = 0.0

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        m = self._moment("m", name)
        m *= self.momentum
        m += d
        parameter -= self.lr * m


@dataclass(eq=False)
class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton 2012, lecture 6e of their course).

        v ← α·v + (1 − α)·d²
        θ ← θ − lr·d / (√v + ε)

    ε is outside the root, as in `torch.optim.RMSprop`.
    """

    lr: float = 1e-2
    _: KW_ONLY
    alpha: float = 0.99
    eps: float = 1e-8

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        v = self._moment("v", name)
        v += (1 - self.alpha) * (d * d - v)
        parameter -= self.lr * d / (np.sqrt(v) + self.eps)


@dataclass(eq=False)
class Adadelta(Optimizer):
    """Adadelta (Zeiler 2012).

        v ← ρ·v + (1 − ρ)·d²
        Δ = √(u + ε) / √(v + ε) · d
        u ← ρ·u + (1 − ρ)·Δ²
        θ ← θ − lr·Δ

    Δ has the unit of θ, so the paper needs no learning rate: `lr` is 1 by default.
    """

    lr: float = 1.0
    _: KW_ONLY
    rho: float = 0.9
    eps: float = 1e-6

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        v, u = self._moment("v", name), self._moment("u", name)
        v += (1 - self.rho) * (d * d - v)
        delta = np.sqrt(u + self.eps) / np.sqrt(v + self.eps) * d
        u += (1 - self.rho) * (delta * delta - u)
        parameter -= self.lr * delta


@dataclass(eq=False)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015).

        m ← β₁·m + (1 − β₁)·d
        v ← β₂·v + (1 − β₂)·d²
        θ ← θ − lr·m̂ / (√v̂ + ε),    m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)

    The divisions correct the bias towards 0.
    """

    _: KW_ONLY
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        beta_1, beta_2 = self.betas
        m, v = self._moment("m", name), self._moment("v", name)
        m += (1 - beta_1) * (d - m)
        v += (1 - beta_2) * (d * d - v)
        m_hat = m / (1 - beta_1**self.steps)
        v_hat = v / (1 - beta_2**self.steps)
        parameter -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


@dataclass(eq=False)
class AdamW(Adam):
    """AdamW (Loshchilov and Hutter 2019): Adam whose decay is not divided by √v̂.

    θ ← (1 − lr·λ)·θ, then the step of Adam with d the bare gradient
    """

    _: KW_ONLY
    weight_decay: float = 1e-2

    def _decay(self, parameter: FloatArray, gradient: FloatArray) -> FloatArray:
        parameter *= 1 - self.lr * self.weight_decay
        return gradient
