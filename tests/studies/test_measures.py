"""What studies measure: diversity, perplexities counted in several ways, probes of a network."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.studies import diversity
from tangyin.studies.diversity import ORDERS, ngrams, with_interval
from tangyin.studies.initialization import run as probes
from tangyin.studies.initialization.run import cell_of, rank, saturated_gates, unit_values
from tangyin.studies.poem_costs import perplexities
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
def test_distinct_is_one_when_nothing_repeats_and_falls_with_each_copy(
    poems: list[tuple[str, ...]], order: int
) -> None:
    found = diversity.distinct(poems, order)
    assert 0 < found <= 1
    assert diversity.distinct(poems + poems, order) == pytest.approx(found / 2)


def test_repeated_lines_are_those_that_another_poem_has() -> None:
    assert diversity.repeated([("春眠", "處處"), ("春眠", "花落"), ("白日", "白日")]) == [
        0.5,
        0.5,
        0,
    ]


@settings(deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=40))
def test_the_interval_holds_the_mean_and_shrinks_with_more_poems(values: list[float]) -> None:
    found = with_interval(values)
    assert found["low"] - 1e-9 <= found["value"] <= found["high"] + 1e-9
    more = with_interval(values * 25)
    assert more["high"] - more["low"] <= found["high"] - found["low"] + 1e-9


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
    norms = probes.gradient_norms(model)
    assert set(norms) == set(probes.GROUPS)
    whole = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()
    assert sum(n**2 for n in norms.values()) ** 0.5 == pytest.approx(float(whole), rel=1e-5)
    assert all(n > 0 for n in norms.values())
