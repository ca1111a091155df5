"""What studies measure and add: diversity, perplexities, probes, optimizers, paths."""

import json
import math
from collections import Counter
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tangyin.lstm.optimizers import SGD, RMSprop
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.studies import diversity
from tangyin.studies.diversity import ORDERS, ngrams, with_interval
from tangyin.studies.experiments import initialization as probes
from tangyin.studies.experiments import optimizers  # noqa: F401 (it adds the optimizers)
from tangyin.studies.experiments.initialization import cell_of, rank, saturated_gates, unit_values
from tangyin.studies.experiments.update_rules import (
    MAKERS,
    NEAR,
    RAVINE,
    SADDLE,
    STEPS,
    Surface,
    walk,
)
from tangyin.studies.poem_costs import perplexities
from tangyin.training import make_optimizer
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.verse import UNK, Vocabulary

VOCABULARY = Vocabulary("天地玄黃宇宙洪荒")
LINE = st.text("天地玄黃", min_size=5, max_size=5)
POEMS = st.lists(st.tuples(LINE, LINE), min_size=2, max_size=6)


def bleu(poem: tuple[str, ...], others: list[tuple[str, ...]]) -> float:
    """BLEU-4 of a poem with the others as references, literally."""
    product = 1.0
    for order in ORDERS:
        count = Counter(ngrams(poem, order))
        references = [Counter(ngrams(other, order)) for other in others]
        matched = sum(min(n, max(r[gram] for r in references)) for gram, n in count.items())
        product *= matched / sum(count.values())
    return product ** (1 / len(ORDERS))


@given(POEMS)
def test_self_bleu_is_the_bleu_of_each_poem_with_the_others(poems: list[tuple[str, ...]]) -> None:
    wanted = [bleu(poem, poems[:n] + poems[n + 1 :]) for n, poem in enumerate(poems)]
    assert diversity.self_bleu(poems) == pytest.approx(wanted)


@given(POEMS, st.sampled_from(ORDERS))
def test_distinct_is_one_when_nothing_repeats_and_falls_with_each_copy(poems, order) -> None:
    found = diversity.distinct(poems, order)
    assert 0 < found <= 1
    assert diversity.distinct(poems + poems, order) == pytest.approx(found / 2)


def test_repeated_lines_are_those_that_another_poem_has() -> None:
    poems = [("春眠", "處處"), ("春眠", "花落"), ("白日", "白日")]
    assert diversity.repeated(poems) == [0.5, 0.5, 0]


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    samples = np.random.default_rng(7).standard_normal((200, 60))
    hits = sum(found["low"] <= 0 <= found["high"] for found in map(with_interval, samples))
    # 95 %, give or take three standard deviations of 200 trials
    assert abs(hits / 200 - 0.95) < 3 * math.sqrt(0.95 * 0.05 / 200)


def test_effects_of_counting_are_those_of_their_definitions() -> None:
    generator = np.random.default_rng(2)
    targets = generator.integers(0, VOCABULARY.outputs, (6, 5))
    costs = generator.uniform(0, 8, (6, 5))
    found = perplexities(costs, targets, VOCABULARY, first=True)
    charge = np.log(20_992 - 8) * (targets == VOCABULARY.id(UNK)).sum()
    assert charge > 0
    assert found["plain"]["per_token"] == pytest.approx(np.exp(costs.sum() / 30))
    assert found["open"]["per_token"] == pytest.approx(np.exp((costs.sum() + charge) / 30))
    rest = found["plain_without_first"]
    assert rest["per_token"] == pytest.approx(np.exp(costs[1:].sum() / 25))
    assert rest["mean_of_poems"] == pytest.approx(np.exp(costs[1:].sum(axis=0) / 5).mean())
    given = perplexities(costs[1:], targets[1:], VOCABULARY, first=False)
    assert given["plain_without_first"] == rest
    assert "plain" not in given


@pytest.fixture
def model() -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(Architecture(9, 6), VOCABULARY)


@torch.no_grad()
def copied(model: LanguageModel, units: int) -> None:
    """Make the first so many units equal, gate by gate."""
    cell = cell_of(model)
    for parameter in (cell.weight_ih, cell.weight_hh, cell.bias):
        assert parameter is not None
        for block in parameter.chunk(4):
            block[:units] = block[0].clone()


@pytest.mark.parametrize("units", [1, 2, 4, 6])
def test_equal_units_count_as_one(model: LanguageModel, units: int) -> None:
    copied(model, units)
    assert rank(unit_values(model)) == 7 - units


def test_a_network_of_zeros_has_rank_zero_and_no_saturated_gate(model: LanguageModel) -> None:
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    assert rank(unit_values(model)) == 0
    inputs = torch.randint(0, len(VOCABULARY), (5, 3))
    assert set(saturated_gates(model, inputs).values()) == {0.0}


def test_saturated_gates_are_those_near_an_end(model: LanguageModel) -> None:
    inputs = torch.randint(0, len(VOCABULARY), (5, 3))
    with torch.no_grad():
        cell_of(model).bias.copy_(torch.tensor([9.0, -9.0, 9.0, 0.0]).repeat_interleave(6))  # type: ignore[union-attr]
    shares = saturated_gates(model, inputs)
    assert shares["i"] == shares["f"] == shares["g"] == 1
    assert shares["o"] == 0


def test_norms_of_the_groups_make_the_norm_of_all(model: LanguageModel) -> None:
    inputs = torch.randint(0, VOCABULARY.outputs, (5, 3))
    model.loss(inputs, inputs).backward()  # type: ignore[no-untyped-call]
    norms = probes.gradient_norms(model)
    assert set(norms) == set(probes.GROUPS)
    whole = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()
    assert sum(n**2 for n in norms.values()) ** 0.5 == pytest.approx(float(whole), rel=1e-5)
    assert all(n > 0 for n in norms.values())


SHIPPED = Path(__file__).parents[2] / "docs/report/results.json"


def steps(model: LanguageModel, optimizer: torch.optim.Optimizer, count: int) -> None:
    for seed in range(count):
        torch.manual_seed(seed)
        ids = torch.randint(0, len(model.output.bias), (4, 3))
        optimizer.zero_grad()
        model.loss(ids, ids).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def test_nesterov_is_that_of_torch(model: LanguageModel) -> None:
    theirs = deepcopy(model)
    steps(model, make_optimizer(OptimizerRecipe("nesterov", 0.3, momentum=0.8), model), 3)
    steps(theirs, torch.optim.SGD(theirs.parameters(), 0.3, momentum=0.8, nesterov=True), 3)
    for mine, other in zip(model.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


def test_muon_turns_the_step_of_gates_and_output_into_nearly_orthogonal_matrices() -> None:
    torch.manual_seed(1)
    model = LanguageModel(Architecture(7, 5), Vocabulary("天地玄黃宇宙洪荒日月盈昃"))
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


@given(st.sampled_from([RAVINE, SADDLE]), st.floats(-2, 2), st.floats(-2, 2))
def test_gradients_are_those_of_the_surface(surface: Surface, x: float, y: float) -> None:
    d = 1e-5
    f = surface.value
    wanted = ((f(x + d, y) - f(x - d, y)) / (2 * d), (f(x, y + d) - f(x, y - d)) / (2 * d))
    assert surface.gradient(x, y) == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    least = [f(*point) for point in surface.minima]
    assert f(x, y) >= min(least) == max(least)


@pytest.mark.parametrize("surface", [RAVINE, SADDLE], ids=lambda s: s.name)
@pytest.mark.parametrize("name", MAKERS)
def test_the_published_paths_are_those_that_the_optimizers_walk(surface, name) -> None:
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8"))["studies"]["update-rules"]["results"]
    found, published = walk(surface, name, STEPS), shipped["paths"][surface.name][name]
    np.testing.assert_allclose(found["points"], published["points"], atol=2e-4)
    assert found["arrived"] == published["arrived"]
    assert all(distance < NEAR for distance in found["distances"][found["arrived"] or STEPS + 1 :])


def test_sgd_diverges_where_its_rate_is_beyond_what_the_walls_allow(monkeypatch) -> None:
    monkeypatch.setitem(MAKERS, "SGD", ({"lr": 2.1 / 200}, SGD))
    assert abs(walk(RAVINE, "SGD", STEPS)["points"][-1][1]) > 100


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
