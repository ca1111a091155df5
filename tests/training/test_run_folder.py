"""The run's folder: one training at a time, never mixed with another, whole on a full disk."""

import errno
import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from tangyin.errors import TangyinError
from tangyin.model.file import load_model
from tangyin.training import Callback, InterruptedRun, recipe_toml
from tangyin.training.checkpoint import checkpoints
from tangyin.training.recipe import differences

pytestmark = pytest.mark.corpus


def snapshot(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@contextmanager
def refused(lab, code, **params):
    """Expect an error with a code and some of its parameters, which leaves the folder as it is."""
    before = snapshot(lab.run.path)
    with pytest.raises(TangyinError) as refusal:
        yield refusal
    assert refusal.value.code == code
    assert refusal.value.params.items() >= params.items()
    assert snapshot(lab.run.path).items() - {("lock", b"")} == before.items() - {("lock", b"")}


def interrupt(lab, run="run"):
    """Train for an epoch."""
    with pytest.raises(InterruptedRun):
        lab.train(run=run, callback=lab.Notes((1, None)))


def test_a_second_training_in_the_same_folder_is_refused_and_the_first_unharmed(lab):
    class Second(Callback):
        def epoch(self, metrics):
            for resume in (False, True):
                with refused(lab, "training.locked", path=lab.run.path):
                    lab.train(resume=resume)

    lab.train(callback=Second())
    assert lab.result() == lab.uninterrupted()


@pytest.mark.parametrize("name", ["metrics.jsonl", "model.safetensors", "config.toml"])
def test_a_file_that_a_run_would_overwrite_is_refused(name, lab):
    lab.run.path.mkdir()
    (lab.run.path / name).write_text("somebody's")
    with refused(lab, "training.run_exists", path=lab.run.path):
        lab.train()


CHANGES = [
    {"training.seed": 6}, {"training.epochs": 4, "optimizer.learning_rate": 0.01}, {"name": "other"}
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_resuming_with_another_recipe_or_an_edited_one_is_refused_with_its_keys(change, lab):
    interrupt(lab)
    other = lab.tiny(change)
    with refused(lab, "training.other_recipe", path=lab.run.path) as refusal:
        lab.train(other, resume=True)
    assert {*refusal.value.params["keys"]} == change.keys()
    lab.run.config.write_text(recipe_toml(other), "utf-8")
    with refused(lab, "training.edited_recipe", path=lab.run.path) as refusal:
        lab.train(other, resume=True)
    assert {*refusal.value.params["keys"]} == change.keys()
    lab.run.config.write_text(recipe_toml(lab.tiny()), "utf-8")
    lab.train(resume=True)
    assert lab.result() == lab.uninterrupted()


def test_recipes_differ_in_the_keys_of_their_stages(lab):
    recipe = lab.curriculum()
    first, second = recipe.stages
    other = replace(recipe, stages=(first, replace(second, epochs=7)))
    found = differences(recipe, other)
    assert found == {"keys": ["stages#2.epochs"], "values": ["stages#2.epochs = 6"]}
    assert differences(recipe, recipe) == {}


@pytest.mark.parametrize("kept", [["metrics.jsonl"], ["model.safetensors"], []])
def test_resuming_results_without_a_checkpoint_is_refused(kept, lab):
    interrupt(lab)
    shutil.rmtree(lab.run.checkpoint)
    for path in (lab.run.metrics, lab.run.model):
        if path.name not in kept:
            path.unlink()
    if kept:
        with refused(lab, "training.run_without_checkpoint", path=lab.run.path):
            lab.train(resume=True)
    else:  # as a run that was killed before its first checkpoint
        lab.train(resume=True)
        assert lab.result() == lab.uninterrupted()


LOSSES = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-7]),
    "with a flipped bit": lambda path: path.write_bytes(
        path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 4])
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("epoch", [2, 3])
def test_resuming_writes_lost_and_damaged_results_again(loss, epoch, lab):
    lab.train(callback=lab.Notes((3, None))) if epoch == 3 else interrupt(lab)
    for path in (lab.run.model, lab.run.metrics):
        LOSSES[loss](path)
    with suppress(InterruptedRun):
        lab.train(resume=True, callback=lab.Notes((2, 1)))
    model = load_model(lab.run.model)
    assert model.training["epoch"] == lab.metrics()[-1]["epoch"] == (3 if epoch == 3 else 1)
    lab.train(resume=True)
    assert lab.result() == lab.uninterrupted()


@pytest.mark.parametrize("anew", [False, True])
def test_a_training_whose_folder_is_deleted_or_made_anew_ends_and_writes_nothing_there(anew, lab):
    class Vandal(Callback):
        def epoch(self, metrics):
            shutil.rmtree(lab.run.path)
            if anew:
                interrupt(lab)
                after.update(snapshot(lab.run.path))

    after = {}
    with pytest.raises(TangyinError) as failure:
        lab.train(lab.tiny({"training.seed": 9}), callback=Vandal())
    assert failure.value.code == "training.folder_replaced"
    assert snapshot(lab.run.path) == after
    lab.train(resume=True)
    assert lab.result() == lab.uninterrupted()


def test_resuming_with_other_poems_is_refused(lab, tmp_path):
    interrupt(lab)
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_text("\n".join(lab.own.read_text("utf-8").splitlines()[:-1]), "utf-8")
    with refused(lab, "training.other_poems"):
        lab.train(resume=True, own=fewer)


def test_resuming_a_run_that_has_lost_its_recipe_is_refused(lab):
    lab.train()
    lab.run.config.unlink()
    with refused(lab, "training.run_without_recipe", path=lab.run.path):
        lab.train(resume=True)


def test_a_training_that_could_not_begin_leaves_no_run_behind(lab, tmp_path):
    with pytest.raises(TangyinError):
        lab.train(own=tmp_path / "missing.jsonl")
    lab.train(lab.tiny({"training.epochs": 1}))
    assert lab.run.model.exists()


def test_the_temporary_files_of_a_killed_run_are_deleted_and_nothing_else(lab):
    lab.run.checkpoint.mkdir(parents=True)
    lab.run.config.write_text(recipe_toml(lab.tiny()), "utf-8")
    half = [".model.safetensors.x1_y", ".metrics.jsonl.abc", ".config.toml.q",
            "checkpoint/.0000001-0000000.checkpoint.zz"]  # fmt: skip
    others = [".gitignore", ".pre-commit-config.yaml", "checkpoint/.hidden.txt", "notes.txt"]
    for name in half + others:
        (lab.run.path / name).write_text("something")
    lab.train(resume=True)
    assert [name for name in half if (lab.run.path / name).exists()] == []
    assert [name for name in others if not (lab.run.path / name).exists()] == []


@pytest.mark.parametrize("write", range(1, 9))
def test_a_disk_full_at_any_write_is_reported_and_the_run_resumes(write, lab, monkeypatch):
    calls, fsync = [], os.fsync

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == write:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TangyinError) as refusal:
            lab.train()
    assert refusal.value.code == "file.write"
    assert refusal.value.params["reason"] == "No space left on device"
    lab.train(resume=True)
    assert lab.result() == lab.uninterrupted()


def test_a_file_in_place_of_the_folder_is_refused(lab):
    lab.run.path.write_text("a file")
    with pytest.raises(TangyinError) as refusal:
        lab.train()
    assert refusal.value.params["path"] == lab.run.path
    assert checkpoints(lab.run.checkpoint) == []
