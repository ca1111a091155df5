"""The report's optimizers for as long as it trained, and what its network writes on the way."""

from functools import partial
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tangyin.model import Engine
from tangyin.model.file import ModelFile, load_model
from tangyin.studies.diversity import lines_of, repeated
from tangyin.studies.experiments.optimizers import REPORT_RATE, REPORTS, changes
from tangyin.studies.experiments.sampling import (
    FIRST,
    RULES,
    SEED,
    known_starts,
    share_unknown,
    written,
)
from tangyin.studies.recipes import LONG, QUICK_LONG, Base
from tangyin.studies.study import Study
from tangyin.studies.style import epoch_axis, log_ticks, look, optimizer_look, panels
from tangyin.studies.training_cache import Job, TrainingCache, last_weights, rounded
from tangyin.studies.unmasked import write_unmasked
from tangyin.training import Callback, Recipe, RunFolder, train
from tangyin.verse import WULV

SLOW, QUICK_SLOW, PATIENCE = 60, 5, 3
"""Adam at a tenth of the rate trains for so many epochs at most, and ends when so many have not
improved it."""
DRAWN, QUICK_DRAWN = 70, 7
"""Texts drawn at temperature 1 after each epoch."""
SHOWN = ("argmax", "random-5")
"""The report names no k; 5 is this project's choice."""


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train by each optimizer, and watch the network that the report chose."""
    base = Base.of(cache, quick)
    epochs, most = (QUICK_LONG, QUICK_SLOW) if quick else (LONG, SLOW)
    compared = [
        *((name, REPORT_RATE, epochs, epochs) for name in REPORTS),
        ("Adam", REPORT_RATE / 10, most, PATIENCE),
    ]

    def job(name: str, rate: float, length: int, patience: int) -> Job:
        limits = {"training.epochs": length, "training.patience": patience}
        return base.job({**changes(name, rate), **limits, "training.seed": base.seeds[0]})

    watched = job("Adam", REPORT_RATE, epochs, epochs)
    drawn = QUICK_DRAWN if quick else DRAWN
    facts = {"job": cache.name_of(watched), "drawn": drawn}
    seen = cache.compute("watched", facts, partial(_watch, watched, drawn))
    curves: dict[str, Any] = {}
    for name, rate, length, patience in compared:
        label, wanted = f"{name} at {rate:g}", job(name, rate, length, patience)
        curve = seen if wanted == watched else cache.train(wanted, label).curve()
        curves[label] = {key: curve[key] for key in ("dev", "train")}
    settings = {**base.settings(), "epochs": epochs, "most": most, "seeds": [base.seeds[0]]}
    return {
        "settings": {**settings, "first": FIRST, "drawn": drawn},
        "curves": curves,
        "unknown": seen["unknown"],
        "poems": seen["poems"],
    }


class Watcher(Callback):
    """Evaluates the weights after each epoch."""

    def __init__(self, recipe: Recipe, run: RunFolder, drawn: int) -> None:
        self._recipe, self._run, self._drawn = recipe, run, drawn
        self.dev: list[float] = []
        self.train: list[float] = []
        self.unknown: dict[str, list[float]] = {"argmax": [], "temperature 1": []}
        self.last: ModelFile

    def epoch(self, metrics: dict[str, Any]) -> None:
        """Record the perplexities, and the share of `<unk>` where nothing is masked."""
        self.dev.append(metrics["dev"]["per_token"])
        self.train.append(metrics["train_per_token"])
        self.last = last_weights(self._recipe, self._run, load_model(self._run.model))
        engine = Engine(self.last)
        for name, shares in self.unknown.items():
            count = len(FIRST) if name == "argmax" else self._drawn
            shares.append(unknown_share(engine, name, count))


def unknown_share(engine: Engine, rule: str, count: int) -> float:
    """The share of `<unk>` among the tokens written after the first character."""
    starts = list(islice(cycle(known_starts(engine)), count))
    return share_unknown(engine, write_unmasked(engine, RULES[rule], SEED, starts, WULV))


def _watch(job: Job, drawn: int) -> dict[str, Any]:
    """Train, evaluate each epoch, and write the report's poems with the last weights."""
    with TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        watcher = Watcher(job.recipe, run, drawn)
        train(job.recipe, run, own=job.own, callback=watcher)
    engine = Engine(watcher.last)
    return {
        "dev": rounded(watcher.dev),
        "train": rounded(watcher.train),
        "unknown": {name: rounded(shares) for name, shares in watcher.unknown.items()},
        "poems": {
            rule: [written(engine, c, RULES[rule], SEED, [0])[0].text for c in known_starts(engine)]
            for rule in SHOWN
        },
    }


EARLY, LATE = 4, 10
"""The first and the last epochs that are compared for their unknown characters."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """By setting: the lowest open dev perplexity, its epoch, and what it is after `epochs`."""
    epochs = results["settings"]["epochs"]
    dev = {name: curve["dev"] for name, curve in results["curves"].items()}
    unknown = results["unknown"]
    return {
        "best": {name: min(values) for name, values in dev.items()},
        "best_epoch": {name: int(np.argmin(values)) + 1 for name, values in dev.items()},
        "last": {name: values[epochs - 1] for name, values in dev.items() if len(values) >= epochs},
        "ended": {name: len(values) for name, values in dev.items()},
        "falling": [name for name, values in dev.items() if (np.diff(values) < 0).all()],
        "ahead": [
            epoch
            for epoch, (rms, adam) in enumerate(
                zip(dev["RMSprop at 0.01"], dev["Adam at 0.01"], strict=True), 1
            )
            if rms < adam
        ],
        "early": {name: float(np.mean(shares[:EARLY])) for name, shares in unknown.items()},
        "late": {name: float(np.mean(shares[-LATE:])) for name, shares in unknown.items()},
        "repeated": {
            rule: float(np.mean(repeated(list(map(lines_of, texts)))))
            for rule, texts in results["poems"].items()
        },
        "early_epochs": EARLY,
        "late_epochs": LATE,
    }


def convergence(results: dict[str, Any]) -> Any:
    """Dev perplexity after each epoch."""
    figure, axes = panels(height=4.0)
    for name, curve in results["curves"].items():
        epochs = np.arange(1, len(curve["dev"]) + 1)
        axes.plot(epochs, curve["dev"], **optimizer_look(name, marker=True), markevery=2)
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    figure.legend(ncols=3, loc="outside lower center")
    return figure


def convergence_unknown(results: dict[str, Any]) -> Any:
    """The share of unknown characters that the network writes after each epoch."""
    figure, axes = panels(height=2.8)
    for number, (name, shares) in enumerate(results["unknown"].items()):
        epochs = np.arange(1, len(shares) + 1)
        values = [100 * share for share in shares]
        axes.plot(epochs, values, **look(number, marker=True, label=name))
    axes.set(ylabel="<unk>, % of the text", ylim=(0, None))
    epoch_axis(axes)
    axes.legend()
    return figure


STUDY = Study(
    title="收斂 Convergence",
    question="What do the report's optimizers reach in the time that it trained, and what does its "
    "network write on the way?",
    minutes=25,
    sizes="4 optimizers × 21 epochs and 60 at most, one seed",
    run=run,
    order=25,
)
