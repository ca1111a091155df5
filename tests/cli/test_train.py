"""`tangyin train`: what a person sees of it, and what it says when it cannot."""

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
    cli(*words).refused(2, "runs/mine holds a run already; go on with it by --resume")
    assert cli(*words, "--resume").code == 0
    cli(*words, "--resume", "--set", "training.epochs=3").refused(2, "has another recipe")


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
def test_a_loss_that_explodes_ends_with_one_sentence(cli: Cli, tmp_path: Path, poems: Path) -> None:
    words = [*SMALL, "--set", "optimizer.learning_rate=1000", "--set", "optimizer.clip_norm=inf"]
    done = cli("train", REPORT, *words, "--corpus", str(poems), "--run", str(tmp_path))
    done.refused(1, "the loss on dev became", "at epoch 1", "optimizer.learning_rate")


@pytest.mark.corpus
def test_poems_that_are_left_out_are_said(cli: Cli, tmp_path: Path, poems: Path) -> None:
    more = tmp_path / "more.txt"
    more.write_text(poems.read_text("utf-8") + "\n\nRoses are red\n", "utf-8")
    done = cli("train", REPORT, *SMALL, "--corpus", str(more), "--run", str(tmp_path / "run"))
    assert done.code == 0
    first = done.err.splitlines()[0]
    assert first.startswith(f"tangyin: 1 of the poems in {more} are left out; poem 51: 'R'")


BAD_RECIPES = [
    ("training.epoch = 5", "there is no key training.epoch; did you mean epochs"),
    ('training.epochs = "five"', "training.epochs must be a whole number, and is 'five'"),
    ("training.epochs = 0", "training.epochs is 0; give a whole number from 1"),
    ("data.forms = []", "data.forms is empty"),
    ("this is no TOML", "is no TOML"),
]


@pytest.mark.parametrize(("line", "sentence"), BAD_RECIPES, ids=[line for line, _ in BAD_RECIPES])
def test_a_bad_recipe_is_refused_in_one_sentence(
    line: str, sentence: str, cli: Cli, tmp_path: Path
) -> None:
    recipe = tmp_path / "bad.toml"
    kept = 'name = "bad"\nmodel = {embedding_size = 4, hidden_size = 4}\n'
    forms = "" if line.startswith("data.forms") else 'data.forms = ["五律"]\n'
    recipe.write_text(f"{kept}{forms}{line}\n", encoding="utf-8")
    cli("train", str(recipe), "--run", str(tmp_path / "run")).refused(2, sentence)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Missing argument 'CONFIG'; see `tangyin train --help`"),
        (["missing.toml"], "cannot read the recipe missing.toml: No such file or directory"),
        ([REPORT, "--set", "epochs"], "--set 'epochs' is no key=value, such as training.epochs=5"),
        ([REPORT, "--set", "training.epoch=5"], "there is no key training.epoch; did you mean"),
        ([REPORT, "--set", "training.epochs=many"], "training.epochs must be a whole number"),
        ([REPORT, "--set", "optimizer.name=adma"], "optimizer.name is 'adma'; it can be"),
        ([REPORT, "--set"], "Option '--set' requires an argument"),
        ([REPORT, "--precision", "fp8"], "training.precision is 'fp8'; it can be auto, fp32, bf16"),
        ([REPORT, "--device", "tpu"], "the device is 'tpu'; it can be auto, cpu, cuda"),
        ([REPORT, "--corpus", "missing.jsonl"], "cannot read missing.jsonl: No such file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_call_is_refused_in_one_sentence(
    words: list[str], sentence: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cli("train", *words).refused(2, sentence)


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        ("", 1, "holds 0 poems that can be used"),
        ("Roses are red\n", 1, "holds 0 poems that can be used"),
        ('{"text": 5}\n', 2, "line 1 of"),
        ("not JSON\n", 2, "line 1 of"),
    ],
)
def test_bad_poems_of_ones_own_are_refused_in_one_sentence(
    content: str, code: int, sentence: str, cli: Cli, tmp_path: Path
) -> None:
    own = tmp_path / ("own.jsonl" if code == 2 else "own.txt")
    own.write_text(content, encoding="utf-8")
    words = ["--corpus", str(own), "--run", str(tmp_path / "run")]
    cli("train", REPORT, *words).refused(code, sentence)


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
        assert "needs torch, which is not installed" in sentence
        assert sentence.endswith("install it with: pip install 'tangyin[train]'\n")
    assert process("write", "日", "--free", environment=environment).returncode == 0
