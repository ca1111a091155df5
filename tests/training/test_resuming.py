"""A run that is stopped, however, and resumed ends as one that never was."""

import os
import random
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tangyin.training import OPTIMIZERS, InterruptedRun, Recipe, RunFolder, train, trainer
from tangyin.training.checkpoint import checkpoints

pytestmark = pytest.mark.corpus


def place(run: RunFolder) -> tuple[int, ...]:
    """Epoch and step of the newest checkpoint."""
    found = checkpoints(run.checkpoint)
    return tuple(map(int, found[0].stem.split("-"))) if found else (0, 0)


@pytest.mark.usefixtures("_load_on_this_machine")
def test_a_run_killed_at_20_random_moments_under_load_ends_as_one_never_killed(
    tmp_path: Path,
    launcher: Any,
    mixed_poems: Path,
    curriculum: Callable[..., Recipe],
    words: Callable[..., list[str]],
    wait_until: Callable[..., None],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
) -> None:
    recipe, run = curriculum(), RunFolder(tmp_path / "run")
    expected = uninterrupted(recipe, mixed_poems)
    seed = time.time_ns() % 10**6
    print("seed of the moments:", seed)
    moments = random.Random(seed)
    # Places the run must have come to before each kill. The last four epochs are beyond them, so
    # that even on a slow machine no kill comes after the end.
    places = sorted((moments.randint(1, 5), moments.randint(0, 8)) for _ in range(20))
    for wanted in places:
        # A checkpoint at every step, so that many of the moments are in the midst of writing one.
        command = words(recipe, mixed_poems, "--resume")
        (child,) = launcher.start(command, save_every=0.0)
        wait_until(lambda wanted=wanted: place(run) >= wanted)  # type: ignore[misc]
        time.sleep(moments.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        assert launcher.statuses() == [-signal.SIGKILL]
    train(recipe, run, resume=True, own=mixed_poems)
    assert result_of(run.path) == expected
    assert [p.name for p in run.path.rglob(".*")] == []  # what the kills left half-written is gone


def test_ctrl_c_saves_says_how_to_go_on_and_exits_with_130(
    tmp_path: Path,
    launcher: Any,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    words: Callable[..., list[str]],
    wait_until: Callable[..., None],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
) -> None:
    recipe = tiny({"training.batch_size": 2, "training.epochs": 6, "training.patience": 6})
    run = RunFolder(tmp_path / "run")
    (child,) = launcher.start(words(recipe, own_poems))
    wait_until(run.metrics.exists)
    time.sleep(0.05)
    os.kill(child, signal.SIGINT)
    assert launcher.statuses() == [130]
    assert re.fullmatch(
        r"tangyin: stopped (at epoch \d+, step \d+|after epoch \d+), and saved; "
        r"go on with the same command and --resume",
        launcher.errors()[-1],
    )
    train(recipe, run, resume=True, own=own_poems)
    assert result_of(run.path) == uninterrupted(recipe)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
@pytest.mark.parametrize("epoch", [1, 3])
def test_a_run_interrupted_in_mid_epoch_goes_on_from_that_step(
    name: str,
    epoch: int,
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    notes: Any,
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
) -> None:
    changes: dict[str, Any] = {"optimizer.name": name, "optimizer.weight_decay": 0.001}
    if "momentum" in OPTIMIZERS[name][1]:
        changes["optimizer.momentum"] = 0.9
    recipe, run = tiny(changes), RunFolder(tmp_path)
    with pytest.raises(InterruptedRun, match=rf"^stopped at epoch {epoch}, step 4, and saved"):
        train(recipe, run, own=own_poems, watcher=notes((epoch, 4)))
    watcher = notes()
    train(recipe, run, resume=True, own=own_poems, watcher=watcher)
    first = watcher.steps[0]
    assert (first.epoch, first.epoch_targets_done) == (epoch, 5 * 8 * 49)
    assert result_of(tmp_path) == uninterrupted(recipe)


def test_a_run_interrupted_again_and_again_ends_as_one_never_interrupted(
    tmp_path: Path,
    mixed_poems: Path,
    curriculum: Callable[..., Recipe],
    notes: Any,
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
) -> None:
    recipe, run = curriculum(), RunFolder(tmp_path)
    # in the warm-up, at the ends of epochs and stages, in the second stage
    for stop_at in [(1, 1), (1, 2), (1, None), (2, 5), (3, None), (4, 1), (5, 3), (6, 2)]:
        torch.manual_seed(stop_at[0])  # what happened before does not matter
        with pytest.raises(InterruptedRun):
            train(recipe, run, resume=True, own=mixed_poems, watcher=notes(stop_at))
    train(recipe, run, resume=True, own=mixed_poems)
    assert result_of(tmp_path) == uninterrupted(recipe, mixed_poems)


def test_within_a_long_epoch_a_checkpoint_is_made_from_time_to_time(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    notes: Any,
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(notes):  # type: ignore[misc]
        def step(self, step: Any) -> None:
            super().step(step)
            if (step.epoch, self.place) == (2, 4):
                raise RuntimeError("killed")

    run = RunFolder(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "SAVE_EVERY", 0.0)
        with pytest.raises(RuntimeError, match="killed"):
            train(tiny(), run, own=own_poems, watcher=Killed())
    assert place(run) == (2, 3)
    train(tiny(), run, resume=True, own=own_poems)
    assert result_of(tmp_path) == uninterrupted(tiny())


def test_ctrl_c_in_the_last_epoch_s_evaluation_lets_the_run_end(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe], notes: Any
) -> None:
    model = train(tiny(), RunFolder(tmp_path), own=own_poems, watcher=notes((3, None)))
    assert model.training["epoch"] == 3


def test_the_signal_handler_is_given_back_after_training(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe], notes: Any
) -> None:
    before = signal.getsignal(signal.SIGINT)
    train(tiny({"training.epochs": 1}), RunFolder(tmp_path / "whole"), own=own_poems)
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(InterruptedRun):
        train(tiny(), RunFolder(tmp_path / "cut"), own=own_poems, watcher=notes((1, 1)))
    assert signal.getsignal(signal.SIGINT) is before


def test_resuming_a_finished_run_changes_nothing(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    result_of: Callable[[Path], Any],
) -> None:
    run = RunFolder(tmp_path)
    train(tiny(), run, own=own_poems)
    before = result_of(tmp_path)
    model = train(tiny(), run, resume=True, own=own_poems)
    assert result_of(tmp_path) == before
    stored = {name: t.astype(np.float16).astype(t.dtype) for name, t in model.tensors.items()}
    assert {name: tensor.tobytes() for name, tensor in stored.items()} == before[1]


def test_resume_where_no_run_is_begins_one(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
) -> None:
    train(tiny(), RunFolder(tmp_path / "new"), resume=True, own=own_poems)
    assert result_of(tmp_path / "new") == uninterrupted(tiny())
