"""Several processes train as one does; a lost one ends them all, and the run can be resumed."""

import os
import re
import shlex
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributed.run import get_args_parser as torchrun_parser

from tangyin.cli.train import train
from tangyin.corpus import Batch
from tangyin.errors import TangyinError, UsageError
from tangyin.training import DivergedError, LostProcessError, read_recipe
from tangyin.training import distributed as module
from tangyin.training.distributed import DistributedContext, chosen_device, share_cores

ROOT = Path(__file__).parents[2]


def alike(found, wanted):
    """Whether two results have the same losses, to 1e-5."""
    figures, others = (
        [{**line["dev"], **{k: line[k] for k in ("train_loss", "improved")}} for line in result[0]]
        for result in (found, wanted)
    )
    approximate = [pytest.approx(line, rel=1e-5) for line in others]
    return figures == approximate


def said(error):
    """The line that the command prints."""
    return f"tangyin: {error}"


@pytest.fixture
def still(lab):
    """The recipe with everything in it but what differs between processes or is rounded."""
    return lab.curriculum({"model.dropout": {}, "training.precision": "fp32"})


@pytest.mark.corpus
def test_several_processes_have_the_losses_of_one(lab, launcher, still):
    launcher.start(lab.command(still), 2)
    assert launcher.statuses() == [0, 0]
    assert alike(lab.result(), lab.uninterrupted(still))
    # One of them prints: a line for each epoch, and where the model is.
    (last,) = launcher.errors()
    assert last.startswith(f"{lab.run.model}: epoch ")
    assert len(launcher.file.read_text("utf-8").splitlines()) == 9 + 1


def lines_in(path):
    return len(path.read_text("utf-8").splitlines()) if path.exists() else 0


@pytest.mark.corpus
def test_a_killed_process_ends_all_with_an_error_and_the_run_resumes_to_the_same_end(
    lab, launcher, wait_until
):
    command = lab.command(lab.curriculum(), "--resume")
    launcher.start(command, 2)
    assert launcher.statuses() == [0, 0]
    expected = lab.result()
    lab.run.path.rename(lab.path / "whole")

    children = launcher.start(command, 2, save_every=0.0)
    wait_until(lambda: lines_in(lab.run.metrics) >= 2)
    os.kill(children[0], signal.SIGKILL)
    began = time.monotonic()
    assert launcher.statuses() == [-signal.SIGKILL, 1]
    assert time.monotonic() - began < 30
    lost = LostProcessError("training.lost_process", rank=1, count=2)
    assert launcher.errors() == [said(lost)]
    launcher.start(command, 2)
    assert launcher.statuses() == [0, 0]
    assert lab.result() == expected


@pytest.mark.corpus
def test_a_signal_to_one_of_them_saves_and_any_number_of_processes_resumes(
    lab, launcher, still, wait_until
):
    for count, epochs, number in ((2, 1, signal.SIGINT), (3, 3, signal.SIGTERM)):
        children = launcher.start(lab.command(still, "--resume"), count)
        wait_until(lambda epochs=epochs: lines_in(lab.run.metrics) >= epochs)
        os.kill(children[-1], number)
        assert launcher.statuses() == [128 + number] * count
        *changed, line = launcher.errors()
        assert line.startswith("tangyin: stopped at epoch ")
        others = {"now": ["processes 3"], "before": ["processes 2"]}
        resumed = [said(TangyinError("training.other_machine", **others))] if count == 3 else []
        assert changed == resumed
    lab.train(still, resume=True)
    assert alike(lab.result(), lab.uninterrupted(still))


@pytest.mark.corpus
def test_a_process_that_does_not_respond_ends_the_others_in_time(lab, launcher, still, wait_until):
    children = launcher.start(lab.command(still), 2, timeout=5.0)
    wait_until(lab.run.metrics.exists)
    os.kill(children[1], signal.SIGSTOP)
    lost = said(LostProcessError("training.lost_process", rank=0, count=2))
    wait_until(lambda: launcher.errors() == [lost])
    os.kill(children[1], signal.SIGKILL)
    assert launcher.statuses() == [1, -signal.SIGKILL]


@pytest.mark.corpus
def test_an_error_of_one_process_is_that_of_all_and_printed_once(lab, launcher):
    lab.train(lab.tiny({"training.epochs": 1}))
    launcher.start(lab.command(lab.tiny()), 2)  # only the first looks at the folder
    assert launcher.statuses() == [2, 2]
    assert launcher.errors() == [said(UsageError("training.run_exists", path=lab.run.path))]


@pytest.mark.corpus
def test_a_diverging_loss_ends_all_with_one_error(lab, launcher):
    stage = {"forms": ["五律"], "dynasties": ["tang"], "epochs": 9, "learning_rate": 1000.0}
    optimizer = {"name": "sgd", "clip_norm": float("inf")}
    recipe = lab.curriculum({"model.dropout": {}, "optimizer": optimizer, "stages": [stage]})
    launcher.start(lab.command(recipe), 2)
    assert launcher.statuses() == [1, 1]
    (line,) = launcher.errors()
    with pytest.raises(DivergedError) as alone:
        lab.train(recipe, "alone")
    assert line.endswith(f"a smaller {alone.value.params['key']}")


# The page writes each command as one would type it, over several lines.
COMMANDS = re.findall(
    r"^ +torchrun (.*)", (ROOT / "docs/training.md").read_text("utf-8").replace("\\\n", " "), re.M
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_page_are_understood_by_torchrun_and_by_tangyin(command, monkeypatch):
    given = torchrun_parser().parse_args(shlex.split(command.replace("NUMBER", "1")))
    assert (given.module, given.training_script) == (True, "tangyin")
    name, *words = given.training_script_args
    assert name == "train"
    monkeypatch.chdir(ROOT)
    values = train.make_context(name, words).params
    recipe = read_recipe(values["config"], values["changes"])
    assert recipe.training.batch_size % int(given.nproc_per_node) == 0


def batches():
    """Batches of 1 to 9 poems, some with weights."""

    def make(seed, poems, weighted):
        generator = np.random.default_rng(seed)
        inputs, targets = generator.integers(9, size=(2, 5, poems), dtype=np.int32)
        mask = np.arange(5)[:, None] < generator.integers(1, 6, size=poems)
        weights = (mask * generator.random((5, poems))).astype(np.float32)
        return Batch(inputs, targets, mask, weights if weighted else None)

    return st.builds(make, st.integers(0, 2**32), st.integers(1, 9), st.booleans())


@given(batch=batches(), count=st.integers(1, 12))
def test_the_shares_of_a_batch_are_the_batch(batch, count):
    shares = [DistributedContext(rank, count).share(batch) for rank in range(count)]
    assert sum(part for _, part in shares) == pytest.approx(1.0)
    assert all(share.inputs.shape[1] >= 1 for share, _ in shares)
    poems = np.arange(batch.inputs.shape[1])
    order = np.argsort(np.concatenate([poems[rank::count] for rank in range(count)]))
    for name in ("inputs", "targets", "mask"):
        columns = np.concatenate([getattr(share, name) for share, part in shares if part], axis=1)
        assert (columns[:, order] == getattr(batch, name)).all()


def test_a_process_alone_needs_no_others():
    alone = DistributedContext()
    assert alone.first
    assert (alone.sum(3, 0.5, True), alone.gather("x")) == ([3, 0.5, True], ["x"])
    error = UsageError("training.no_cuda")
    with pytest.raises(UsageError) as refusal, alone.together():
        raise error
    assert refusal.value is error


def test_an_error_of_another_process_names_it_and_keeps_its_exit_code(monkeypatch):
    context, error = DistributedContext(0, 3), UsageError("training.no_cuda")
    monkeypatch.setattr(DistributedContext, "gather", lambda _, value: [value, error, None])
    with pytest.raises(TangyinError) as failure, context.together():
        pass
    assert (failure.value.code, failure.value.exit_code) == ("training.process_failed", 2)
    assert failure.value.params == {"rank": 1, "cause": error}


@pytest.mark.parametrize(
    ("chosen", "processes", "threads"),
    [(None, 2, [4]), (None, 3, [2]), (None, 64, [1]), ("torchrun's", 2, [4]), ("3", 2, [])],
)
def test_each_process_takes_its_part_of_the_cores_unless_the_user_says_how_many(
    chosen, processes, threads, monkeypatch
):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(module, "_set_by_torchrun", lambda _: chosen == "torchrun's")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if chosen is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", chosen)
    taken = []
    monkeypatch.setattr(torch, "set_num_threads", taken.append)
    share_cores(processes)
    assert taken == threads


@pytest.mark.parametrize(
    ("name", "found", "number", "wanted"),
    [
        ("auto", 0, 0, "cpu"),
        ("auto", 2, 1, "cuda:1"),
        ("cpu", 2, 1, "cpu"),
        ("cuda", 1, 0, "cuda:0"),
        ("cuda", 0, 0, "training.no_cuda"),
        ("auto", 2, 2, "training.too_few_devices"),
        ("tpu", 0, 0, "training.unknown_device"),
    ],
)
def test_a_process_takes_the_cuda_device_of_its_number_and_a_missing_one_is_refused(
    name, found, number, wanted, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: found > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: found)
    try:
        taken = str(chosen_device(name, number, number + 1))
    except UsageError as refusal:
        taken = refusal.code
    assert taken == wanted
