"""Two surfaces on which optimizers show their ways: a ravine and a saddle."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tangyin.lstm.arrays import FloatArray


@dataclass(frozen=True)
class Surface:
    """A function of two variables.

    Attributes:
        name: for people.
        formula: in TeX.
        value: f(x, y), elementwise.
        gradient: (∂f/∂x, ∂f/∂y).
        start: where optimizers begin.
        window: (left, right, bottom, top) of the plot.
    """

    name: str
    formula: str
    value: Callable[[FloatArray, FloatArray], FloatArray]
    gradient: Callable[[float, float], tuple[float, float]]
    start: tuple[float, float]
    window: tuple[float, float, float, float]


RAVINE = Surface(
    "ravine",
    r"f(x, y) = \frac{1}{2}(x^2 + 50\, y^2)",
    lambda x, y: 0.5 * (x**2 + 50 * y**2),
    lambda x, y: (x, 50 * y),
    (-3.0, 1.0),
    (-3.4, 1.4, -1.4, 1.4),
)
SADDLE = Surface(
    "saddle",
    r"f(x, y) = x^2 - y^2 + \frac{1}{8} y^4",
    lambda x, y: x**2 - y**2 + y**4 / 8,
    lambda x, y: (2 * x, -2 * y + y**3 / 2),
    (-2.0, 0.01),
    (-2.4, 2.4, -1.2, 2.6),
)


def lowest(surface: Surface) -> float:
    """The lowest value of a surface: 0 in the ravine, −2 at y = ±2 beside the saddle."""
    return 0.0 if surface is RAVINE else -2.0


def grid(surface: Surface, points: int = 200) -> tuple[FloatArray, FloatArray, FloatArray]:
    """x, y and f over the window, each (points, points)."""
    left, right, bottom, top = surface.window
    x, y = np.meshgrid(np.linspace(left, right, points), np.linspace(bottom, top, points))
    return x, y, surface.value(x, y)
