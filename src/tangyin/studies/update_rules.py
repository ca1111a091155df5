"""Why RMSprop works: five optimizers of `tangyin.lstm` on a ravine and on a saddle."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tangyin.lstm.optimizers import SGD, Adadelta, Adam, Optimizer, RMSprop
from tangyin.studies.surfaces import RAVINE, SADDLE, Surface, lowest
from tangyin.studies.training_cache import TrainingCache

STEPS, QUICK_STEPS = 150, 30
NEAR = 0.1
"""An optimizer has arrived when it is so near to a lowest point and stays there."""

MAKERS: dict[str, tuple[dict[str, float], Callable[..., Optimizer]]] = {
    "SGD": ({"lr": 0.009}, SGD),
    "momentum": ({"lr": 0.005, "momentum": 0.9}, SGD),
    "RMSprop": ({"lr": 0.03, "alpha": 0.9}, RMSprop),
    "Adam": ({"lr": 0.1}, Adam),
    "Adadelta": ({"lr": 10.0}, Adadelta),
}
"""The rates are near the largest with which each stays calm; SGD's is bound by the steep walls of
both surfaces, 2/200 being where it flies off."""


def update_rules(workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    """Let each optimizer walk from the same place.

    Returns:
        `settings`; and `paths`: for each surface and each optimizer the `points` (x, y) from the
        start on, the `distances` from the nearest lowest point, and `arrived`, the first step from
        which on they are below `near`, or None.
    """
    steps = QUICK_STEPS if quick else STEPS
    workshop.progress.plan(0.1)
    workshop.progress.doing("paths")
    paths = {
        surface.name: {name: walk(surface, name, steps) for name in MAKERS}
        for surface in (RAVINE, SADDLE)
    }
    workshop.progress.advance(0.1)
    options = {name: options for name, (options, _) in MAKERS.items()}
    settings = {"quick": quick, "steps": steps, "near": NEAR, "options": options}
    return {"settings": settings, "paths": paths}


def walk(surface: Surface, name: str, steps: int) -> dict[str, Any]:
    """The path of an optimizer over a surface."""
    options, make = MAKERS[name]
    place = np.array(surface.start)
    optimizer = make({"place": place}, **options)
    points = [place.copy()]
    for _ in range(steps):
        optimizer.step({"place": np.array(surface.gradient(float(place[0]), float(place[1])))})
        points.append(place.copy())
    found = np.array(points)
    places = np.array(lowest(surface))
    distances = np.linalg.norm(found[:, None] - places, axis=2).min(axis=1)
    far = np.flatnonzero(distances >= NEAR)
    first = int(far[-1]) + 1 if len(far) else 0
    return {
        "points": np.round(found, 4).tolist(),
        "distances": [float(f"{distance:.4g}") for distance in distances],
        "arrived": first if first <= steps else None,
    }
