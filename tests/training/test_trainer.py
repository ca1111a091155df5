"""What training must achieve, and how it ends when it cannot."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

import tangyin
from tangyin.errors import UsageError
from tangyin.model import Architecture, load_model
from tangyin.nn.language_model import LanguageModel
from tangyin.training import (
    OPTIMIZERS,
    DivergedError,
    OutOfMemoryError,
    evaluate,
    load_dataset,
    read_recipe,
)  # fmt: skip
from tangyin.training.checkpoint import checkpoints
from tangyin.verse import FORMS

pytestmark = pytest.mark.corpus

RATES = dict.fromkeys(("adam", "adamw", "muon"), 0.02)
RATES |= {"sgd": 1.0, "rmsprop": 0.01, "adadelta": 5.0, "adagrad": 0.1}


def test_a_network_large_enough_learns_its_poems_by_heart(lab):
    sizes = {"model.hidden_size": 96, "model.embedding_size": 48, "data.minimum_frequency": 1}
    schedule = {"training.batch_size": 8, "training.epochs": 30, "training.patience": 30}
    lab.train(lab.tiny(sizes | schedule))
    figures = [line["train_per_token"] for line in lab.metrics()]
    assert figures[0] > 150
    assert figures[-1] < 2


@pytest.mark.parametrize("name", sorted(RATES))
def test_every_optimizer_makes_training_poems_and_dev_likelier(name, lab):
    lab.train(lab.tiny({"optimizer.name": name, "optimizer.learning_rate": RATES[name]}))
    first, *_, last = lab.metrics()
    assert last["train_loss"] < 0.97 * first["train_loss"]
    assert last["dev"]["per_token"] < first["dev"]["per_token"]


def test_the_same_recipe_gives_the_same_result_and_another_seed_another(lab):
    torch.manual_seed(99)  # the state before does not matter
    lab.train(run="again")
    assert lab.result("again") == lab.uninterrupted()
    lab.train(lab.tiny({"training.seed": 6}), "other")
    other = lab.result("other")
    assert all(other[1][name] != tensor for name, tensor in lab.uninterrupted()[1].items())


def test_early_stopping_keeps_the_best_weights(lab):
    changes = {"optimizer.learning_rate": 0.1, "training.epochs": 40, "training.patience": 2}
    model = lab.train(lab.tiny(changes))
    metrics = lab.metrics()
    dev = [line["dev"]["per_token"] for line in metrics]
    best = 1 + dev.index(min(dev))
    assert len(metrics) == best + 2 < 40
    assert [line["epoch"] for line in metrics if line["improved"]][-1] == best
    assert model.training["epoch"] == best
    assert model.figures["dev"]["all"] == metrics[best - 1]["dev"]
    # A run of exactly that many epochs ends with the same weights.
    lab.train(lab.tiny({**changes, "training.epochs": best}), "exact")
    assert lab.result("exact")[1] == lab.result()[1]
    for name, tensor in load_model(lab.run.model).tensors.items():
        assert tensor.tobytes() == model.tensors[name].astype(np.float16).astype("f4").tobytes()


@pytest.mark.parametrize("forms", [["五絕", "qijue", "五律", "qilv"], ["七絕"]])
def test_a_model_trained_on_forms_with_their_tokens_writes_each(forms, lab):
    recipe = lab.tiny({"data.forms": forms, "data.prefix": "form", "training.epochs": 2})
    model = lab.train(recipe, own=lab.mixed)
    writer = tangyin.load(lab.run.model)
    assert len(model.forms) == len(forms)
    for form in model.forms:
        for verse in writer.write_many(form=form.name, count=3, seed=1, regulated=False):
            assert verse.form == form.name
            assert [len(line) for line in verse.lines] == [form.characters] * form.lines
    assert writer.write(seed=1, regulated=False).form == ("五律" if len(forms) > 1 else "七絕")
    assert lab.metrics()[0]["dev"]["poems"] == 4 * len(forms)


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_gradients_are_clipped_to_the_recipes_norm(name, lab, monkeypatch):
    def norms(clip, folder):
        found = []
        kind = OPTIMIZERS[name][0]
        original = kind.step

        def step(self, closure=None):
            gradients = [p.grad for group in self.param_groups for p in group["params"]]
            found.append(float(torch.stack([g.norm() for g in gradients]).norm()))
            original(self, closure)

        with monkeypatch.context() as patch:
            patch.setattr(kind, "step", step)
            changes = {"optimizer.name": name, "optimizer.clip_norm": clip, "training.epochs": 1}
            lab.train(lab.tiny(changes), folder)
        return found

    free, clipped = norms(math.inf, "free"), norms(0.1, "clipped")
    assert min(free) > 0.1
    assert max(clipped) <= 0.1 * (1 + 1e-5)
    assert min(clipped) > 0.0999


def spoil(monkeypatch, batch, spoiled):
    """Change the loss of the nth batch that is trained on."""
    calls = iter(range(1, 10**6))
    original = LanguageModel.loss

    def loss(self, *batch_):
        value = original(self, *batch_)
        return spoiled(value) if next(calls) == batch else value

    monkeypatch.setattr(LanguageModel, "loss", loss)


def nan_gradient(value):
    """A finite loss whose gradient is NaN."""
    value.register_hook(lambda gradient: gradient * math.nan)
    return value


@pytest.mark.parametrize(
    ("spoiled", "code"),
    [
        (lambda value: value * math.nan, "training.loss_diverged"),
        (lambda value: value * math.inf, "training.loss_diverged"),
        (nan_gradient, "training.gradient_diverged"),
    ],
)
def test_a_diverging_loss_ends_the_run_and_keeps_the_last_good_weights(
    spoiled, code, lab, monkeypatch
):
    with monkeypatch.context() as patch:
        spoil(patch, batch=6 + 6 + 2, spoiled=spoiled)  # an epoch has 6
        with pytest.raises(DivergedError) as failure:
            lab.train()
    found = failure.value
    assert (found.code, found.exit_code) == ("training.diverged", 1)
    assert found.params["fault"].code == code
    assert (found.params["epoch"], found.params["steps"], found.params["best"]) == (3, 1, 2)
    assert found.params["key"] == "optimizer.learning_rate"
    assert load_model(found.params["model"]).training["epoch"] == 2
    names = [path.stem for path in checkpoints(lab.run.checkpoint)]
    assert names == ["0000003-0000000", "0000002-0000000"]
    lab.train(resume=True)  # the kept weights are good enough to resume from
    assert lab.result() == lab.uninterrupted()


@pytest.mark.parametrize("recipe", ["tiny", "curriculum"])
@pytest.mark.parametrize("factor", [math.nan, math.inf, 1000.0])
def test_a_diverging_dev_loss_ends_a_run_with_or_without_stages(recipe, factor, lab, monkeypatch):
    original = LanguageModel.log_probs
    monkeypatch.setattr(LanguageModel, "log_probs", lambda *args: original(*args) * factor)
    with pytest.raises(DivergedError) as failure:
        lab.train(getattr(lab, recipe)())
    assert failure.value.code == "training.diverged_at_once"
    assert failure.value.params["fault"].code == "training.dev_diverged"
    assert failure.value.params["epoch"] == 1
    assert not lab.run.model.exists()
    assert not lab.run.metrics.exists()


def test_weights_that_the_model_file_cannot_hold_end_the_run(lab, monkeypatch):
    def evaluated(model, *others):
        tallies = evaluate(model, *others)
        with torch.no_grad():
            model.output.bias[0] = 7e4  # fp16 ends at 65504
        return tallies

    monkeypatch.setattr("tangyin.training.trainer.evaluate", evaluated)
    with pytest.raises(DivergedError) as failure:
        lab.train()
    assert failure.value.params["fault"].code == "training.weights_diverged"
    assert not lab.run.model.exists()


def test_a_stage_without_poems_is_refused_before_anything_is_trained(lab):
    recipe = lab.curriculum()
    first, second = recipe.stages
    empty = replace(recipe, stages=(first, replace(second, forms=("七律",))))
    with pytest.raises(UsageError) as refusal:
        lab.train(empty, own=lab.own)
    assert (refusal.value.code, refusal.value.params) == ("training.empty_stage", {"number": 2})


PLACES = {
    "the network": "tangyin.training.trainer.LanguageModel",
    "the backward pass": "torch.Tensor.backward",
    "the evaluation": "tangyin.nn.language_model.LanguageModel.log_probs",
    "a checkpoint": "tangyin.training.checkpoint.serialized",
    "the model file": "tangyin.model.file.serialized",
}
FAILURES = (
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4616192 bytes"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4616192 bytes."),
    RuntimeError("could not create a primitive"),
    torch.OutOfMemoryError("CUDA out of memory."),
    MemoryError(),
)


@pytest.mark.parametrize("place", PLACES)
def test_memory_that_runs_out_anywhere_is_one_error(place, lab, monkeypatch):
    for failure in FAILURES if place == "the backward pass" else FAILURES[:1]:

        def no_memory(*_args, failure=failure, **_options):
            raise failure

        with monkeypatch.context() as patch:
            patch.setattr(PLACES[place], no_memory)
            with pytest.raises(OutOfMemoryError) as refusal:
                lab.train(resume=True)
        assert refusal.value.code == "training.no_memory"
        sizes = refusal.value.params.items()
        assert sizes >= {"hidden_size": 10, "layers": 1, "batch_size": 8}.items()
    lab.train(resume=True)
    assert lab.result() == lab.uninterrupted()


def test_another_error_of_torch_is_not_taken_for_a_lack_of_memory(lab, monkeypatch):
    def broken(*_):
        raise RuntimeError("shape '[2]' is invalid for input of size 3")

    monkeypatch.setattr("tangyin.training.trainer.LanguageModel", broken)
    with pytest.raises(RuntimeError, match="shape"):
        lab.train()


def test_a_callback_gets_every_step_and_every_epoch(lab):
    notes = lab.Notes()
    # A patience of 1 does not end a run while dev keeps falling.
    lab.train(lab.tiny({"training.batch_size": 20, "training.patience": 1}), callback=notes)
    assert notes.said == []
    assert notes.epochs == lab.metrics()
    assert [line["improved"] for line in notes.epochs] == [True, True, True]
    assert [step.epoch for step in notes.steps] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert {(step.epochs, step.epoch_targets) for step in notes.steps} == {(3, 48 * 49)}
    done = [step.epoch_targets_done for step in notes.steps[:3]]
    assert [b - a for a, b in pairwise([0, *done])] == [step.targets for step in notes.steps[:3]]
    assert done[-1] == 48 * 49
    for number, line in enumerate(notes.epochs, 1):
        assert notes.steps[3 * number - 1].loss == line["train_loss"]


def test_the_loss_of_an_epoch_is_the_mean_over_its_targets_and_padding_counts_for_nothing(
    lab, monkeypatch
):
    # Poems of different lengths side by side, which `bucket` never does.
    monkeypatch.setattr(
        "tangyin.training.dataset.bucket",
        lambda lengths, size, _: np.array_split(np.arange(len(lengths))[::-1], 1 + size),
    )
    changes = {"data.forms": [f.name for f in FORMS], "data.prefix": "form"}
    changes |= {"training.epochs": 1, "training.batch_size": 5, "training.precision": "fp32"}
    recipe = lab.tiny({**changes, "optimizer.learning_rate": 1e-12})
    lab.train(recipe)
    dataset = load_dataset(recipe.data, lab.mixed)
    assert any(not batch.mask.all() for batch in dataset.batches(5, 1, 1))
    torch.manual_seed(recipe.training.seed)
    model = LanguageModel(Architecture(12, 10), dataset.vocabulary)
    nll = targets = 0.0
    for poem in dataset.train:
        ids = torch.from_numpy(poem.astype(np.int64)).unsqueeze(1)
        nll += model.loss(ids[:-1], ids[1:]).item() * (len(poem) - 1)
        targets += len(poem) - 1
    assert lab.metrics()[0]["train_loss"] == pytest.approx(nll / targets, rel=1e-6)


def test_a_run_folder_holds_recipe_metrics_of_each_epoch_and_a_model_that_says_how_it_was_made(lab):
    lab.train()
    files = {path.name for path in lab.run.path.iterdir()}
    assert files == {"config.toml", "metrics.jsonl", "checkpoint", "model.safetensors", "lock"}
    assert read_recipe(lab.run.config) == lab.tiny()
    for number, line in enumerate(lab.metrics(), 1):
        assert list(line) == [
            "epoch", "train_loss", "train_per_token", "dev", "improved", "seconds",
            "targets_per_second",
        ]  # fmt: skip
        assert line["epoch"] == number
        assert line["train_per_token"] == pytest.approx(math.exp(line["train_loss"]))
        assert (line["dev"]["poems"], line["dev"]["targets"]) == (12, 12 * 49)
        assert line["targets_per_second"] > 0
    model = load_model(lab.run.model)
    assert (model.name, model.licence) == ("tiny", "MIT")
    assert model.training["recipe"] == lab.tiny().as_dict()
    assert model.training["corpus"] == lab.own.name
    assert model.training["poems"] == 48
    assert model.training["commit"]
