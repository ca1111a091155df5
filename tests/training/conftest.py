"""Small trainings on real poems: a `Lab` does them here, a `Launcher` in real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch

from tangyin.corpus import TRAIN, load_corpus
from tangyin.model.file import ModelFile, load_model
from tangyin.training import Callback, Recipe, RunFolder, Step, build_recipe, recipe_toml, train
from tangyin.verse import FORMS

EVERY_FORM = [form.name for form in FORMS]
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
        "forms": EVERY_FORM, "minimum_frequency": 2, "prefix": "told", "tell_rhyme": 0.5,
        "title_weight": 0.5,
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
            "forms": EVERY_FORM, "dynasties": ["tang"], "epochs": 3,
            "learning_rate": 0.02, "final_rate": 0.005, "warmup": 0.1,
        },
        {"forms": ["五律", "七律"], "dynasties": ["tang"], "epochs": 6, "learning_rate": 0.005},
    ],
}  # fmt: skip
"""Prefix dropout, features, dropout, stages and half precision."""


class Notes(Callback):
    """Records the calls; at one place it sends this process SIGINT, as Ctrl-C does.

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


def changed(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Nested values with some changed: `{"training.epochs": 5}`; None removes a key."""
    values = deepcopy(values)
    for key, value in changes.items():
        section, _, name = key.partition(".")
        place = values.setdefault(section, {}) if name else values
        place[name or section] = value
        if value is None:
            del place[name or section]
    return values


class Lab:
    """Trains in folders below `path`, on 60 五律 (`own`) or 20 poems of each form (`mixed`).

    Every fifth poem is for dev. Recipes of one form train on `own`, others on `mixed`.
    """

    Notes = Notes

    def __init__(self, own: Path, mixed: Path, known: dict[str, tuple[Any, Any]], path: Path):
        self.own, self.mixed, self.known, self.path = own, mixed, known, path
        self.run = self.folder("run")

    def folder(self, name: str) -> RunFolder:
        return RunFolder(self.path / name)

    def tiny(self, changes: dict[str, Any] | None = None) -> Recipe:
        """The small recipe with some values changed: `tiny({"training.epochs": 5})`."""
        return build_recipe(changed(TINY, changes or {}), "tiny")

    def curriculum(self, changes: dict[str, Any] | None = None) -> Recipe:
        """The recipe with everything in it, likewise."""
        return build_recipe(changed(CURRICULUM, changes or {}), "curriculum")

    def poems(self, recipe: Recipe) -> Path:
        return self.own if len(recipe.data.forms) == 1 else self.mixed

    def train(
        self, recipe: Recipe | None = None, run: str = "run", own: Path | None = None, **more: Any
    ) -> ModelFile:
        recipe = recipe or self.tiny()
        return train(recipe, self.folder(run), own=own or self.poems(recipe), **more)

    def metrics(self, run: str = "run") -> list[dict[str, Any]]:
        lines = self.folder(run).metrics.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def result(self, run: str = "run") -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        """What a run ended with: its metrics but for times, and the bytes of its weights."""
        metrics = self.metrics(run)
        for line in metrics:
            del line["seconds"], line["targets_per_second"]
        tensors = load_model(self.folder(run).model).tensors
        return metrics, {name: tensor.tobytes() for name, tensor in tensors.items()}

    def uninterrupted(self, recipe: Recipe | None = None) -> tuple[Any, Any]:
        """The result of training a recipe without a break; each is trained once."""
        recipe = recipe or self.tiny()
        key = recipe_toml(recipe)
        if key not in self.known:
            self.train(recipe, "uninterrupted")
            self.known[key] = self.result("uninterrupted")
        return self.known[key]

    def command(self, recipe: Recipe, *more: str) -> list[str]:
        config = self.path / "recipe.toml"
        config.write_text(recipe_toml(recipe), encoding="utf-8")
        poems = str(self.poems(recipe))
        return ["train", str(config), "--run", str(self.run.path), "--corpus", poems, *more]


def spread(form: str, count: int) -> list[tuple[str, str]]:
    """Text and title of so many training poems of the Tang, spread over the corpus."""
    poems = load_corpus().select(forms=[form], dynasties=["tang"], parts=[TRAIN])
    return list(zip(poems.text, poems.title, strict=True))[:: len(poems) // count][:count]


def poems_file(path: Path, count: int, forms: list[str]) -> Path:
    rows = [
        {"text": text, "title": title, "part": "train" if number % 5 else "dev"}
        for form in forms
        for number, (text, title) in enumerate(spread(form, count))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def lab_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("poems")
    own = poems_file(folder / "own.jsonl", 60, ["五律"])
    return own, poems_file(folder / "mixed.jsonl", 20, EVERY_FORM), {}


@pytest.fixture
def lab(lab_files: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> Lab:
    return Lab(*lab_files, tmp_path)


@pytest.fixture(scope="session")
def poems_of() -> Callable[[str, int], list[str]]:
    return lambda form, count: [text for text, _ in spread(form, count)]


@pytest.fixture(scope="session")
def changed_values() -> Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]:
    return changed


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# Importing torch, and its compiler, which its optimizers need, takes seconds. This program does it
# once, and runs each command line that it gets in a process, or several, of their own.
PROGRAM = """
import json, os, sys
from datetime import timedelta
import tangyin.training, torch._dynamo
from tangyin.cli.main import run
from tangyin.training import distributed, trainer

def begin(order, rank):
    os.dup2(os.open(order["errors"], os.O_WRONLY | os.O_APPEND), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if order["count"] > 1:
        os.environ |= {
            "WORLD_SIZE": str(order["count"]), "LOCAL_WORLD_SIZE": str(order["count"]),
            "RANK": str(rank), "LOCAL_RANK": str(rank),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(order["port"]),
        }
    distributed.TIMEOUT = timedelta(seconds=order["timeout"])
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


PATIENCE = 100.0
"""Seconds to wait for processes that train."""


class Launcher:
    """Runs `tangyin …` in real processes, several of one command as under torchrun."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "stderr"
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, words: list[str], count: int = 1, **limits: float) -> list[int]:
        """Start a command, without `tangyin`, and give the numbers of its processes.

        Limits: `timeout`, seconds that they wait for
        each other; `save_every`, seconds between checkpoints within an epoch.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        order: dict[str, Any] = {"timeout": 60.0, "save_every": 600.0, **limits}
        order |= {"words": words, "count": count, "port": port, "errors": str(self.file)}
        print(json.dumps(order), file=self.program.stdin, flush=True)
        return self.statuses()

    def statuses(self) -> list[int]:
        """Wait for the processes; give each exit status, minus the signal where one ended it."""
        assert self.program.stdout is not None
        killer = threading.Timer(PATIENCE, self.kill)
        killer.start()
        try:
            numbers: list[int] = json.loads(self.program.stdout.readline())
        finally:
            killer.cancel()
        return numbers

    def kill(self) -> None:
        """End the program and the processes that it began."""
        os.killpg(self.program.pid, signal.SIGKILL)

    def errors(self) -> list[str]:
        """Lines on standard error that report no epoch."""
        lines = self.file.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if not line.startswith("epoch")]


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path_factory.mktemp("launcher"))
    with launcher.program as program:
        yield launcher
        assert program.stdin is not None
        program.stdin.close()
        try:
            program.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            launcher.kill()
