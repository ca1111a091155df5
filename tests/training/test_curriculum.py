"""Stages, features, prefix dropout and half precision: the rate over a stage, and its poems."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tangyin.corpus import TRAIN, load_corpus
from tangyin.model.file import load_model
from tangyin.scoring import PerplexityMeter, Tally
from tangyin.training import load_dataset
from tangyin.training.recipe import DataRecipe, StageRecipe
from tangyin.training.step import TrainingStep
from tangyin.verse import FORMS

EVERY_FORM = tuple(form.name for form in FORMS)
STAGE = StageRecipe(EVERY_FORM, ("tang",), 4, 0.02, final_rate=0.001, warmup=0.25)


def test_the_rate_rises_from_zero_to_its_peak_and_falls_along_half_a_cosine():
    falling = 0.001 + 0.019 * (1 + math.sqrt(0.5)) / 2
    rates = [STAGE.rate_at(place) for place in (0.0, 0.125, 0.25, 0.25 + 0.75 / 4, 0.625, 1.0)]
    assert rates == pytest.approx([0.0, 0.01, 0.02, falling, (0.02 + 0.001) / 2, 0.001])
    assert replace(STAGE, warmup=0.0).rate_at(0.0) == 0.02
    only_rises = replace(STAGE, warmup=1.0)
    assert [only_rises.rate_at(place) for place in (0.5, 1.0)] == pytest.approx([0.01, 0.02])


@pytest.mark.corpus
@pytest.mark.parametrize("prefix", ["form", "told"])
def test_a_stage_trains_on_its_forms_alone(prefix, lab):
    dataset = load_dataset(
        DataRecipe(EVERY_FORM, ("tang",), minimum_frequency=1, prefix=prefix), lab.mixed
    )
    stage = replace(STAGE, forms=("wujue", "五律"))  # ASCII names too
    lengths = {form.targets for form in FORMS if form.name in ("五絕", "五律")}
    found = [
        int((batch.weights if prefix == "told" else batch.mask)[:, column].sum())
        for batch in dataset.batches(8, 1, 1, stage)
        for column in range(batch.inputs.shape[1])
    ]
    assert len(found) == len(dataset.of(stage)) == 2 * 16
    if prefix == "form":
        assert set(found) == lengths
        assert sum(found) == dataset.targets(stage)
    assert dataset.targets(stage) == 16 * sum(lengths)
    assert len(dataset.of(STAGE)) == len(dataset.of(None)) == 4 * 16
    # A user's own poems have no dynasty and are in every stage of their form.
    assert len(dataset.of(replace(STAGE, dynasties=("song",)))) == 4 * 16


@pytest.mark.corpus
def test_a_stage_of_the_tang_trains_on_no_song_poem():
    dataset = load_dataset(DataRecipe(("五絕",), ("tang", "song")))
    total = 0
    for dynasty in ("tang", "song"):
        stage = replace(STAGE, forms=("五絕",), dynasties=(dynasty,))
        corpus = load_corpus().select(forms=["五絕"], parts=[TRAIN], dynasties=[dynasty])
        assert len(dataset.of(stage)) == len(corpus)
        assert {dataset.kinds[poem][0] for poem in dataset.of(stage)} == {dynasty}
        total += len(corpus)
    assert total == len(dataset.train)


def by_frequency_alone(dataset):
    """What dev costs when each token has its frequency in the training poems."""
    vocabulary = dataset.vocabulary
    counts = np.bincount(np.concatenate(dataset.train), minlength=vocabulary.outputs) + 1.0
    log_probs = np.log(counts / counts.sum()).astype(np.float32)
    meter = PerplexityMeter(vocabulary)
    targets = [meter.targets(text) for texts in dataset.dev.values() for text in texts]
    tallies = (meter.charge(np.tile(log_probs, (len(of.ids), 1)), of) for of in targets)
    return sum(tallies, Tally())


@pytest.mark.corpus
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_curriculum_with_features_predicts_dev_better_than_frequencies_do(precision, lab):
    recipe = lab.curriculum({"training.precision": precision, "model.layers": 2})
    model = lab.train(recipe)
    metrics = lab.metrics()
    assert [line["epoch"] for line in metrics] == list(range(1, 10))  # all that the stages have
    frequencies = by_frequency_alone(load_dataset(recipe.data, lab.mixed)).figures()
    assert model.figures["dev"]["all"]["per_token"] < frequencies["per_token"]
    assert metrics[-1]["train_loss"] < 0.9 * metrics[0]["train_loss"]
    stored = load_model(lab.run.model)
    assert stored.training["precision"] == precision
    assert stored.tensors.keys() == stored.architecture.shapes(stored.vocabulary).keys()


@pytest.mark.corpus
def test_each_step_has_the_rate_of_its_place_in_its_stage(lab, monkeypatch):
    rates = []
    original = TrainingStep.set_rate

    def set_rate(self, rate):
        original(self, rate)
        rates.append(rate)
        assert {group["lr"] for group in self.optimizer.param_groups} == {rate}

    monkeypatch.setattr(TrainingStep, "set_rate", set_rate)
    recipe = lab.curriculum()
    lab.train(recipe)
    dataset = load_dataset(recipe.data, lab.mixed)
    expected, epoch = [], 0
    for stage in recipe.stages:
        for number in range(stage.epochs):
            epoch += 1
            steps = len(dataset.batches(8, recipe.training.seed, epoch, stage))
            progress = [(number + (step + 1) / steps) / stage.epochs for step in range(steps)]
            expected += map(stage.rate_at, progress)
    assert rates == pytest.approx(expected)
    assert rates[-1] == pytest.approx(0.0, abs=1e-12)
    assert 0.018 < max(rates) <= 0.02
