"""A run that is stopped, however, and resumed ends as one that never was."""

import os
import random
import signal
import time
from contextlib import suppress

import numpy as np
import pytest
import torch

from tangyin.errors import TangyinError
from tangyin.nn.native import native_kernel
from tangyin.nn.torch_kernel import TorchKernel
from tangyin.training import OPTIMIZERS, InterruptedRun, trainer
from tangyin.training.checkpoint import checkpoints

pytestmark = pytest.mark.corpus


def place(run):
    """Epoch and step of the newest checkpoint."""
    found = checkpoints(run.checkpoint)
    return tuple(map(int, found[0].stem.split("-"))) if found else (0, 0)


@pytest.mark.timeout(300)
def test_a_run_killed_at_random_moments_ends_as_one_never_killed(lab, launcher, wait_until):
    recipe = lab.curriculum()
    expected = lab.uninterrupted(recipe)
    seed = time.time_ns() % 10**6
    print("seed of the moments:", seed)
    moments = random.Random(seed)
    # Places that the run must reach before each kill. The last four epochs are beyond them, so
    # that even on a slow machine no kill comes after the end.
    places = sorted((moments.randint(1, 5), moments.randint(0, 8)) for _ in range(6))
    for wanted in places:
        # A checkpoint at every step, so that many of the moments are in the midst of writing one.
        (child,) = launcher.start(lab.command(recipe, "--resume"), save_every=0.0)
        wait_until(lambda wanted=wanted: place(lab.run) >= wanted)
        time.sleep(moments.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        assert launcher.statuses() == [-signal.SIGKILL]
    lab.train(recipe, resume=True)
    assert lab.result() == expected
    assert list(lab.run.path.rglob(".*")) == []  # the temporary files of the kills are gone


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_save_say_how_to_resume_and_exit_with_128_and_their_number(
    number, lab, launcher, wait_until
):
    recipe = lab.tiny({"training.batch_size": 2, "training.epochs": 4, "training.patience": 4})
    (child,) = launcher.start(lab.command(recipe))
    wait_until(lab.run.metrics.exists)
    time.sleep(0.05)
    os.kill(child, number)
    assert launcher.statuses() == [128 + number]
    epoch, step = place(lab.run)
    stopped = TangyinError("training.stopped", epoch=epoch, step=step)
    assert launcher.errors() == [f"tangyin: {stopped}"]
    lab.train(recipe, resume=True)
    assert lab.result() == lab.uninterrupted(recipe)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_run_interrupted_in_mid_epoch_resumes_at_that_step(name, lab):
    changes = {"optimizer.name": name, "optimizer.weight_decay": 0.001}
    if "momentum" in OPTIMIZERS[name][1]:
        changes["optimizer.momentum"] = 0.9
    recipe = lab.tiny(changes)
    with pytest.raises(InterruptedRun) as stop:
        lab.train(recipe, callback=lab.Notes((2, 4)))
    assert (stop.value.code, stop.value.params) == ("training.stopped", {"epoch": 2, "step": 4})
    notes = lab.Notes()
    lab.train(recipe, resume=True, callback=notes)
    first = notes.steps[0]
    assert (first.epoch, first.epoch_targets_done) == (2, 5 * 8 * 49)
    assert lab.result() == lab.uninterrupted(recipe)


def test_a_run_interrupted_again_and_again_ends_as_one_never_interrupted(lab):
    recipe = lab.curriculum()
    # In the warm-up, at the ends of epochs and stages, in the second stage. Without a run in the
    # folder, resuming begins one.
    for stop_at in [(1, 1), (1, None), (3, None), (5, 3)]:
        torch.manual_seed(stop_at[0])  # the state before does not matter
        with pytest.raises(InterruptedRun):
            lab.train(recipe, resume=True, callback=lab.Notes(stop_at))
    lab.train(recipe, resume=True)
    assert lab.result() == lab.uninterrupted(recipe)


def test_within_a_long_epoch_a_checkpoint_is_made_from_time_to_time(lab, monkeypatch):
    class Killed(lab.Notes):
        def step(self, step):
            super().step(step)
            if (step.epoch, self.place) == (2, 4):
                raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "SAVE_EVERY", 0.0)
        with pytest.raises(RuntimeError, match="killed"):
            lab.train(callback=Killed())
    assert place(lab.run) == (2, 3)
    lab.train(resume=True)
    assert lab.result() == lab.uninterrupted()


def test_ctrl_c_in_the_last_evaluation_lets_the_run_end_and_resuming_changes_nothing(lab):
    model = lab.train(callback=lab.Notes((3, None)))
    assert model.training["epoch"] == 3
    before = lab.result()
    model = lab.train(resume=True)
    assert lab.result() == before
    stored = {name: t.astype(np.float16).astype(t.dtype) for name, t in model.tensors.items()}
    assert {name: tensor.tobytes() for name, tensor in stored.items()} == before[1]


def test_the_signal_handlers_are_restored_after_training(lab):
    def handlers():
        return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    before = handlers()
    lab.train(lab.tiny({"training.epochs": 1}), "whole")
    assert handlers() == before
    with pytest.raises(InterruptedRun):
        lab.train(run="cut", callback=lab.Notes((1, 1)))
    assert handlers() == before


def test_an_interrupt_that_is_ignored_does_not_stop_a_training(lab):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        lab.train(callback=lab.Notes((1, 1)))
    finally:
        signal.signal(signal.SIGINT, before)
    assert lab.result() == lab.uninterrupted()


def test_resuming_says_when_threads_or_kernel_are_others_and_is_silent_when_they_are_not(
    lab, monkeypatch
):
    recipe = lab.tiny({"training.precision": "fp32"})
    notes = lab.Notes((1, 2)), lab.Notes((1, 4)), lab.Notes((2, 2)), lab.Notes()
    for note, threads in zip(notes, (1, 1, 2, 1), strict=True):
        torch.set_num_threads(threads)
        if note is notes[-1]:
            monkeypatch.setattr("tangyin.training.trainer.kernel_for", lambda *_: TorchKernel())
        with suppress(InterruptedRun):
            lab.train(recipe, resume=True, callback=note)
    changes = [("threads 2", "threads 1"), ("threads 1", "threads 2")]
    one, back = ({"now": [now], "before": [before]} for now, before in changes)
    if native_kernel() is not None:
        back = {"now": ["kernel torch", *back["now"]], "before": ["kernel native", *back["before"]]}
    sentences = [str(TangyinError("training.other_machine", **params)) for params in (one, back)]
    assert [note.said for note in notes] == [[], [], sentences[:1], sentences[1:]]
