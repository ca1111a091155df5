"""`tangyin train`: what a person sees of it, and its errors."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch

from tangyin.cli.progress_bar import ProgressBar
from tangyin.corpus import TRAIN
from tangyin.errors import TangyinError, UsageError
from tangyin.training import LostProcessError, Step

REPORT = str(Path(__file__).parents[2] / "configs" / "report.toml")
SMALL = [
    "--set", "model.embedding_size=12", "--set", "model.hidden_size=10",
    "--set", "data.minimum_frequency=2", "--set", "training.epochs=2",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def poems(tmp_path_factory, corpus):
    """Fifty real 五律 in a text file."""
    texts = corpus.select(forms=["五律"], dynasties=["tang"], parts=[TRAIN]).text
    path = tmp_path_factory.mktemp("poems") / "fifty.txt"
    path.write_text("\n\n".join(texts[:: len(texts) // 50][:50]), encoding="utf-8")
    return path


@pytest.mark.corpus
def test_training_on_ones_own_poems_ends_with_a_model_that_writes(cli, tmp_path, poems):
    run = tmp_path / "run"
    done = cli("train", REPORT, *SMALL, "--corpus", str(poems), "--run", str(run))
    assert (done.code, done.out) == (0, "")
    lines = done.err.splitlines()
    metrics = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert len(lines) == len(metrics) + 1 == 3
    for line, epoch in zip(lines, metrics, strict=False):
        assert line.startswith(f"epoch {epoch['epoch']:>3}  train")
        assert f"dev {epoch['dev']['per_token']:8.2f}" in line
        assert "tokens/s" in line
    model = run / "model.safetensors"
    assert lines[-1].startswith(f"{model}: epoch ")
    written = cli("write", "日", "--free", "--model", str(model), "--seed", "1")
    assert written.code == 0
    assert len(written.out.splitlines()) == 4


@pytest.mark.corpus
def test_a_run_goes_into_the_folder_of_its_recipes_name(cli, tmp_path, poems, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("train", REPORT, *SMALL, "--corpus", str(poems), "--set", "name=mine")
    assert cli(*words).code == 0
    assert (tmp_path / "runs" / "mine" / "model.safetensors").exists()
    cli(*words).refused(2, "runs/mine", "--resume")
    assert cli(*words, "--resume").code == 0


@pytest.mark.corpus
def test_a_terminal_shows_a_bar_with_epoch_loss_perplexity_speed_and_time_left(
    cli, tmp_path, poems
):
    words = [*SMALL, "--set", "training.batch_size=1"]
    done = cli(
        "train", REPORT, *words, "--corpus", str(poems), "--run", str(tmp_path), terminal=True
    )
    assert done.code == 0
    bars = [part for part in done.err.replace("\n", "\r").split("\r") if "tok/s" in part]
    shown = [bar for bar in bars if "loss" in bar]
    assert shown
    for bar in shown:  # elapsed<left
        assert re.match(r"epoch [12]/2: .*%\|.*<.*perplexity", bar)
    assert "\x1b[3" not in done.err


@pytest.mark.corpus
def test_a_diverging_loss_ends_with_one_sentence(cli, tmp_path, poems):
    words = [*SMALL, "--set", "optimizer.learning_rate=1000", "--set", "optimizer.clip_norm=inf"]
    done = cli("train", REPORT, *words, "--corpus", str(poems), "--run", str(tmp_path))
    done.refused(1, "epoch 1", "optimizer.learning_rate")


@pytest.mark.parametrize(
    "error", [LostProcessError("training.terminated"), UsageError("training.no_cuda")]
)
def test_of_several_processes_each_prints_what_happened_to_it_alone(error, cli, monkeypatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr("tangyin.training.train", Mock(side_effect=error))
    for name in ("WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    done = cli("train", REPORT)
    assert ended == [error.exit_code]
    assert done.err == (f"tangyin: {error}\n" if isinstance(error, LostProcessError) else "")


@pytest.mark.corpus
def test_poems_that_cannot_be_used_are_counted(cli, tmp_path, poems):
    more = tmp_path / "more.txt"
    more.write_text(poems.read_text("utf-8") + "\n\nRoses are red\n", "utf-8")
    done = cli("train", REPORT, *SMALL, "--corpus", str(more), "--run", str(tmp_path / "run"))
    assert done.code == 0
    first = done.err.splitlines()[0]
    assert first.startswith(f"tangyin: 1 poem in {more} ")
    assert "51" in first


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["Missing argument 'CONFIG'; see `tangyin train --help`"]),
        (["missing.toml"], ["missing.toml"]),
        (["bad.toml"], ["bad.toml"]),
        ([REPORT, "--set", "epochs"], ["--set", "epochs"]),
        ([REPORT, "--set", "training.epoch=5"], [REPORT, "training.epoch", "epochs"]),
        ([REPORT, "--set", "training.epochs=many"], ["training.epochs", "'many'"]),
        ([REPORT, "--precision", "fp8"], ["training.precision", "'fp8'", "auto, bf16, fp32"]),
        ([REPORT, "--device", "tpu"], ["'tpu'", "auto, cpu, cuda"]),
        ([REPORT, "--corpus", "missing.jsonl"], ["missing.jsonl", "No such file"]),
    ],
    ids=str,
)
def test_a_bad_call_is_refused_in_one_sentence(words, parts, cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text("this is not TOML", "utf-8")
    cli("train", *words).refused(2, *parts)
    assert [path.name for path in tmp_path.glob("runs/*/*")] in ([], ["lock"])


def test_without_torch_the_extra_is_named(
    process, tmp_path
):  # A module found first that cannot be imported, as where torch was never installed.
    (tmp_path / "torch.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')"
    )
    paths = [str(tmp_path), *filter(None, sys.path)]
    environment = {"PYTHONPATH": ":".join(paths)}
    for words in (["train", REPORT], ["study", "cells"]):
        done = process(*words, environment=environment)
        assert (done.returncode, done.stdout) == (1, b"")
        error = TangyinError("training.not_installed", module="torch")
        assert done.stderr.decode() == f"tangyin: {error}\n"
    assert process("write", "日", "--free", environment=environment).returncode == 0


def test_without_a_terminal_a_line_says_from_time_to_time_how_far_it_is(monkeypatch, capsys):
    now = 100.0
    monkeypatch.setattr("tangyin.cli.progress_bar.time.monotonic", lambda: now)
    bar = ProgressBar()
    for done in range(1, 101):  # a batch of 500 targets a second
        bar.step(Step(1, 20, 500, done * 500, 50_000, 6.25))
        now += 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == ["11%", "41%", "71%"]
    assert lines[0].split("  ")[2:] == ["loss 6.250", "500 tokens/s", "01:29 left of the epoch"]


def test_threads_do_not_spin_at_barriers():
    """Where they do, a busy machine trains at a tenth of its rate (docs/training.md)."""
    code = (
        "import sys; sys.argv = ['tangyin', 'train', '--help']\n"
        "from tangyin.cli import main\n"
        "main.click.Group.main = lambda *a, **k: print("
        "main.os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)\n"
        "main.run()"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=100,
    )
    assert shown.stdout.splitlines()[-1] == "PASSIVE False"
