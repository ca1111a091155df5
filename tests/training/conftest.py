"""Small recipes on real poems, which train in a fraction of a second."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch

from tangyin.corpus import TRAIN, load_corpus
from tangyin.modelfile import load_model
from tangyin.training import Recipe, RunFolder, build_recipe, recipe_toml, train

TINY: dict[str, Any] = {
    "name": "tiny",
    "data": {"forms": ["五律"], "minimum_frequency": 2},
    "model": {"embedding_size": 12, "hidden_size": 10},
    "optimizer": {"learning_rate": 0.02},
    "training": {"batch_size": 8, "epochs": 3, "patience": 3, "seed": 5},
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def poems_of() -> Callable[[str, int], list[str]]:
    """So many training poems of the Tang in one form, spread over the corpus."""

    def choose(form: str, count: int) -> list[str]:
        texts = load_corpus().select(forms=[form], dynasties=["tang"], parts=[TRAIN]).text
        return texts[:: len(texts) // count][:count]

    return choose


@pytest.fixture(scope="session")
def own_poems(
    tmp_path_factory: pytest.TempPathFactory, poems_of: Callable[[str, int], list[str]]
) -> Path:
    """A file of 60 五律, every fifth of them for dev."""
    path = tmp_path_factory.mktemp("own") / "wulv.jsonl"
    rows = [
        {"text": text, "part": "train" if number % 5 else "dev"}
        for number, text in enumerate(poems_of("五律", 60))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def mixed_poems(
    tmp_path_factory: pytest.TempPathFactory, poems_of: Callable[[str, int], list[str]]
) -> Path:
    """A file of 20 poems of each form, every fifth of them for dev."""
    path = tmp_path_factory.mktemp("own") / "mixed.jsonl"
    rows = [
        {"text": text, "part": "train" if number % 5 else "dev"}
        for form in ("五絕", "七絕", "五律", "七律")
        for number, text in enumerate(poems_of(form, 20))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Recipe]:
    """The small recipe with some values changed: `tiny({"training.epochs": 5})`."""

    def build(changes: dict[str, Any] | None = None) -> Recipe:
        values = deepcopy(TINY)
        for key, value in (changes or {}).items():
            section, _, name = key.partition(".")
            values[section][name] = value
        return build_recipe(values, "tiny")

    return build


@pytest.fixture(scope="session")
def result_of() -> Callable[[Path], tuple[Any, Any]]:
    """What a run ended with: its metrics but for times, and the bytes of its weights."""

    def read(folder: Path) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        metrics = [json.loads(line) for line in lines]
        for line in metrics:
            del line["seconds"], line["targets_per_second"]
        tensors = load_model(folder / "model.safetensors").tensors
        return metrics, {name: tensor.tobytes() for name, tensor in tensors.items()}

    return read


@pytest.fixture(scope="session")
def uninterrupted(
    tmp_path_factory: pytest.TempPathFactory,
    own_poems: Path,
    result_of: Callable[[Path], tuple[Any, Any]],
) -> Callable[[Recipe], tuple[Any, Any]]:
    """The result of training a recipe on `own_poems` without a break."""
    known: dict[str, tuple[Any, Any]] = {}

    def run(recipe: Recipe) -> tuple[Any, Any]:
        key = recipe_toml(recipe)
        if key not in known:
            folder = tmp_path_factory.mktemp("uninterrupted")
            train(recipe, RunFolder(folder), own=own_poems)
            known[key] = result_of(folder)
        return known[key]

    return run


# Importing torch, and its compiler, which its optimizers want, takes seconds. This program does it
# once, and runs each command line that it is told in a process of its own.
PROGRAM = """
import json, os, resource, sys
import tangyin.training, torch._dynamo
from tangyin.cli.main import run
for line in sys.stdin:
    words, errors, largest_file = json.loads(line)
    child = os.fork()
    if not child:
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if largest_file:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
        run(words)
        sys.exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Launcher:
    """Runs `tangyin …` in real processes, one after the other, without waiting for imports."""

    def __init__(self, folder: Path) -> None:
        self.errors = folder / "stderr"
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, words: list[str], largest_file: int = 0) -> int:
        """Start a command with at most so many bytes in any file; give its process number."""
        line = json.dumps([words, str(self.errors), largest_file])
        print(line, file=self.program.stdin, flush=True)
        return int(self._answer())

    def status(self) -> int:
        """Wait for the command and give its exit status, minus the signal if one ended it."""
        return int(self._answer())

    def _answer(self) -> str:
        assert self.program.stdout is not None
        return self.program.stdout.readline()


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """A `Launcher`: `start(words)`, then `status()`, and standard error in the file `errors`."""
    launcher = Launcher(tmp_path_factory.mktemp("launcher"))
    with launcher.program:
        yield launcher
        assert launcher.program.stdin is not None
        launcher.program.stdin.close()
