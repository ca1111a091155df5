"""The surfaces, and the paths of the NumPy optimizers over them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangyin.lstm.optimizers import RMSprop
from tangyin.studies.update_rules.run import MAKERS, NEAR, STEPS, walk
from tangyin.studies.update_rules.surfaces import RAVINE, SADDLE, Surface

PLACE = st.floats(-2, 2)


@given(st.sampled_from([RAVINE, SADDLE]), PLACE, PLACE)
def test_gradients_are_those_of_the_surface(surface: Surface, x: float, y: float) -> None:
    d = 1e-5
    f = surface.value
    wanted = ((f(x + d, y) - f(x - d, y)) / (2 * d), (f(x, y + d) - f(x, y - d)) / (2 * d))
    assert surface.gradient(x, y) == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    least = [f(*point) for point in surface.minima]
    assert f(x, y) >= min(least) == max(least)


@pytest.mark.parametrize("surface", [RAVINE, SADDLE], ids=lambda s: s.name)
def test_adaptive_optimizers_arrive_and_stay(surface: Surface) -> None:
    for name in ("RMSprop", "Adam"):
        path = walk(surface, name, STEPS)
        assert path["arrived"] is not None
        assert len(path["points"]) == len(path["distances"]) == STEPS + 1
        assert all(distance < NEAR for distance in path["distances"][path["arrived"] :])


def test_sgd_creeps_where_the_walls_bound_its_rate() -> None:
    for surface in (RAVINE, SADDLE):
        assert walk(surface, "SGD", STEPS)["arrived"] is None
    flown = {**MAKERS["SGD"][0], "lr": 2.1 / 200}
    optimizer = MAKERS["SGD"][1]({"place": np.array(RAVINE.start)}, **flown)
    for _ in range(STEPS):
        place = optimizer.parameters["place"]
        optimizer.step({"place": np.array(RAVINE.gradient(*map(float, place)))})
    assert abs(optimizer.parameters["place"][1]) > 100


def test_no_optimizer_flies_off() -> None:
    for surface in (RAVINE, SADDLE):
        for name in MAKERS:
            path = walk(surface, name, STEPS)
            assert path["distances"][-1] < path["distances"][0]
            assert all(abs(x) < 5 and abs(y) < 5 for x, y in path["points"])


def test_a_turned_ravine_takes_rmsprop_longer_than_one_along_the_coordinates() -> None:
    def steps(angle: float) -> int:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        place = turn @ np.array(RAVINE.start)
        optimizer = RMSprop({"place": place}, lr=0.03, alpha=0.9)
        for number in range(1, 3000):
            x, y = turn.T @ place
            optimizer.step({"place": turn @ np.array(RAVINE.gradient(float(x), float(y)))})
            if np.linalg.norm(place) < 0.1:
                return number
        return 3000

    assert steps(np.pi / 4) > 2 * steps(0.0)
