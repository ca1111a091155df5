"""Two surfaces that show how optimizers behave: a ravine and a saddle."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tangyin.lstm.arrays import FloatArray


@dataclass(frozen=True)
class Surface:
    """A function of two variables."""

    name: str
    formula: str  # TeX
    value: Callable[[FloatArray, FloatArray], FloatArray]  # f(x, y), elementwise
    gradient: Callable[[float, float], tuple[float, float]]  # (∂f/∂x, ∂f/∂y)
    start: tuple[float, float]
    minima: tuple[tuple[float, float], ...]
    window: tuple[float, float, float, float]  # (left, right, bottom, top) of the plot


RAVINE = Surface(
    "ravine",
    r"f(x, y) = \dfrac{1}{2}\,(x^2 + 200\, y^2)",
    lambda x, y: 0.5 * (x**2 + 200 * y**2),
    lambda x, y: (x, 200 * y),
    (-3.0, 1.0),
    ((0.0, 0.0),),
    (-3.4, 1.4, -1.4, 1.4),
)
SADDLE = Surface(
    "saddle",
    r"f(x, y) = 100\, x^2 - y^2 + \dfrac{1}{8}\, y^4",
    lambda x, y: 100 * x**2 - y**2 + y**4 / 8,
    lambda x, y: (200 * x, -2 * y + y**3 / 2),
    (-1.0, 0.001),
    ((0.0, 2.0), (0.0, -2.0)),
    (-1.3, 1.3, -1.0, 2.6),
)
"""As steep across as the ravine, so that the same rates are the largest."""
SURFACES = (RAVINE, SADDLE)


def grid(surface: Surface, points: int = 200) -> tuple[FloatArray, FloatArray, FloatArray]:
    """x, y and f over the window, each (points, points)."""
    left, right, bottom, top = surface.window
    x, y = np.meshgrid(np.linspace(left, right, points), np.linspace(bottom, top, points))
    return x, y, surface.value(x, y)
