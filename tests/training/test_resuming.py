"""A run that is stopped, however, and resumed ends as one that never was."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tangyin.training import (
    OPTIMIZERS,
    Interrupted,
    Recipe,
    RunFolder,
    Step,
    Watcher,
    recipe_toml,
    train,
)

pytestmark = pytest.mark.corpus


class InterruptAt(Watcher):
    """Sends this process SIGINT, as Ctrl-C does, after one step or at the end of one epoch."""

    def __init__(self, epoch: int, step: int | None = None) -> None:
        self.at, self.steps = (epoch, step), 0

    def step(self, step: Step) -> None:
        self.steps = 1 if step.epoch_targets_done == step.targets else self.steps + 1
        if (step.epoch, self.steps) == self.at:
            signal.raise_signal(signal.SIGINT)

    def epoch(self, metrics: dict[str, Any]) -> None:
        if (metrics["epoch"], None) == self.at:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def load_on_this_machine() -> Iterator[None]:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def arguments(recipe: Path, folder: Path, poems: Path, *more: str) -> list[str]:
    return ["train", str(recipe), "--run", str(folder), "--corpus", str(poems), *more]


def lines_in(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0


def wait_for_epochs(metrics: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while lines_in(metrics) < count:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_run_killed_at_random_moments_under_load_ends_as_one_never_killed(
    tmp_path: Path,
    launcher: Any,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[[Recipe], Any],
) -> None:
    recipe = tiny({"training.batch_size": 6, "training.epochs": 20, "training.patience": 20})
    expected = uninterrupted(recipe)
    config, folder = tmp_path / "recipe.toml", tmp_path / "run"
    config.write_text(recipe_toml(recipe), encoding="utf-8")
    moments = random.Random(time.time_ns())
    metrics = folder / "metrics.jsonl"
    with load_on_this_machine():
        for number in range(8):
            child = launcher.start(arguments(config, folder, own_poems, "--resume"))
            wait_for_epochs(metrics, 2 * number)
            time.sleep(moments.uniform(0, 0.15))
            os.kill(child, signal.SIGKILL)
            assert launcher.status() == -signal.SIGKILL
    assert 14 <= lines_in(metrics) < 20
    train(recipe, RunFolder(folder), resume=True, own=own_poems)
    assert result_of(folder) == expected
    assert [p.name for p in folder.rglob(".*")] == []  # what the kills left half-written is gone


def test_ctrl_c_saves_says_how_to_go_on_and_exits_with_130(
    tmp_path: Path,
    launcher: Any,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[[Recipe], Any],
) -> None:
    recipe = tiny({"training.batch_size": 2, "training.epochs": 6, "training.patience": 6})
    config, folder = tmp_path / "recipe.toml", tmp_path / "run"
    config.write_text(recipe_toml(recipe), encoding="utf-8")
    child = launcher.start(arguments(config, folder, own_poems))
    wait_for_epochs(folder / "metrics.jsonl", 1)
    time.sleep(0.05)
    os.kill(child, signal.SIGINT)
    assert launcher.status() == 130
    assert re.fullmatch(
        r"tangyin: stopped (at epoch \d+, step \d+|after epoch \d+), and saved; "
        r"go on with the same command and --resume",
        launcher.errors.read_text(encoding="utf-8").splitlines()[-1],
    )
    train(recipe, RunFolder(folder), resume=True, own=own_poems)
    assert result_of(folder) == uninterrupted(recipe)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
@pytest.mark.parametrize("epoch", [1, 3])
def test_a_run_interrupted_in_mid_epoch_goes_on_from_that_step(
    name: str,
    epoch: int,
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[[Recipe], Any],
) -> None:
    changes: dict[str, Any] = {"optimizer.name": name, "optimizer.weight_decay": 0.001}
    if "momentum" in OPTIMIZERS[name][1]:
        changes["optimizer.momentum"] = 0.9
    recipe, run = tiny(changes), RunFolder(tmp_path)
    with pytest.raises(Interrupted, match=rf"^stopped at epoch {epoch}, step 4, and saved"):
        train(recipe, run, own=own_poems, watcher=InterruptAt(epoch, 4))
    seen: list[Step] = []
    watcher = Watcher()
    watcher.step = seen.append  # type: ignore[method-assign]
    train(recipe, run, resume=True, own=own_poems, watcher=watcher)
    assert (seen[0].epoch, seen[0].epoch_targets_done) == (epoch, 5 * 8 * 49)
    assert result_of(tmp_path) == uninterrupted(recipe)


def test_a_run_interrupted_again_and_again_ends_as_one_never_interrupted(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[[Recipe], Any],
) -> None:
    recipe, run = tiny(), RunFolder(tmp_path)
    for epoch, step in [(1, 1), (1, 2), (1, None), (2, 5), (3, 1)]:
        with pytest.raises(Interrupted):
            train(recipe, run, resume=True, own=own_poems, watcher=InterruptAt(epoch, step))
    train(recipe, run, resume=True, own=own_poems)
    assert result_of(tmp_path) == uninterrupted(recipe)


def test_ctrl_c_in_the_last_epoch_s_evaluation_lets_the_run_end(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    model = train(
        tiny(), RunFolder(tmp_path), own=own_poems, watcher=InterruptAt(epoch=3, step=None)
    )
    assert model.training["epoch"] == 3


def test_the_signal_handler_is_given_back_after_training(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    train(tiny({"training.epochs": 1}), RunFolder(tmp_path / "whole"), own=own_poems)
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(Interrupted):
        train(tiny(), RunFolder(tmp_path / "cut"), own=own_poems, watcher=InterruptAt(1, 1))
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
    uninterrupted: Callable[[Recipe], Any],
) -> None:
    train(tiny(), RunFolder(tmp_path / "new"), resume=True, own=own_poems)
    assert result_of(tmp_path / "new") == uninterrupted(tiny())
