"""Why RMSprop works: five optimizers of `tangyin.lstm` on a ravine and on a saddle."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.optimizers import SGD, Adadelta, Adam, Optimizer, RMSprop
from tangyin.studies.study import Study
from tangyin.studies.style import GREY, INK, optimizer_look, panels
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


def run(_cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Let each optimizer walk from the same place on each surface."""
    steps = QUICK_STEPS if quick else STEPS
    paths = {
        surface.name: {name: walk(surface, name, steps) for name in MAKERS} for surface in SURFACES
    }
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


FLOOR = 1e-4
"""The smallest distance that is drawn."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The surfaces' formulas, and which optimizers arrive, in the order in which they do."""
    arrived = {
        surface: {name: path["arrived"] for name, path in found.items() if path["arrived"]}
        for surface, found in results["paths"].items()
    }
    return {
        "formulas": {surface.name: surface.formula for surface in SURFACES},
        "floor": FLOOR,
        "symbols": {"lr": "η", "momentum": "μ", "alpha": "α"},
        "arrivals": {
            surface: sorted(steps, key=lambda n: steps[n]) for surface, steps in arrived.items()
        },
    }


def update_rules(results: dict[str, Any]) -> Any:
    """The paths."""
    figure, both = panels(2, height=3.9)
    for axes, surface in zip(both, SURFACES, strict=True):
        left, right, bottom, top = surface.window
        x, y = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
        axes.contour(x, y, surface.value(x, y), levels=14, colors="#999999", linewidths=0.5)
        for name, path in results["paths"][surface.name].items():
            axes.plot(*zip(*path["points"], strict=True), **optimizer_look(name), alpha=0.9)
        axes.plot(*surface.start, "o", color=INK, markersize=6, fillstyle="none")
        for place in surface.minima:
            axes.plot(*place, "x", color=INK, markersize=7)
        axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="x", ylabel="y", title=surface.name)
        axes.grid(visible=False)
    figure.legend(*both[0].get_legend_handles_labels(), ncols=5, loc="outside lower center")
    return figure


def update_rules_distance(results: dict[str, Any]) -> Any:
    """Distance from the nearest minimum against steps."""
    figure, both = panels(2, height=3.2, sharey=False)
    for axes, (surface, found) in zip(both, results["paths"].items(), strict=True):
        for name, path in found.items():
            axes.plot([max(value, FLOOR) for value in path["distances"]], **optimizer_look(name))
        axes.axhline(results["settings"]["near"], color=GREY, linewidth=0.8)
        axes.set(yscale="log", xlabel="steps", ylabel="distance", title=surface)
    figure.legend(*both[0].get_legend_handles_labels(), ncols=5, loc="outside lower center")
    return figure


STUDY = Study(
    title="爲何 RMSprop 有效 Why RMSprop works",
    question="What do the update rules do on a ravine and on a saddle?",
    minutes=0.1,
    sizes="five NumPy optimizers on two functions",
    run=run,
    order=30,
)
