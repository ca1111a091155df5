"""The surfaces, and the paths of the NumPy optimizers over them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangyin.studies.surfaces import RAVINE, SADDLE, Surface, lowest
from tangyin.studies.update_rules import MAKERS, STEPS, walk

PLACE = st.floats(-2, 2)


@given(st.sampled_from([RAVINE, SADDLE]), PLACE, PLACE)
def test_gradients_are_those_of_the_surface(surface: Surface, x: float, y: float) -> None:
    d = 1e-5
    f = surface.value
    wanted = ((f(x + d, y) - f(x - d, y)) / (2 * d), (f(x, y + d) - f(x, y - d)) / (2 * d))
    assert surface.gradient(x, y) == pytest.approx(wanted, abs=1e-4)
    assert f(x, y) >= lowest(surface)


@pytest.mark.parametrize("surface", [RAVINE, SADDLE], ids=lambda s: s.name)
def test_adaptive_optimizers_arrive_and_stay(surface: Surface) -> None:
    for name in ("RMSprop", "Adam"):
        path = walk(surface, name, STEPS)
        assert path["arrived"] is not None
        assert len(path["points"]) == len(path["values"]) == STEPS + 1
        assert all(value < 0.05 for value in path["values"][path["arrived"] :])


def test_no_optimizer_flies_off() -> None:
    for surface in (RAVINE, SADDLE):
        for name in MAKERS:
            path = walk(surface, name, STEPS)
            assert path["values"][-1] < path["values"][0]
            assert all(abs(x) < 5 and abs(y) < 5 for x, y in path["points"])
