"""The optimizers that studies add to those of recipes, and the paths over the surfaces."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tangyin.lstm.optimizers import RMSprop
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.studies.optimizers import run  # noqa: F401 (it adds the optimizers)
from tangyin.studies.update_rules.run import MAKERS, NEAR, RAVINE, SADDLE, STEPS, Surface, walk
from tangyin.training import make_optimizer
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.verse import Vocabulary

VOCABULARY = Vocabulary("天地玄黃宇宙洪荒日月盈昃")
PLACE = st.floats(-2, 2)
SURFACE = pytest.mark.parametrize("surface", [RAVINE, SADDLE], ids=lambda s: s.name)


def network() -> LanguageModel:
    torch.manual_seed(1)
    return LanguageModel(Architecture(7, 5), VOCABULARY)


def steps(model: LanguageModel, optimizer: torch.optim.Optimizer, count: int) -> None:
    for seed in range(count):
        torch.manual_seed(seed)
        ids = torch.randint(0, VOCABULARY.outputs, (4, 3))
        optimizer.zero_grad()
        model.loss(ids, ids).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def test_nesterov_is_that_of_torch() -> None:
    ours, theirs = network(), network()
    steps(ours, make_optimizer(OptimizerRecipe("nesterov", 0.3, momentum=0.8), ours), 3)
    steps(theirs, torch.optim.SGD(theirs.parameters(), 0.3, momentum=0.8, nesterov=True), 3)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


def test_muon_turns_the_step_of_gates_and_output_into_nearly_orthogonal_matrices() -> None:
    model = network()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    rate = 0.01
    steps(model, make_optimizer(OptimizerRecipe("muon-output", rate), model), 1)
    for name, parameter in model.named_parameters():
        moved = before[name] - parameter.detach()
        blocks = 4 if "weight_hh" in name or "weight_ih" in name else 1
        if blocks == 1 and name != "output.weight":
            # Adam's first step is the rate wherever there is a gradient.
            assert float(moved.abs().max()) == pytest.approx(rate, rel=1e-3)
            continue
        for block in moved.chunk(blocks):
            values = torch.linalg.svdvals(block / (rate * 0.2 * max(block.shape) ** 0.5))
            # What has no gradient, as W_hh from the zero state, has no direction either.
            large = values[values > 0.3]
            assert ((large > 0.6) & (large < 1.3)).all()
            assert len(large) > 0


@given(st.sampled_from([RAVINE, SADDLE]), PLACE, PLACE)
def test_gradients_are_those_of_the_surface(surface: Surface, x: float, y: float) -> None:
    d = 1e-5
    f = surface.value
    wanted = ((f(x + d, y) - f(x - d, y)) / (2 * d), (f(x, y + d) - f(x, y - d)) / (2 * d))
    assert surface.gradient(x, y) == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    least = [f(*point) for point in surface.minima]
    assert f(x, y) >= min(least) == max(least)


@SURFACE
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


@SURFACE
@pytest.mark.parametrize("name", MAKERS)
def test_no_optimizer_flies_off(surface: Surface, name: str) -> None:
    path = walk(surface, name, STEPS)
    assert path["distances"][-1] < path["distances"][0]
    assert np.abs(path["points"]).max() < 5


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
