"""`tangyin train`: what a person sees of it, and its errors."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tangyin.corpus import TRAIN, Corpus

Cli = Callable[..., Any]

REPORT = str(Path(__file__).parents[2] / "configs" / "report.toml")
SMALL = [
    "--set", "model.embedding_size=12", "--set", "model.hidden_size=10",
    "--set", "data.minimum_frequency=2", "--set", "training.epochs=2",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def poems(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus) -> Path:
    """Fifty real 五律 in a text file."""
    texts = corpus.select(forms=["五律"], dynasties=["tang"], parts=[TRAIN]).text
    path = tmp_path_factory.mktemp("poems") / "fifty.txt"
    path.write_text("\n\n".join(texts[:: len(texts) // 50][:50]), encoding="utf-8")
    return path


@pytest.mark.corpus
def test_training_on_ones_own_poems_ends_with_a_model_that_writes(
    cli: Cli, tmp_path: Path, poems: Path
) -> None:
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
def test_a_run_goes_into_the_folder_of_its_recipes_name(
    cli: Cli, tmp_path: Path, poems: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("train", REPORT, *SMALL, "--corpus", str(poems), "--set", "name=mine")
    assert cli(*words).code == 0
    assert (tmp_path / "runs" / "mine" / "model.safetensors").exists()
    cli(*words).refused(2, "runs/mine", "--resume")
    assert cli(*words, "--resume").code == 0


@pytest.mark.corpus
def test_a_terminal_shows_a_bar_with_epoch_loss_perplexity_speed_and_time_left(
    cli: Cli, tmp_path: Path, poems: Path
) -> None:
    words = [*SMALL, "--set", "training.batch_size=1"]
    done = cli(
        "train", REPORT, *words, "--corpus", str(poems), "--run", str(tmp_path), terminal=True
    )
    assert done.code == 0
    bars = [part for part in done.err.replace("\n", "\r").split("\r") if "tok/s" in part]
    shown = [bar for bar in bars if "loss" in bar]
    assert shown
    for bar in shown:
        assert bar.startswith(("epoch 1/2: ", "epoch 2/2: "))
        assert "perplexity" in bar
        assert "%|" in bar
        assert "<" in bar  # elapsed<left
    assert "\x1b[3" not in done.err


@pytest.mark.corpus
def test_a_diverging_loss_ends_with_one_sentence(cli: Cli, tmp_path: Path, poems: Path) -> None:
    words = [*SMALL, "--set", "optimizer.learning_rate=1000", "--set", "optimizer.clip_norm=inf"]
    done = cli("train", REPORT, *words, "--corpus", str(poems), "--run", str(tmp_path))
    done.refused(1, "epoch 1", "optimizer.learning_rate")


@pytest.mark.corpus
def test_poems_that_cannot_be_used_are_counted(cli: Cli, tmp_path: Path, poems: Path) -> None:
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
        ([REPORT, "--set", "training.epochs=0"], ["training.epochs", "0", "1"]),
        ([REPORT, "--set", "optimizer.name=adma"], ["optimizer.name", "'adma'", "adamw"]),
        ([REPORT, "--set"], ["Option '--set' requires an argument"]),
        ([REPORT, "--precision", "fp8"], ["training.precision", "'fp8'", "auto, bf16, fp32"]),
        ([REPORT, "--device", "tpu"], ["'tpu'", "auto, cpu, cuda"]),
        ([REPORT, "--corpus", "missing.jsonl"], ["missing.jsonl", "No such file"]),
    ],
    ids=str,
)
def test_a_bad_call_is_refused_in_one_sentence(
    words: list[str], parts: list[str], cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text("this is not TOML", "utf-8")
    cli("train", *words).refused(2, *parts)
    assert [path.name for path in tmp_path.glob("runs/*/*")] in ([], ["lock"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", 1),
        ("Roses are red\n", 1),
        ('{"text": 5}\n', 2),
        ("not JSON\n", 2),
    ],
)
def test_bad_poems_of_ones_own_are_refused_in_one_sentence(
    content: str, code: int, cli: Cli, tmp_path: Path
) -> None:
    own = tmp_path / ("own.jsonl" if code == 2 else "own.txt")
    own.write_text(content, encoding="utf-8")
    words = ["--corpus", str(own), "--run", str(tmp_path / "run")]
    cli("train", REPORT, *words).refused(code, own.name)


def test_without_torch_the_extra_is_named(process: Callable[..., Any], tmp_path: Path) -> None:
    # A module found first that cannot be imported, as where torch was never installed.
    (tmp_path / "torch.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')"
    )
    paths = [str(tmp_path), *filter(None, sys.path)]
    environment = {"PYTHONPATH": ":".join(paths)}
    for words in (["train", REPORT], ["study", "report-protocol"]):
        done = process(*words, environment=environment)
        assert (done.returncode, done.stdout) == (1, b"")
        sentence = done.stderr.decode()
        assert sentence.startswith("tangyin: ")
        assert "torch" in sentence
        assert sentence.endswith("install it with: pip install 'tangyin[train]'\n")
    assert process("write", "日", "--free", environment=environment).returncode == 0
