"""A curriculum: the learning rate over a stage, and the poems of each."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.corpus import TRAIN, load_corpus
from tangyin.training import load_dataset
from tangyin.training.recipe import DataRecipe, StageRecipe
from tangyin.training.stages import rate_at
from tangyin.verse import FORMS

EVERY_FORM = tuple(form.name for form in FORMS)
STAGE = StageRecipe(EVERY_FORM, ("tang",), 4, 0.02, final_rate=0.001, warmup=0.25)

shares = st.floats(0, 1)


def test_the_rate_rises_from_zero_to_its_highest_and_falls_along_half_a_cosine() -> None:
    assert rate_at(STAGE, 0.0) == 0.0
    assert rate_at(STAGE, 0.125) == pytest.approx(0.01)
    assert rate_at(STAGE, 0.25) == pytest.approx(0.02)
    assert rate_at(STAGE, 0.625) == pytest.approx((0.02 + 0.001) / 2)
    assert rate_at(STAGE, 0.25 + 0.75 / 4) == pytest.approx(
        0.001 + 0.019 * (1 + math.sqrt(0.5)) / 2
    )
    assert rate_at(STAGE, 1.0) == pytest.approx(0.001)


def test_without_a_warm_up_it_begins_at_its_highest() -> None:
    assert rate_at(replace(STAGE, warmup=0.0), 0.0) == 0.02


def test_a_warm_up_over_the_whole_stage_only_rises() -> None:
    stage = replace(STAGE, warmup=1.0)
    assert rate_at(stage, 0.5) == pytest.approx(0.01)
    assert rate_at(stage, 1.0) == pytest.approx(0.02)


@settings(max_examples=200)
@given(warmup=shares, final=st.floats(0, 0.02), places=st.tuples(shares, shares))
def test_it_only_rises_in_the_warm_up_only_falls_after_it_and_stays_in_bounds(
    warmup: float, final: float, places: tuple[float, float]
) -> None:
    stage = replace(STAGE, warmup=warmup, final_rate=final)
    first, second = sorted(places)
    one, two = rate_at(stage, first), rate_at(stage, second)
    for rate, place in ((one, first), (two, second)):
        assert (0 if place < warmup else final - 1e-12) <= rate <= 0.02 + 1e-12
    if second < warmup:
        assert one <= two
    elif first >= warmup:
        assert one >= two - 1e-12


@pytest.mark.corpus
@pytest.mark.parametrize("prefix", ["form", "told"])
def test_a_stage_trains_on_its_forms_alone(prefix: str, mixed_poems: Path) -> None:
    material = load_dataset(DataRecipe(EVERY_FORM, ("tang",), 1, prefix), mixed_poems)
    forms = ("wujue", "五律")  # ASCII names too
    stage = replace(STAGE, forms=forms)
    lengths = {form.targets for form in FORMS if form.name in ("五絕", "五律")}
    batches = material.batches(8, 1, 1, stage)
    found = [
        int((batch.weights if prefix == "told" else batch.mask)[:, column].sum())
        for batch in batches
        for column in range(batch.inputs.shape[1])
    ]
    assert len(found) == len(material.of(stage)) == 2 * 16
    if prefix == "form":
        assert set(found) == lengths
        assert sum(found) == material.targets(stage)
    assert material.targets(stage) == 16 * sum(lengths)
    assert len(material.of(replace(STAGE, forms=EVERY_FORM))) == len(material.of(None)) == 4 * 16


@pytest.mark.corpus
def test_poems_of_ones_own_are_in_every_stage_of_their_form_whatever_its_dynasties(
    mixed_poems: Path,
) -> None:
    material = load_dataset(DataRecipe(EVERY_FORM, ("tang", "song"), 1), mixed_poems)
    for dynasties in (("tang",), ("song",)):
        assert len(material.of(replace(STAGE, dynasties=dynasties))) == 4 * 16


@pytest.mark.corpus
def test_a_stage_of_the_tang_trains_on_no_song_poem() -> None:
    material = load_dataset(DataRecipe(("五絕",), ("tang", "song")))
    chosen = {
        dynasty: [
            material.train[poem].tobytes()
            for poem in material.of(replace(STAGE, forms=("五絕",), dynasties=(dynasty,)))
        ]
        for dynasty in ("tang", "song")
    }
    for dynasty, found in chosen.items():
        corpus = load_corpus().select(forms=["五絕"], parts=[TRAIN], dynasties=[dynasty])
        assert len(found) == len(corpus)
    assert sum(map(len, chosen.values())) == len(material.train)
