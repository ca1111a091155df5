"""Training with features, told poems, stages and half precision, on real poems."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tangyin.model.file import load_model
from tangyin.scoring import PerplexityMeter, Tally
from tangyin.training import Dataset, Recipe, RunFolder, load_dataset, train
from tangyin.training.recipe import StageRecipe
from tangyin.training.stages import rate_at
from tangyin.training.step import TrainingStep
from tangyin.verse import FORMS

pytestmark = pytest.mark.corpus

EVERY_FORM = [form.name for form in FORMS]
STAGES = [
    {
        "forms": EVERY_FORM, "dynasties": ["tang"], "epochs": 6, "learning_rate": 0.02,
        "final_rate": 0.01, "warmup": 0.2,
    },
    {"forms": ["五律"], "dynasties": ["tang"], "epochs": 2, "learning_rate": 0.01},
]  # fmt: skip
EVERYTHING: dict[str, Any] = {
    "data.forms": EVERY_FORM,
    "data.prefix": "told",
    "model.tied": True,
    "model.opposite_size": 5,
    "model.rhyme_size": 3,
    "model.place_size": 4,
    "model.tone_size": 2,
    "model.echo": True,
    "model.layers": 2,
    "model.dropout": {"characters": 0.05, "input": 0.1, "output": 0.1, "recurrent": 0.1},
}


@pytest.fixture
def everything(tiny: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """The small recipe with features, all kinds of dropout and two stages."""
    stages = tuple(
        StageRecipe(**{k: tuple(v) if isinstance(v, list) else v for k, v in stage.items()})
        for stage in STAGES
    )

    def build(changes: dict[str, Any] | None = None) -> Recipe:
        recipe = tiny(EVERYTHING | (changes or {}))
        return Recipe(**{**vars(recipe), "stages": stages})

    return build


def metrics_of(run: RunFolder) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.metrics.read_text("utf-8").splitlines()]


def by_frequency_alone(material: Dataset) -> Tally:
    """What dev costs when each token has its frequency in the training poems."""
    vocabulary = material.vocabulary
    counts = np.bincount(np.concatenate(material.train), minlength=vocabulary.outputs) + 1.0
    log_probs = np.log(counts / counts.sum()).astype(np.float32)
    accountant, tally = PerplexityMeter(vocabulary), Tally()
    for texts in material.dev.values():
        for text in texts:
            targets = accountant.targets(text)
            tally += accountant.charge(np.tile(log_probs, (len(targets.ids), 1)), targets)
    return tally


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_curriculum_with_features_predicts_dev_better_than_frequencies_do(
    precision: str, tmp_path: Path, mixed_poems: Path, everything: Callable[..., Recipe]
) -> None:
    recipe, run = everything({"training.precision": precision}), RunFolder(tmp_path)
    model = train(recipe, run, own=mixed_poems)
    metrics = metrics_of(run)
    assert [line["epoch"] for line in metrics] == list(range(1, 9))  # all that the stages have
    frequencies = by_frequency_alone(load_dataset(recipe.data, mixed_poems)).figures()
    assert model.figures["dev"]["all"]["per_token"] < frequencies["per_token"]
    assert metrics[-1]["train_loss"] < 0.9 * metrics[0]["train_loss"]
    stored = load_model(run.model)
    assert stored.training["precision"] == precision
    assert stored.tensors.keys() == stored.architecture.shapes(stored.vocabulary).keys()


def test_each_step_has_the_rate_of_its_place_in_its_stage(
    tmp_path: Path,
    mixed_poems: Path,
    everything: Callable[..., Recipe],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rates: list[float] = []
    original = TrainingStep.set_rate

    def set_rate(self: TrainingStep, rate: float) -> None:
        original(self, rate)
        rates.append(rate)
        assert {group["lr"] for group in self.optimizer.param_groups} == {rate}

    monkeypatch.setattr(TrainingStep, "set_rate", set_rate)
    recipe = everything()
    train(recipe, RunFolder(tmp_path), own=mixed_poems)
    material = load_dataset(recipe.data, mixed_poems)
    expected, epoch = [], 0
    for stage in recipe.stages:
        for number in range(stage.epochs):
            epoch += 1
            steps = len(material.batches(8, recipe.training.seed, epoch, stage))
            expected += [
                rate_at(stage, (number + (step + 1) / steps) / stage.epochs)
                for step in range(steps)
            ]
    assert rates == pytest.approx(expected)
    assert rates[-1] == pytest.approx(0.0, abs=1e-12)
    assert 0.018 < max(rates) <= 0.02


def test_bf16_and_fp32_end_close_to_each_other(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    ends = {}
    for precision in ("fp32", "bf16"):
        run = RunFolder(tmp_path / precision)
        changes = {"training.precision": precision, "training.epochs": 6, "model.hidden_size": 24}
        train(tiny(changes), run, own=own_poems)
        ends[precision] = metrics_of(run)[-1]
    assert ends["bf16"]["train_loss"] != ends["fp32"]["train_loss"]
    assert ends["bf16"]["train_loss"] == pytest.approx(ends["fp32"]["train_loss"], rel=0.01)
    ours, theirs = (ends[name]["dev"]["per_token"] for name in ("bf16", "fp32"))
    assert ours == pytest.approx(theirs, rel=0.02)
