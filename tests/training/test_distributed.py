"""Several processes train as one does; a lost one ends them all, and the run goes on."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tangyin.corpus import Batch
from tangyin.errors import TangyinError, UsageError
from tangyin.model.file import load_model
from tangyin.training import Recipe, RunFolder, train
from tangyin.training import distributed as module
from tangyin.training.device import chosen_device
from tangyin.training.distributed import DistributedContext, share_cores

STILL = {"characters": 0.0, "input": 0.0, "output": 0.0, "recurrent": 0.0}


def alike(found: Any, wanted: Any) -> bool:
    """Whether two results have the same losses, to 1e-5, and the same weights, to fp16."""
    for line, other in zip(found[0], wanted[0], strict=True):
        figures = {"train_loss": line["train_loss"], **line["dev"]}
        others = {"train_loss": other["train_loss"], **other["dev"]}
        if figures != pytest.approx(others, rel=1e-5) or line["improved"] != other["improved"]:
            return False
    return True


@pytest.fixture(scope="session")
def still(curriculum: Callable[..., Recipe]) -> Recipe:
    """The recipe with everything in it but what differs between processes or is rounded."""
    return curriculum(model={"dropout": STILL}, training={"precision": "fp32"})


@pytest.mark.corpus
@pytest.mark.parametrize("count", [2, 3])
def test_several_processes_have_the_losses_of_one(
    count: int,
    tmp_path: Path,
    launcher: Any,
    mixed_poems: Path,
    still: Recipe,
    words: Callable[..., list[str]],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
) -> None:
    launcher.start(words(still, mixed_poems), count)
    assert launcher.statuses() == [0] * count
    assert alike(result_of(tmp_path / "run"), uninterrupted(still, mixed_poems))
    # one of them speaks: a line for each epoch, and where the model is
    assert [line[:9] for line in launcher.errors()[:-1]] == [f"epoch {n:>3}" for n in range(1, 10)]
    assert launcher.errors()[-1].startswith(f"{tmp_path / 'run' / 'model.safetensors'}: epoch ")


def lines_in(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines()) if path.exists() else 0


@pytest.mark.corpus
def test_a_killed_process_ends_all_with_a_sentence_and_the_run_goes_on_to_the_same_end(
    tmp_path: Path,
    launcher: Any,
    mixed_poems: Path,
    curriculum: Callable[..., Recipe],
    words: Callable[..., list[str]],
    wait_until: Callable[..., None],
    result_of: Callable[[Path], Any],
) -> None:
    folder = tmp_path / "run"
    command = words(curriculum(), mixed_poems, "--resume")
    launcher.start(command, 3)
    assert launcher.statuses() == [0, 0, 0]
    expected = result_of(folder)
    folder.rename(tmp_path / "whole")

    for victim, epochs in ((2, 1), (0, 4)):
        children = launcher.start(command, 3, save_every=0.0)
        wait_until(lambda epochs=epochs: lines_in(folder / "metrics.jsonl") >= epochs)
        os.kill(children[victim], signal.SIGKILL)
        began = time.monotonic()
        others = [rank for rank in range(3) if rank != victim]
        ends = launcher.statuses()
        assert time.monotonic() - began < 30
        assert ends[victim] == -signal.SIGKILL
        assert [ends[rank] for rank in others] == [1, 1]
        said = sorted(line for line in launcher.errors() if not line.startswith("epoch"))
        assert said == [
            f"tangyin: process {rank} of 3 has lost another one, which has ended or answers no "
            "more; go on with the same command and --resume"
            for rank in others
        ]
    launcher.start(command, 3)
    assert launcher.statuses() == [0, 0, 0]
    assert result_of(folder) == expected


@pytest.mark.corpus
def test_ctrl_c_to_one_of_them_saves_and_any_number_of_processes_goes_on(
    tmp_path: Path,
    launcher: Any,
    mixed_poems: Path,
    still: Recipe,
    words: Callable[..., list[str]],
    wait_until: Callable[..., None],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
) -> None:
    run = RunFolder(tmp_path / "run")
    for count, epochs in ((2, 1), (3, 3)):
        children = launcher.start(words(still, mixed_poems, "--resume"), count)
        wait_until(lambda epochs=epochs: lines_in(run.metrics) >= epochs)
        os.kill(children[-1], signal.SIGINT)
        assert launcher.statuses() == [130] * count
        (said,) = (line for line in launcher.errors() if not line.startswith("epoch"))
        assert re.fullmatch(r"tangyin: stopped .*, and saved; go on with .* --resume", said)
    train(still, run, resume=True, own=mixed_poems)
    assert alike(result_of(run.path), uninterrupted(still, mixed_poems))


@pytest.mark.corpus
def test_a_process_that_answers_no_more_ends_the_others_in_time(
    tmp_path: Path,
    launcher: Any,
    mixed_poems: Path,
    still: Recipe,
    words: Callable[..., list[str]],
    wait_until: Callable[..., None],
) -> None:
    children = launcher.start(words(still, mixed_poems), 2, timeout=5.0)
    wait_until((tmp_path / "run" / "metrics.jsonl").exists)
    os.kill(children[1], signal.SIGSTOP)
    wait_until(lambda: "tangyin: process 0 of 2 has lost" in "".join(launcher.errors()))
    os.kill(children[1], signal.SIGKILL)
    assert launcher.statuses() == [1, -signal.SIGKILL]


@pytest.mark.corpus
def test_what_one_process_refuses_all_refuse_in_one_sentence(
    tmp_path: Path,
    launcher: Any,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    words: Callable[..., list[str]],
) -> None:
    train(tiny({"training.epochs": 1}), RunFolder(tmp_path / "run"), own=own_poems)
    launcher.start(words(tiny(), own_poems), 2)  # the first alone looks at the folder
    assert launcher.statuses() == [2, 2]
    (said,) = launcher.errors()
    assert "holds a run already" in said
    launcher.start([*words(tiny(), own_poems), "--set", "optimizer.learning_rate=0"], 2)
    assert launcher.statuses() == [2, 2]
    (said,) = launcher.errors()
    assert "optimizer.learning_rate is 0" in said


@pytest.mark.corpus
def test_a_loss_that_explodes_ends_all_in_one_sentence(
    launcher: Any,
    mixed_poems: Path,
    still: Recipe,
    words: Callable[..., list[str]],
) -> None:
    absurd = ["--set", "optimizer.name=sgd", "--set", "optimizer.clip_norm=inf", "--set"]
    stages = (
        'stages=[{forms=["五律"], dynasties=["tang"], epochs=1, learning_rate=0.1}, '
        '{forms=["五律"], dynasties=["tang"], epochs=9, learning_rate=1000, final_rate=1000}]'
    )
    launcher.start([*words(still, mixed_poems), *absurd, stages], 2)
    assert launcher.statuses() == [1, 1]
    (said,) = (line for line in launcher.errors() if not line.startswith("epoch"))
    assert re.fullmatch(
        r"tangyin: the (loss|gradient's norm|loss on dev) became \S+ at epoch \d, .*; "
        r"the best weights, of epoch 1, are in .*: "
        r"train again at a smaller learning_rate of that stage",
        said,
    )


@pytest.mark.corpus
def test_torchrun_trains_a_model(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    words: Callable[..., list[str]],
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
) -> None:
    recipe = tiny({"training.precision": "fp32"})
    # torchrun takes --run for its own --run-path
    command = ["-o" if word == "--run" else word for word in words(recipe, own_poems)]
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
            "-m", "tangyin", *command,
        ],
        env={key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert alike(result_of(tmp_path / "run"), uninterrupted(recipe))
    assert load_model(tmp_path / "run" / "model.safetensors").training["epoch"] == 3


def batches() -> st.SearchStrategy[Batch]:
    """Batches of 1 to 9 poems, some with weights."""

    def make(seed: int, poems: int, weighted: bool) -> Batch:
        generator = np.random.default_rng(seed)
        inputs, targets = generator.integers(9, size=(2, 5, poems), dtype=np.int32)
        mask = np.arange(5)[:, None] < generator.integers(1, 6, size=poems)
        weights = (mask * generator.random((5, poems))).astype(np.float32)
        return Batch(inputs, targets, mask, weights if weighted else None)

    return st.builds(make, st.integers(0, 2**32), st.integers(1, 9), st.booleans())


@given(batch=batches(), count=st.integers(1, 12))
def test_the_shares_of_a_batch_are_the_batch(batch: Batch, count: int) -> None:
    shares = [DistributedContext(rank, count).share(batch) for rank in range(count)]
    assert sum(part for _, part in shares) == pytest.approx(1.0)
    assert all(share.inputs.shape[1] >= 1 for share, _ in shares)
    poems = np.arange(batch.inputs.shape[1])
    order = np.argsort(np.concatenate([poems[rank::count] for rank in range(count)]))
    for name in ("inputs", "targets", "mask"):
        columns = np.concatenate([getattr(share, name) for share, part in shares if part], axis=1)
        assert (columns[:, order] == getattr(batch, name)).all()


def test_a_process_alone_needs_no_others() -> None:
    alone = DistributedContext()
    assert (alone.first, alone.sum(3, 0.5, True), alone.agree(1, 2)) == (True, [3, 0.5, True], True)
    with pytest.raises(UsageError, match="as it is"), alone.together():
        raise UsageError("as it is")


@pytest.mark.parametrize(
    ("chosen", "by_torchrun", "processes", "threads"),
    [
        (None, False, 2, 4),
        (None, False, 3, 2),
        (None, False, 64, 1),
        ("1", True, 2, 4),  # which is how torchrun leaves it when it is not set
        ("3", False, 2, None),
    ],
)
def test_each_process_takes_its_part_of_the_cores_unless_told_how_many(
    chosen: str | None,
    by_torchrun: bool,
    processes: int,
    threads: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(module, "_set_by_torchrun", lambda _: by_torchrun)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if chosen is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", chosen)
    taken: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", taken.append)
    share_cores(processes)
    assert taken == ([] if threads is None else [threads])


@pytest.mark.parametrize(
    ("name", "found", "number", "wanted"),
    [
        ("auto", 0, 0, "cpu"), ("auto", 2, 1, "cuda:1"), ("cpu", 2, 1, "cpu"),
        ("cuda", 1, 0, "cuda:0"),
    ],
)  # fmt: skip
def test_a_training_takes_the_cuda_device_of_its_number_where_there_is_one(
    name: str, found: int, number: int, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: found > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: found)
    assert chosen_device(name, number, number + 1) == torch.device(wanted)


@pytest.mark.parametrize(
    ("name", "found", "processes", "sentence"),
    [
        ("cuda", 0, 1, "there is no CUDA device on this machine; train with --device cpu"),
        ("auto", 2, 3, "this machine has 2 CUDA devices for 3 processes"),
        ("tpu", 0, 1, "the device is 'tpu'; it can be auto, cpu, cuda"),
    ],
)
def test_a_device_that_is_not_there_is_refused(
    name: str, found: int, processes: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: found > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: found)
    with pytest.raises(TangyinError, match=f"^{sentence}"):
        chosen_device(name, 0, processes)
