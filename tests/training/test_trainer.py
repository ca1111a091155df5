"""What training must achieve, and how it ends when it cannot."""

import contextlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import tangyin
from tangyin.errors import TangyinError, UsageError
from tangyin.model.file import Architecture, load_model
from tangyin.nn.language_model import LanguageModel
from tangyin.training import (
    OPTIMIZERS,
    Recipe,
    RunFolder,
    load_dataset,
    train,
)
from tangyin.training.checkpoint import checkpoints
from tangyin.verse import FORMS

pytestmark = pytest.mark.corpus

RATES = {
    "sgd": 1.0,
    "rmsprop": 0.01,
    "adam": 0.02,
    "adamw": 0.02,
    "adadelta": 5.0,
    "adagrad": 0.1,
    "muon": 0.02,
}


def metrics_of(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "metrics.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_network_large_enough_learns_its_poems_by_heart(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    recipe = tiny(
        {
            "model.hidden_size": 96,
            "model.embedding_size": 48,
            "data.minimum_frequency": 1,
            "training.batch_size": 16,
            "training.epochs": 45,
            "training.patience": 45,
        }
    )
    train(recipe, RunFolder(tmp_path), own=own_poems)
    figures = [line["train_per_token"] for line in metrics_of(tmp_path)]
    assert figures[0] > 150
    assert figures[-1] < 2


@pytest.mark.parametrize("name", sorted(RATES))
def test_every_optimizer_makes_training_poems_and_dev_likelier(
    name: str, tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    changes = {"optimizer.name": name, "optimizer.learning_rate": RATES[name]}
    train(tiny(changes), RunFolder(tmp_path), own=own_poems)
    first, *_, last = metrics_of(tmp_path)
    assert last["train_loss"] < 0.97 * first["train_loss"]
    assert last["dev"]["per_token"] < first["dev"]["per_token"]


def test_the_same_recipe_gives_the_same_result_and_another_seed_another(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[[Recipe], Any],
) -> None:
    torch.manual_seed(99)  # what happened before does not matter
    torch.rand(7)
    train(tiny(), RunFolder(tmp_path / "again"), own=own_poems)
    assert result_of(tmp_path / "again") == uninterrupted(tiny())
    train(tiny({"training.seed": 6}), RunFolder(tmp_path / "other"), own=own_poems)
    other = result_of(tmp_path / "other")
    assert all(other[1][name] != tensor for name, tensor in uninterrupted(tiny())[1].items())


def test_early_stopping_keeps_the_best_weights(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    changes = {"optimizer.learning_rate": 0.1, "training.epochs": 40, "training.patience": 2}
    run = RunFolder(tmp_path / "run")
    model = train(tiny(changes), run, own=own_poems)
    metrics = metrics_of(run.path)
    dev = [line["dev"]["per_token"] for line in metrics]
    best = 1 + dev.index(min(dev))
    assert len(metrics) == best + 2 < 40
    assert [line["epoch"] for line in metrics if line["improved"]][-1] == best
    assert model.training["epoch"] == best
    assert model.figures["dev"]["all"] == metrics[best - 1]["dev"]
    # A run of exactly that many epochs ends with the same weights.
    train(tiny({**changes, "training.epochs": best}), RunFolder(tmp_path / "to"), own=own_poems)
    exact = load_model(tmp_path / "to" / "model.safetensors").tensors
    for name, tensor in load_model(run.model).tensors.items():
        assert tensor.tobytes() == exact[name].tobytes()
        assert tensor.tobytes() == model.tensors[name].astype(np.float16).astype("f4").tobytes()


def test_a_run_ends_after_its_epochs_when_dev_keeps_falling(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    train(tiny({"training.patience": 1}), RunFolder(tmp_path), own=own_poems)
    assert [line["improved"] for line in metrics_of(tmp_path)] == [True, True, True]


def test_mixed_forms_train_together_and_the_model_writes_each(
    tmp_path: Path, mixed_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    forms = ["五絕", "qijue", "五律", "qilv"]
    recipe = tiny({"data.forms": forms, "data.prefix": "form", "training.epochs": 2})
    model = train(recipe, RunFolder(tmp_path), own=mixed_poems)
    assert model.forms == FORMS
    writer = tangyin.load(tmp_path / "model.safetensors")
    for form in FORMS:
        for verse in writer.write_many(form=form.name, count=3, seed=1, regulated=False):
            assert verse.form == form.name
            assert [len(line) for line in verse.lines] == [form.characters] * form.lines
    assert writer.write(seed=1, regulated=False).form == "五律"
    assert metrics_of(tmp_path)[0]["dev"]["poems"] == 16


def test_one_form_may_be_trained_with_its_token(
    tmp_path: Path, mixed_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    recipe = tiny({"data.forms": ["七絕"], "data.prefix": "form", "training.epochs": 1})
    train(recipe, RunFolder(tmp_path), own=mixed_poems)
    writer = tangyin.load(tmp_path / "model.safetensors")
    assert [len(line) for line in writer.write(seed=1, regulated=False).lines] == [7] * 4


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_gradients_are_clipped_to_the_recipes_norm(
    name: str,
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def norms(clip: float, folder: str) -> list[float]:
        found: list[float] = []
        kind = OPTIMIZERS[name][0]
        original = kind.step  # type: ignore[attr-defined]

        def step(self: torch.optim.Optimizer, closure: None = None) -> None:
            gradients = [p.grad for group in self.param_groups for p in group["params"]]
            found.append(float(torch.stack([g.norm() for g in gradients]).norm()))
            original(self, closure)

        monkeypatch.setattr(kind, "step", step)
        recipe = tiny({"optimizer.name": name, "optimizer.clip_norm": clip, "training.epochs": 1})
        train(recipe, RunFolder(tmp_path / folder), own=own_poems)
        monkeypatch.setattr(kind, "step", original)
        return found

    free, clipped = norms(math.inf, "free"), norms(0.1, "clipped")
    assert min(free) > 0.1
    assert max(clipped) <= 0.1 * (1 + 1e-5)
    assert min(clipped) > 0.0999


def spoil(monkeypatch: pytest.MonkeyPatch, batch: int, spoiled: Callable[[Tensor], Tensor]) -> None:
    """Change the loss of the nth batch that is trained on."""
    calls = iter(range(1, 10**6))
    original = LanguageModel.loss

    def loss(self: LanguageModel, *batch_: Any) -> Tensor:
        value = original(self, *batch_)
        return spoiled(value) if next(calls) == batch else value

    monkeypatch.setattr(LanguageModel, "loss", loss)


def nan_gradient(value: Tensor) -> Tensor:
    """A finite loss whose gradient is NaN."""
    zero = (value - value).clamp(min=0)
    return value.detach() + zero.sqrt() * 0


@pytest.mark.parametrize(
    ("spoiled", "what"),
    [
        (lambda value: value * math.nan, "the loss became nan"),
        (lambda value: value * math.inf, "the loss became inf"),
        (nan_gradient, "the gradient's norm became nan"),
    ],
    ids=["nan", "inf", "nan gradient"],
)
def test_a_loss_that_becomes_nan_ends_the_run_and_keeps_the_last_good_weights(
    spoiled: Callable[[Tensor], Tensor],
    what: str,
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[[Recipe], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = RunFolder(tmp_path)
    with monkeypatch.context() as patch:
        spoil(patch, batch=6 + 6 + 2, spoiled=spoiled)  # an epoch has 6
        with pytest.raises(TangyinError) as failure:
            train(tiny(), run, own=own_poems)
    assert str(failure.value) == (
        f"{what} at epoch 3, step 2; the best weights, of epoch 2, are in {run.model}: "
        "train again at a smaller optimizer.learning_rate"
    )
    assert failure.value.exit_code == 1
    assert load_model(run.model).training["epoch"] == 2
    assert [path.name for path in checkpoints(run.checkpoint)] == [
        "0000003-0000000.safetensors", "0000002-0000000.safetensors",
    ]  # fmt: skip
    train(tiny(), run, resume=True, own=own_poems)  # what is kept is good enough to go on from
    assert result_of(tmp_path) == uninterrupted(tiny())


@pytest.mark.parametrize("rate", [100.0, 1000.0])
@pytest.mark.parametrize("name", sorted(RATES))
def test_a_rate_far_too_large_trains_or_ends_in_a_sentence(
    name: str, rate: float, tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    changes = {
        "optimizer.name": name,
        "optimizer.learning_rate": rate,
        "optimizer.clip_norm": math.inf,
    }
    run = RunFolder(tmp_path)
    with contextlib.suppress(TangyinError):
        train(tiny(changes), run, own=own_poems)
    written = metrics_of(tmp_path) if run.metrics.exists() else []
    for line in written:
        assert all(map(math.isfinite, line["dev"].values()))


def test_a_rate_far_too_large_in_a_stage_ends_the_run_and_keeps_the_weights_before_it(
    tmp_path: Path, mixed_poems: Path, curriculum: Callable[..., Recipe]
) -> None:
    recipe = curriculum(optimizer={"name": "sgd", "weight_decay": 0.0, "clip_norm": math.inf})
    first, second = recipe.stages
    absurd = replace(second, learning_rate=1000.0, final_rate=1000.0)
    run = RunFolder(tmp_path)
    with pytest.raises(TangyinError) as failure:
        train(replace(recipe, stages=(first, absurd)), run, own=mixed_poems)
    assert re.fullmatch(
        r"the (loss|gradient's norm|loss on dev) became \S+ at epoch [456], (step \d+|its end); "
        rf"the best weights, of epoch 3, are in {re.escape(str(run.model))}: "
        r"train again at a smaller learning_rate of that stage",
        str(failure.value),
    )
    model = load_model(run.model)
    assert model.training["epoch"] == 3
    assert all(np.isfinite(tensor).all() for tensor in model.tensors.values())


def test_a_stage_without_poems_is_refused_before_anything_is_trained(
    tmp_path: Path, own_poems: Path, curriculum: Callable[..., Recipe]
) -> None:
    recipe = curriculum()
    first, second = recipe.stages
    lonely = replace(second, forms=("七律",))
    with pytest.raises(UsageError, match=r"^stages, number 2: no training poem is of its forms"):
        train(replace(recipe, stages=(first, lonely)), RunFolder(tmp_path), own=own_poems)


def test_a_dev_loss_that_is_no_number_ends_the_run(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = LanguageModel.log_probs
    monkeypatch.setattr(LanguageModel, "log_probs", lambda *args: original(*args) * math.nan)
    with pytest.raises(TangyinError, match=r"^the loss on dev became nan at epoch 1, its end; "):
        train(tiny(), RunFolder(tmp_path), own=own_poems)
    assert not (tmp_path / "model.safetensors").exists()
    assert not (tmp_path / "metrics.jsonl").exists()


def test_a_network_too_large_for_memory_is_told(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_memory(*_: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("tangyin.training.trainer.LanguageModel", no_memory)
    with pytest.raises(TangyinError, match=r"^there is no memory for a network of 1 layers of 10"):
        train(tiny(), RunFolder(tmp_path), own=own_poems)


def test_a_watcher_is_told_every_step_and_every_epoch(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe], notes: Any
) -> None:
    told = notes()
    train(tiny({"training.batch_size": 20}), RunFolder(tmp_path), own=own_poems, watcher=told)
    assert told.said == []
    assert told.epochs == metrics_of(tmp_path)
    assert [step.epoch for step in told.steps] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert {(step.epochs, step.epoch_targets) for step in told.steps} == {(3, 48 * 49)}
    done = [step.epoch_targets_done for step in told.steps[:3]]
    assert [b - a for a, b in pairwise([0, *done])] == [step.targets for step in told.steps[:3]]
    assert done[-1] == 48 * 49
    for number, line in enumerate(told.epochs, 1):
        assert told.steps[3 * number - 1].loss == line["train_loss"]


def test_the_loss_of_an_epoch_is_the_mean_over_its_targets_and_padding_counts_for_nothing(
    tmp_path: Path,
    mixed_poems: Path,
    tiny: Callable[..., Recipe],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Poems of unlike lengths side by side, which `bucket` never does.
    monkeypatch.setattr(
        "tangyin.training.dataset.bucket",
        lambda lengths, size, _: np.array_split(np.arange(len(lengths))[::-1], 1 + size),
    )
    forms = [form.name for form in FORMS]
    changes: dict[str, Any] = {"data.forms": forms, "data.prefix": "form"}
    changes |= {"training.epochs": 1, "training.batch_size": 5, "training.precision": "fp32"}
    changes["optimizer.learning_rate"] = 1e-12
    recipe = tiny(changes)
    train(recipe, RunFolder(tmp_path), own=mixed_poems)
    material = load_dataset(recipe.data, mixed_poems)
    assert any(not batch.mask.all() for batch in material.batches(5, 1, 1))
    torch.manual_seed(recipe.training.seed)
    model = LanguageModel(Architecture(12, 10), material.vocabulary)
    nll = targets = 0.0
    for poem in material.train:
        ids = torch.from_numpy(poem.astype(np.int64)).unsqueeze(1)
        nll += model.loss(ids[:-1], ids[1:]).item() * (len(poem) - 1)
        targets += len(poem) - 1
    assert metrics_of(tmp_path)[0]["train_loss"] == pytest.approx(nll / targets, rel=1e-6)


def test_each_epoch_has_a_line_of_metrics(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    train(tiny(), RunFolder(tmp_path), own=own_poems)
    for number, line in enumerate(metrics_of(tmp_path), 1):
        assert list(line) == [
            "epoch", "train_loss", "train_per_token", "dev", "improved", "seconds",
            "targets_per_second",
        ]  # fmt: skip
        assert line["epoch"] == number
        assert line["train_per_token"] == pytest.approx(math.exp(line["train_loss"]))
        assert line["dev"]["poems"] == 12
        assert line["dev"]["targets"] == 12 * 49
        assert line["targets_per_second"] > 0


def test_a_model_file_tells_how_it_was_made(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    train(tiny(), RunFolder(tmp_path), own=own_poems)
    model = load_model(tmp_path / "model.safetensors")
    assert model.name == "tiny"
    assert model.licence == "MIT"
    assert model.training["recipe"] == tiny().as_dict()
    assert model.training["corpus"] == own_poems.name
    assert model.training["poems"] == 48
    assert model.training["commit"]
