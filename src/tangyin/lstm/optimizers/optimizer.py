"""What every optimizer is: parameters, and a step that changes them in place."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from tangyin.errors import TangyinError
from tangyin.lstm.arrays import FloatArray, check_shape


class Optimizer(ABC):
    """A rule that moves parameters against their gradients.

    In the formulas of the rules θ is a parameter, d its gradient plus `weight_decay`·θ, and every
    operation is elementwise.

    Args:
        parameters: arrays by name, changed in place by `step`.
        lr: the learning rate; it may be assigned between steps.
        weight_decay: the factor of the L2 penalty (weight_decay/2)·‖θ‖² added to the loss.

    Attributes:
        parameters: the arrays, not copies.
        steps: how many steps have been taken.
        lr: the learning rate.
    """

    def __init__(
        self, parameters: Mapping[str, FloatArray], *, lr: float, weight_decay: float
    ) -> None:
        self.parameters = dict(parameters)
        self.lr = lr
        self.weight_decay = weight_decay
        self.steps = 0

    def step(self, gradients: Mapping[str, FloatArray]) -> None:
        """Change every parameter by its gradient, which is left as it is.

        Args:
            gradients: an array for each parameter, under its name and of its shape.

        Raises:
            TangyinError: the names differ.
            ValueError: a shape differs.
        """
        if set(gradients) != set(self.parameters):
            raise TangyinError(
                f"got gradients of {', '.join(sorted(gradients)) or 'nothing'}; "
                f"give those of {', '.join(sorted(self.parameters))}"
            )
        for name, parameter in self.parameters.items():
            check_shape(f"the gradient of {name}", gradients[name], parameter.shape)
        self.steps += 1
        for name, parameter in self.parameters.items():
            d = gradients[name]
            if self.weight_decay:
                d = d + self.weight_decay * parameter
            self._update(name, parameter, d)

    @abstractmethod
    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        """Change one parameter in place.

        Args:
            name: its name, under which the optimizer keeps what it remembers of it.
            parameter: θ.
            d: the gradient, decay included; not to be changed.
        """

    def _zeros(self) -> dict[str, FloatArray]:
        """An array of zeros for each parameter."""
        return {name: np.zeros_like(parameter) for name, parameter in self.parameters.items()}
