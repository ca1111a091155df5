"""Measures of diversity, against their definitions."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangyin.studies import diversity
from tangyin.studies.diversity import ORDERS, ngrams, with_interval

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
