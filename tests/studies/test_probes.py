"""Probes: rank of the units, saturated gates, gradient norms."""

import pytest
import torch

from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.studies.initialization.probes import (
    GROUPS,
    cell_of,
    gradient_norms,
    rank,
    saturated_gates,
    unit_values,
)
from tangyin.verse import Vocabulary

VOCABULARY = Vocabulary("天地玄黃宇宙洪荒")


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
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
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
    norms = gradient_norms(model)
    assert set(norms) == set(GROUPS)
    whole = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()
    assert sum(n**2 for n in norms.values()) ** 0.5 == pytest.approx(float(whole), rel=1e-5)
    assert all(n > 0 for n in norms.values())
