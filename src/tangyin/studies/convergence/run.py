"""The report's optimizers for as long as it trained, and what its network writes on the way."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tangyin.model import Engine
from tangyin.model.file import ModelFile, load_model
from tangyin.studies.optimizers.run import REPORT_RATE, REPORTS, changes
from tangyin.studies.recipes import LONG, QUICK_LONG, Base
from tangyin.studies.sampling.run import FIRST, RULES, SEED, written
from tangyin.studies.study import Study
from tangyin.studies.training_cache import Advance, Job, TrainingCache, last_weights, rounded
from tangyin.studies.unmasked import write_unmasked
from tangyin.training import Callback, Recipe, RunFolder, train
from tangyin.verse import UNK, WULV

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
    compared = [(name, REPORT_RATE) for name in REPORTS]
    cache.progress.plan(len(compared) * epochs + most)

    def job(name: str, rate: float, length: int, patience: int) -> Job:
        limits = {"training.epochs": length, "training.patience": patience}
        return base.job({**changes(name, rate), **limits, "training.seed": base.seeds[0]})

    watched = job("Adam", REPORT_RATE, epochs, epochs)
    drawn = QUICK_DRAWN if quick else DRAWN
    facts = {"job": cache.name_of(watched), "drawn": drawn}
    seen = cache.compute("watched", facts, epochs, partial(_watch, watched, drawn))
    curves: dict[str, Any] = {}
    for name, rate in [*compared, ("Adam", REPORT_RATE / 10)]:
        label = f"{name} at {rate:g}"
        curve = seen
        if (name, rate) not in compared:
            curve = cache.train(job(name, rate, most, PATIENCE), label).curve()
        elif name != "Adam":
            curve = cache.train(job(name, rate, epochs, epochs), label).curve()
        curves[label] = {key: curve[key] for key in ("dev", "train")}
    settings = {**base.settings(), "epochs": epochs, "most": most, "seeds": [base.seeds[0]]}
    return {
        "settings": {**settings, "first": FIRST, "drawn": drawn},
        "curves": curves,
        "unknown": seen["unknown"],
        "poems": seen["poems"],
    }


class Watcher(Callback):
    """Looks at the weights after each epoch."""

    def __init__(self, recipe: Recipe, run: RunFolder, drawn: int, advance: Advance) -> None:
        self._recipe, self._run, self._drawn, self._advance = recipe, run, drawn, advance
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
        self._advance(1)


def unknown_share(engine: Engine, rule: str, count: int) -> float:
    """The share of `<unk>` among what is written after the first character."""
    known = [c for c in FIRST if c in engine.vocabulary]
    starts = [known[n % len(known)] for n in range(count)]
    texts = write_unmasked(engine, RULES[rule], SEED, starts, WULV)
    tokens = [token for text in texts for token in text[1:]]
    return tokens.count(engine.vocabulary.id(UNK)) / max(len(tokens), 1)


def _watch(job: Job, drawn: int, advance: Advance) -> dict[str, Any]:
    """Train, look after each epoch, and write the report's poems by the last weights."""
    with TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        watcher = Watcher(job.recipe, run, drawn, advance)
        train(job.recipe, run, own=job.own, callback=watcher)
    engine = Engine(watcher.last)
    known = [c for c in FIRST if c in engine.vocabulary]
    return {
        "dev": rounded(watcher.dev),
        "train": rounded(watcher.train),
        "unknown": {name: rounded(shares) for name, shares in watcher.unknown.items()},
        "poems": {
            rule: [written(engine, c, RULES[rule], SEED, [0])[0].text for c in known]
            for rule in SHOWN
        },
    }


STUDY = Study(
    title="收斂 Convergence",
    question="What do the report's optimizers reach in the time that it trained, and what does its "
    "network write on the way?",
    minutes=25,
    sizes="4 optimizers × 21 epochs and 60 at most, one seed",
    run=run,
    order=25,
)
