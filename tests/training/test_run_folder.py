"""The run's folder: one training at a time, never mixed with another, whole on a full disk."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tangyin.errors import TangyinError, UsageError
from tangyin.training import (
    Callback,
    InterruptedRun,
    Recipe,
    RunFolder,
    read_recipe,
    recipe_toml,
    train,
)
from tangyin.training.checkpoint import checkpoints


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A tmpfs on `folder`, where this machine lets us mount one."""
    mount = shutil.which("mount")
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if mount is None or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("this needs a file system of its own, and mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_run_folder_holds_recipe_metrics_checkpoints_and_model(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    train(tiny(), RunFolder(tmp_path), own=own_poems)
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.toml", "metrics.jsonl", "checkpoint", "model.safetensors", "lock",
    }  # fmt: skip
    assert read_recipe(tmp_path / "config.toml") == tiny()


def test_a_second_training_in_the_same_folder_is_refused_and_the_first_unharmed(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[[Recipe], Any],
) -> None:
    run = RunFolder(tmp_path)
    refusals: list[str] = []

    class Second(Callback):
        def epoch(self, metrics: dict[str, Any]) -> None:
            before = snapshot(tmp_path)
            for resume in (False, True):
                with pytest.raises(TangyinError) as refusal:
                    train(tiny(), RunFolder(tmp_path), resume=resume, own=own_poems)
                refusals.append(str(refusal.value))
            assert snapshot(tmp_path) == before

    train(tiny(), run, own=own_poems, watcher=Second())
    assert set(refusals) == {
        f"another training is running in {tmp_path}; wait for it, or give another folder with --run"
    }
    assert result_of(tmp_path) == uninterrupted(tiny())


def test_the_lock_goes_with_the_process(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe], notes: Any
) -> None:
    run = RunFolder(tmp_path)
    with pytest.raises(InterruptedRun):
        train(tiny(), run, own=own_poems, watcher=notes((1, None)))
    train(tiny(), run, resume=True, own=own_poems)


def test_a_folder_with_a_run_is_refused_without_resume(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    train(tiny(), RunFolder(tmp_path), own=own_poems)
    before = snapshot(tmp_path)
    with pytest.raises(UsageError, match="holds a run already; go on with it by --resume"):
        train(tiny(), RunFolder(tmp_path), own=own_poems)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ["metrics.jsonl", "model.safetensors", "config.toml"])
def test_a_file_that_a_run_would_write_over_is_refused(
    name: str, tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    (tmp_path / name).write_text("somebody's")
    with pytest.raises(UsageError, match="holds a run already"):
        train(tiny(), RunFolder(tmp_path), own=own_poems)
    assert (tmp_path / name).read_text() == "somebody's"


@pytest.mark.parametrize(
    "change", [{"training.seed": 6}, {"training.epochs": 4}, {"optimizer.learning_rate": 0.01}]
)
def test_resuming_with_another_recipe_is_refused(
    change: dict[str, Any], tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe], notes: Any
) -> None:
    with pytest.raises(InterruptedRun):
        train(tiny(), RunFolder(tmp_path), own=own_poems, watcher=notes((1, None)))
    before = snapshot(tmp_path)
    with pytest.raises(UsageError, match="has another recipe"):
        train(tiny(change), RunFolder(tmp_path), resume=True, own=own_poems)
    assert snapshot(tmp_path) == before


def test_resuming_with_other_poems_is_refused(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe], notes: Any
) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(InterruptedRun):
        train(tiny(), run, own=own_poems, watcher=notes((1, None)))
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_text("\n".join(own_poems.read_text("utf-8").splitlines()[:-1]), "utf-8")
    before = snapshot(run.path)
    with pytest.raises(UsageError, match="was trained on other poems"):
        train(tiny(), run, resume=True, own=fewer)
    assert snapshot(run.path) == before


def test_resuming_a_run_that_has_lost_its_recipe_is_refused(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    run = RunFolder(tmp_path)
    train(tiny(), run, own=own_poems)
    run.config.unlink()
    with pytest.raises(UsageError, match=r"has lost its config\.toml"):
        train(tiny(), run, resume=True, own=own_poems)


def test_a_training_that_could_not_begin_leaves_no_run_behind(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(UsageError):
        train(tiny(), run, own=tmp_path / "missing.jsonl")
    train(tiny({"training.epochs": 1}), run, own=own_poems)
    assert run.model.exists()


def test_what_a_killed_run_left_half_written_is_cleared_and_nothing_else(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    run = RunFolder(tmp_path)
    run.checkpoint.mkdir()
    run.config.write_text(recipe_toml(tiny()), "utf-8")
    half = [".model.safetensors.x1_y", ".metrics.jsonl.abc", ".config.toml.q",
            "checkpoint/.0000001-0000000.safetensors.zz"]  # fmt: skip
    others = [".gitignore", ".pre-commit-config.yaml", "checkpoint/.hidden.txt", "notes.txt"]
    for name in half + others:
        (tmp_path / name).write_text("something")
    train(tiny({}), run, resume=True, own=own_poems)
    assert [name for name in half if (tmp_path / name).exists()] == []
    assert [name for name in others if not (tmp_path / name).exists()] == []


def test_a_disk_full_in_the_middle_of_a_checkpoint_leaves_the_one_before_usable(
    tmp_path: Path,
    launcher: Any,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    notes: Any,
    words: Callable[..., list[str]],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[[Recipe], Any],
) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(InterruptedRun):
        train(tiny(), run, own=own_poems, watcher=notes((1, None)))
    before = snapshot(run.checkpoint)
    sizes = run.model.stat().st_size, checkpoints(run.checkpoint)[0].stat().st_size
    assert sizes[0] < sizes[1] - 1000
    launcher.start(words(tiny(), own_poems, "--resume"), largest_file=sizes[1] - 1000)
    assert launcher.statuses() == [1]
    (said,) = launcher.errors()
    assert said.startswith(f"tangyin: cannot write {run.checkpoint}")
    assert snapshot(run.checkpoint) == before
    train(tiny(), run, resume=True, own=own_poems)
    assert result_of(run.path) == uninterrupted(tiny())


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    notes: Any,
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[[Recipe], Any],
) -> None:
    run = RunFolder(tmp_path / "disk" / "run")
    run.path.parent.mkdir()
    with mounted(run.path.parent, "size=1m"):
        with pytest.raises(InterruptedRun):
            train(tiny(), run, own=own_poems, watcher=notes((1, None)))
        hog = run.path.parent / "hog"
        with pytest.raises(OSError, match="No space left"), hog.open("wb") as file:  # noqa: PT012
            while True:
                file.write(b"x" * 4096)
                file.flush()
        with pytest.raises(TangyinError, match=r"cannot write .*No space left on device"):
            train(tiny(), run, resume=True, own=own_poems)
        hog.unlink()
        train(tiny(), run, resume=True, own=own_poems)
        assert result_of(run.path) == uninterrupted(tiny())


@pytest.mark.parametrize("resume", [False, True])
def test_a_read_only_folder_is_told(
    resume: bool, tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe], notes: Any
) -> None:
    with mounted(tmp_path, "size=1m"):
        run = RunFolder(tmp_path / "run")
        if resume:
            with pytest.raises(InterruptedRun):
                train(tiny(), run, own=own_poems, watcher=notes((1, None)))
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with pytest.raises(TangyinError, match="Read-only file system; choose another"):
            train(tiny(), run, resume=resume, own=own_poems)


def test_a_file_in_the_folder_s_place_is_told(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(TangyinError, match=r"cannot make the folder .*; choose another place"):
        train(tiny(), RunFolder(tmp_path / "run"), own=own_poems)
