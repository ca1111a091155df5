"""Why RMSprop works: five optimizers of `tangyin.lstm` on a ravine and on a saddle."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.optimizers import SGD, Adadelta, Adam, Optimizer, RMSprop
from tangyin.studies.study import Study
from tangyin.studies.training_cache import TrainingCache

STEPS, QUICK_STEPS = 150, 30
NEAR = 0.1
"""An optimizer has arrived when it is this close to a minimum and stays there."""

MAKERS: dict[str, tuple[dict[str, float], Callable[..., Optimizer]]] = {
    "SGD": ({"lr": 0.009}, SGD),
    "momentum": ({"lr": 0.005, "momentum": 0.9}, SGD),
    "RMSprop": ({"lr": 0.03, "alpha": 0.9}, RMSprop),
    "Adam": ({"lr": 0.1}, Adam),
    "Adadelta": ({"lr": 10.0}, Adadelta),
}
"""The rates are near the largest stable ones. The steep walls of both surfaces limit SGD's: at
2/200 it diverges."""


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


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Let each optimizer walk from the same place on each surface."""
    steps = QUICK_STEPS if quick else STEPS
    cache.progress.plan(0.1)
    cache.progress.doing("paths")
    paths = {
        surface.name: {name: walk(surface, name, steps) for name in MAKERS} for surface in SURFACES
    }
    cache.progress.advance(0.1)
    options = {name: options for name, (options, _) in MAKERS.items()}
    settings = {"quick": quick, "steps": steps, "near": NEAR, "options": options}
    return {"settings": settings, "paths": paths}


def walk(surface: Surface, name: str, steps: int) -> dict[str, Any]:
    """The path of an optimizer, its distances from the nearest minimum, and when it arrived."""
    options, make = MAKERS[name]
    place = np.array(surface.start)
    optimizer = make({"place": place}, **options)
    points = [place.copy()]
    for _ in range(steps):
        optimizer.step({"place": np.array(surface.gradient(float(place[0]), float(place[1])))})
        points.append(place.copy())
    found = np.array(points)
    distances = np.linalg.norm(found[:, None] - np.array(surface.minima), axis=2).min(axis=1)
    first = int(np.flatnonzero(distances >= NEAR)[-1]) + 1  # the start is far from both minima
    return {
        "points": np.round(found, 4).tolist(),
        "distances": [float(f"{distance:.4g}") for distance in distances],
        "arrived": first if first <= steps else None,
    }


STUDY = Study(
    title="爲何 RMSprop 有效 Why RMSprop works",
    question="What do the update rules do on a ravine and on a saddle?",
    minutes=0.1,
    sizes="five NumPy optimizers on two functions",
    run=run,
    order=30,
)
