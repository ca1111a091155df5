"""The report's own way of measuring, at its quick size."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tangyin.studies.poem_costs import perplexities
from tangyin.verse import UNK, Vocabulary


@pytest.fixture(scope="module")
def epochs(quick: Callable[[str], Any]) -> list[dict[str, Any]]:
    return quick("report-protocol").results["epochs"]


def test_the_dev_poems_of_the_second_epoch_were_mostly_trained_on_in_the_first(
    epochs: list[dict[str, Any]],
) -> None:
    first, second = epochs
    assert first["dev_share_seen"] == 0
    assert 0.7 < second["dev_share_seen"] < 0.9


def test_the_mean_of_perplexities_is_above_the_perplexity_of_the_mean(
    epochs: list[dict[str, Any]],
) -> None:
    for epoch in epochs:
        assert epoch["dev_mean_of_poems"] > epoch["dev_per_token"]


def test_training_lowers_both_figures(epochs: list[dict[str, Any]]) -> None:
    first, second = epochs
    assert second["train_per_token"] < 0.7 * first["train_per_token"]
    assert second["dev_mean_of_poems"] < first["dev_mean_of_poems"]


def test_it_says_each_epoch_in_a_sentence(quick: Callable[[str], Any]) -> None:
    said = quick("report-protocol").progress.said
    assert [sentence.split(":")[0] for sentence in said] == ["epoch 1", "epoch 2"]


def test_effects_of_counting_are_those_of_their_definitions() -> None:
    generator = np.random.default_rng(2)
    vocabulary = Vocabulary("天地玄黃宇宙")
    targets = generator.integers(0, vocabulary.outputs, (6, 5))
    costs = generator.uniform(0, 8, (6, 5))
    found = perplexities(costs, targets, vocabulary, first=True)
    charge = np.log(20_992 - 6) * (targets == vocabulary.id(UNK)).sum()
    assert charge > 0
    assert found["plain"]["per_token"] == pytest.approx(np.exp(costs.sum() / 30))
    assert found["open"]["per_token"] == pytest.approx(np.exp((costs.sum() + charge) / 30))
    rest = found["plain_without_first"]
    assert rest["per_token"] == pytest.approx(np.exp(costs[1:].sum() / 25))
    assert rest["mean_of_poems"] == pytest.approx(np.exp(costs[1:].sum(axis=0) / 5).mean())
    given = perplexities(costs[1:], targets[1:], vocabulary, first=False)
    assert given["plain_without_first"] == rest
    assert "plain" not in given
