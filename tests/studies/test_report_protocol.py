"""The report's own way of measuring, at its quick size."""

from typing import Any

import pytest

from tangyin.studies import STUDIES


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def quick(said: list[str]) -> dict[str, Any]:
    return STUDIES["report-protocol"](quick=True, say=said.append)


def test_the_dev_poems_of_the_second_epoch_were_mostly_trained_on_in_the_first(
    quick: dict[str, Any],
) -> None:
    first, second = quick["epochs"]
    assert first["dev_share_seen"] == 0
    assert 0.7 < second["dev_share_seen"] < 0.9


def test_the_mean_of_perplexities_is_above_the_perplexity_of_the_mean(
    quick: dict[str, Any],
) -> None:
    for epoch in quick["epochs"]:
        assert epoch["dev_mean_of_poems"] > epoch["dev_per_token"]


def test_training_lowers_both_figures(quick: dict[str, Any]) -> None:
    first, second = quick["epochs"]
    assert second["train_per_token"] < 0.7 * first["train_per_token"]
    assert second["dev_mean_of_poems"] < first["dev_mean_of_poems"]


def test_it_says_each_epoch_in_a_sentence(said: list[str], quick: dict[str, Any]) -> None:
    assert [sentence.split(":")[0] for sentence in said[: len(quick["epochs"])]] == [
        "epoch 1",
        "epoch 2",
    ]
