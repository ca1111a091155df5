"""Small recipes on real poems, which train in a fraction of a second."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch

from tangyin.corpus import TRAIN, load_corpus
from tangyin.model.file import load_model
from tangyin.training import Callback, Recipe, RunFolder, Step, build_recipe, recipe_toml, train

TINY: dict[str, Any] = {
    "name": "tiny",
    "data": {"forms": ["五律"], "minimum_frequency": 2},
    "model": {"embedding_size": 12, "hidden_size": 10},
    "optimizer": {"learning_rate": 0.02},
    "training": {"batch_size": 8, "epochs": 3, "patience": 3, "seed": 5},
}

CURRICULUM: dict[str, Any] = {
    "name": "curriculum",
    "data": {
        "forms": ["五絕", "七絕", "五律", "七律"], "minimum_frequency": 2, "prefix": "told",
        "tell_rhyme": 0.5, "title_weight": 0.5,
    },
    "model": {
        "embedding_size": 12, "hidden_size": 10, "tied": True, "echo": True,
        "opposite_size": 4, "rhyme_size": 3, "place_size": 3, "tone_size": 2,
        "dropout": {"characters": 0.1, "input": 0.2, "output": 0.2, "recurrent": 0.1},
    },
    "optimizer": {"name": "adamw", "weight_decay": 0.01},
    "training": {"batch_size": 8, "seed": 5, "precision": "bf16"},
    "stages": [
        {
            "forms": ["五絕", "七絕", "五律", "七律"], "dynasties": ["tang"], "epochs": 3,
            "learning_rate": 0.02, "final_rate": 0.005, "warmup": 0.1,
        },
        {"forms": ["五律", "七律"], "dynasties": ["tang"], "epochs": 6, "learning_rate": 0.005},
    ],
}  # fmt: skip
"""All that a recipe can have: poems told of, features, dropout, stages, half precision."""


class Notes(Callback):
    """Keeps what a training tells; at one place it sends this process SIGINT, as Ctrl-C does.

    The place is an epoch and a step of it, or an epoch and None for its end.
    """

    def __init__(self, stop_at: tuple[int, int | None] | None = None) -> None:
        self.stop_at, self.place = stop_at, 0
        self.steps: list[Step] = []
        self.epochs: list[dict[str, Any]] = []
        self.said: list[str] = []

    def step(self, step: Step) -> None:
        self.place = 1 if step.epoch_targets_done == step.targets else self.place + 1
        self.steps.append(step)
        if (step.epoch, self.place) == self.stop_at:
            signal.raise_signal(signal.SIGINT)

    def epoch(self, metrics: dict[str, Any]) -> None:
        self.epochs.append(metrics)
        if (metrics["epoch"], None) == self.stop_at:
            signal.raise_signal(signal.SIGINT)

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.fixture(scope="session")
def notes() -> type[Notes]:
    """The class `Notes`."""
    return Notes


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def spread(form: str, count: int) -> list[tuple[str, str]]:
    """Text and title of so many training poems of the Tang, spread over the corpus."""
    poems = load_corpus().select(forms=[form], dynasties=["tang"], parts=[TRAIN])
    return list(zip(poems.text, poems.title, strict=True))[:: len(poems) // count][:count]


def poems_file(folder: Path, count: int, *forms: str) -> Path:
    """A file of so many poems of each form, every fifth of them for dev."""
    rows = [
        {"text": text, "title": title, "part": "train" if number % 5 else "dev"}
        for form in forms
        for number, (text, title) in enumerate(spread(form, count))
    ]
    path = folder / "poems.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def poems_of() -> Callable[[str, int], list[str]]:
    """So many training poems of the Tang in one form, spread over the corpus."""
    return lambda form, count: [text for text, _ in spread(form, count)]


@pytest.fixture(scope="session")
def own_poems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 60 五律, every fifth of them for dev."""
    return poems_file(tmp_path_factory.mktemp("own"), 60, "五律")


@pytest.fixture(scope="session")
def mixed_poems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 20 poems of each form, every fifth of them for dev."""
    return poems_file(tmp_path_factory.mktemp("own"), 20, "五絕", "七絕", "五律", "七律")


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
def curriculum() -> Callable[..., Recipe]:
    """The recipe with everything in it, some sections changed: `curriculum(optimizer={…})`."""

    def build(**changes: dict[str, Any]) -> Recipe:
        values = {key: deepcopy(value) for key, value in CURRICULUM.items()}
        for section, change in changes.items():
            values[section] |= change
        return build_recipe(values, "curriculum")

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
) -> Callable[..., tuple[Any, Any]]:
    """The result of training a recipe, on `own_poems` or others, without a break."""
    known: dict[tuple[str, Path], tuple[Any, Any]] = {}

    def run(recipe: Recipe, poems: Path = own_poems) -> tuple[Any, Any]:
        key = recipe_toml(recipe), poems
        if key not in known:
            folder = tmp_path_factory.mktemp("uninterrupted")
            train(recipe, RunFolder(folder), own=poems)
            known[key] = result_of(folder)
        return known[key]

    return run


# Importing torch, and its compiler, which its optimizers want, takes seconds. This program does it
# once, and runs each command line that it is told in a process, or several, of their own.
PROGRAM = """
import json, os, resource, sys
from datetime import timedelta
import tangyin.training, torch._dynamo
from tangyin.cli.main import run
from tangyin.training import distributed as processes, trainer

def begin(order, rank):
    os.dup2(os.open(order["errors"], os.O_WRONLY | os.O_APPEND), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if order["largest_file"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"],) * 2)
    if order["count"] > 1:
        os.environ |= {
            "WORLD_SIZE": str(order["count"]), "LOCAL_WORLD_SIZE": str(order["count"]),
            "RANK": str(rank), "LOCAL_RANK": str(rank),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(order["port"]),
        }
    processes.TIMEOUT = timedelta(seconds=order["timeout"])
    trainer.SAVE_EVERY = order["save_every"]
    run(order["words"])

for line in sys.stdin:
    order, children = json.loads(line), []
    open(order["errors"], "w").close()
    for rank in range(order["count"]):
        children.append(os.fork())
        if not children[-1]:
            begin(order, rank)
            sys.exit(0)
    print(json.dumps(children), flush=True)
    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    print(json.dumps(ends), flush=True)
"""


class Launcher:
    """Runs `tangyin …` in real processes, one command after the other, without waiting for imports.

    Several processes of one command find each other as under torchrun.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "stderr"
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(
        self,
        words: list[str],
        count: int = 1,
        *,
        largest_file: int = 0,
        timeout: float = 300.0,
        save_every: float = 600.0,
    ) -> list[int]:
        """Start a command and give the numbers of its processes.

        Args:
            words: without `tangyin`.
            count: how many processes train together.
            largest_file: bytes that no file may have more of; 0 for no limit.
            timeout: seconds that they wait for each other.
            save_every: seconds between checkpoints within an epoch.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        order = {
            "words": words, "count": count, "port": port, "errors": str(self.file),
            "largest_file": largest_file, "timeout": timeout, "save_every": save_every,
        }  # fmt: skip
        print(json.dumps(order), file=self.program.stdin, flush=True)
        return self._answer()

    def statuses(self) -> list[int]:
        """Wait for the processes; give each exit status, minus the signal where one ended it."""
        return self._answer()

    def errors(self) -> list[str]:
        """Lines on standard error."""
        return self.file.read_text(encoding="utf-8").splitlines()

    def _answer(self) -> list[int]:
        assert self.program.stdout is not None
        numbers: list[int] = json.loads(self.program.stdout.readline())
        return numbers


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """A `Launcher`: `start(words)`, then `statuses()` and `errors()`."""
    launcher = Launcher(tmp_path_factory.mktemp("launcher"))
    with launcher.program:
        yield launcher
        assert launcher.program.stdin is not None
        launcher.program.stdin.close()


@pytest.fixture
def words(tmp_path: Path) -> Callable[..., list[str]]:
    """The command line that trains a recipe in `tmp_path/run`: `words(recipe, poems, …)`."""

    def build(recipe: Recipe, poems: Path, *more: str) -> list[str]:
        config = tmp_path / "recipe.toml"
        config.write_text(recipe_toml(recipe), encoding="utf-8")
        folder = str(tmp_path / "run")
        return ["train", str(config), "--run", folder, "--corpus", str(poems), *more]

    return build


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Waits until something is so, for a minute at most."""

    def wait(so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not so():
            assert time.monotonic() < deadline
            time.sleep(0.002)

    return wait


@pytest.fixture
def _load_on_this_machine() -> Iterator[None]:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield
    busy.kill()
    busy.wait()
