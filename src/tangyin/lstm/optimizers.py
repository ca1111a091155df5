"""The optimizers of the course report and others like them, step by step as in `torch.optim`.

In the formulas θ is a parameter, d its gradient plus `weight_decay`·θ, and t = 1, 2, … is the
step. Every operation is elementwise; the moments (m, v, …) start at 0.

All take `maximize` and `decoupled_weight_decay`; those that divide by √v + ε also `eps_in_root`,
with which they divide by √(v + ε).
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
        maximize: whether to go up the gradient of an objective, and still towards small θ.
        decoupled_weight_decay: whether θ ← (1 − lr·λ)·θ before the step takes the penalty's place,
            so that nothing divides the decay (Loshchilov and Hutter 2019); d is then the gradient.
        steps: how many steps have been taken.
    """

    parameters: Mapping[str, FloatArray]
    lr: float = 1e-3
    _: KW_ONLY
    weight_decay: float = 0.0
    maximize: bool = False
    decoupled_weight_decay: bool = False
    steps: int = field(default=0, init=False)
    _moments: dict[tuple[str, str], FloatArray] = field(default_factory=dict, init=False)

    def step(self, gradients: Mapping[str, FloatArray]) -> None:
        """Change every parameter by its gradient, of its name and shape, which is not changed.

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
        """Give d; with decoupled decay, change the parameter."""
        d = -gradient if self.maximize else gradient
        if self.decoupled_weight_decay:
            parameter *= 1 - self.lr * self.weight_decay
            return d
        return d + self.weight_decay * parameter if self.weight_decay else d

    @abstractmethod
    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        """Change the parameter of this name in place; d must not be changed."""

    def _moment(self, kind: str, name: str) -> FloatArray:
        """What is remembered of a parameter, an array of its shape to be changed in place."""
        zeros = np.zeros_like(self.parameters[name])
        return self._moments.setdefault((kind, name), zeros)


def _root(v: FloatArray, eps: float, eps_in_root: bool) -> FloatArray:
    """Give √(v + ε) or √v + ε."""
    root: FloatArray = np.sqrt(v + eps) if eps_in_root else np.sqrt(v) + eps
    return root


@dataclass(eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent (Robbins and Monro 1951) with momentum.

    The heavy ball of Polyak (1964), with momentum μ and dampening τ:

        m ← μ·m + (1 − τ)·d    (m ← d at the first step)
        θ ← θ − lr·m

    With `nesterov`, after Nesterov (1983) in the form of Sutskever et al. (2013):

        θ ← θ − lr·(d + μ·m)

    As in `torch.optim.SGD` the learning rate is outside m. Some papers put it inside, which differs
    as soon as it changes.

    Raises:
        ValueError: `nesterov` is given without momentum or with dampening.
    """

    _: KW_ONLY
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        if self.nesterov and (self.momentum <= 0 or self.dampening != 0):
            raise ValueError("nesterov has no meaning without momentum or with dampening; set both")

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        if self.momentum == 0:
            parameter -= self.lr * d
            return
        m = self._moment("m", name)
        m *= self.momentum
        m += d if self.steps == 1 else (1 - self.dampening) * d
        parameter -= self.lr * (d + self.momentum * m if self.nesterov else m)


@dataclass(eq=False)
class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan and Singer 2011), where η is `lr_decay`.

    v ← v + d²
    θ ← θ − lr / (1 + (t − 1)·η) · d / (√v + ε)
    """

    lr: float = 1e-2
    _: KW_ONLY
    lr_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10
    eps_in_root: bool = False

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        v = self._moment("v", name)
        v += d * d if self.steps > 1 else d * d + self.initial_accumulator_value
        lr = self.lr / (1 + (self.steps - 1) * self.lr_decay)
        parameter -= lr * d / _root(v, self.eps, self.eps_in_root)


@dataclass(eq=False)
class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton 2012, lecture 6e of their course).

        v ← α·v + (1 − α)·d²
        θ ← θ − lr·d / (√v + ε)

    ε is outside the root, as in `torch.optim.RMSprop`, unless `eps_in_root`. With `centered`, the
    root is of the variance v − a² instead, where a ← α·a + (1 − α)·d (Graves 2013). With momentum μ
    the quotient is accumulated first: m ← μ·m + d/(√v + ε), θ ← θ − lr·m.
    """

    lr: float = 1e-2
    _: KW_ONLY
    alpha: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centered: bool = False
    eps_in_root: bool = False

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        v, m = self._moment("v", name), self._moment("m", name)
        v += (1 - self.alpha) * (d * d - v)
        variance = v
        if self.centered:
            a = self._moment("a", name)
            a += (1 - self.alpha) * (d - a)
            variance = v - a * a
        m *= self.momentum
        m += d / _root(variance, self.eps, self.eps_in_root)
        parameter -= self.lr * m


@dataclass(eq=False)
class Adadelta(Optimizer):
    """Adadelta (Zeiler 2012).

        v ← ρ·v + (1 − ρ)·d²
        Δ = √(u + ε) / √(v + ε) · d
        u ← ρ·u + (1 − ρ)·Δ²
        θ ← θ − lr·Δ

    Δ has the unit of θ, so that the paper needs no learning rate: `lr` is 1 by default.
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

    The divisions correct the bias towards 0. With `amsgrad` the root is of the largest v so far
    (Reddi et al. 2018).
    """

    _: KW_ONLY
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    amsgrad: bool = False
    eps_in_root: bool = False

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        beta_1, beta_2 = self.betas
        m, v = self._moment("m", name), self._moment("v", name)
        m += (1 - beta_1) * (d - m)
        v += (1 - beta_2) * (d * d - v)
        if self.amsgrad:
            largest = self._moment("largest v", name)
            v = np.maximum(largest, v, out=largest)
        m_hat = m / (1 - beta_1**self.steps)
        v_hat = v / (1 - beta_2**self.steps)
        parameter -= self.lr * m_hat / _root(v_hat, self.eps, self.eps_in_root)


@dataclass(eq=False)
class AdamW(Adam):
    """AdamW (Loshchilov and Hutter 2019): Adam whose decay is not divided by √v̂.

    θ ← (1 − lr·λ)·θ, then the step of Adam with d the bare gradient
    """

    _: KW_ONLY
    weight_decay: float = 1e-2
    decoupled_weight_decay: bool = True
