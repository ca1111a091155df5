"""The recipes that studies vary: the report's network, and a proxy of the strong model."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, TypeVar

from tangyin.corpus import DEV, TRAIN, load_corpus
from tangyin.studies.training_cache import Job, TrainingCache
from tangyin.training import Recipe, build_recipe

T = TypeVar("T")

SEEDS = (1, 2, 3)
SWEEP = 5
"""Epochs of a training in a sweep."""
LONG, QUICK_LONG = 21, 3
"""Epochs of a training that is long enough to overfit."""

REPORT: dict[str, Any] = {
    "name": "study",
    "data": {"forms": ["五律"], "minimum_frequency": 10},
    "model": {"embedding_size": 256, "hidden_size": 128},
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "training": {"batch_size": 128, "epochs": SWEEP, "patience": SWEEP},
}
"""`configs/report.toml`, for the epochs of a sweep and without early stopping."""

QUICK: dict[str, Any] = {
    "data.minimum_frequency": 2,
    "model.embedding_size": 16,
    "model.hidden_size": 12,
    "training.batch_size": 32,
    "training.epochs": 2,
    "training.patience": 2,
}
QUICK_TRAIN, QUICK_DEV = 96, 24
"""Poems of a quick size."""

PROXY = tomllib.loads(Path(__file__).with_name("proxy.toml").read_text(encoding="utf-8"))
RATE: float = PROXY["stages"][0]["learning_rate"]
SHARE = 2
"""One training poem in so many is used: three minutes on one slow core."""


@dataclass(frozen=True)
class Base:
    """The common part of a study's trainings."""

    recipe: Recipe
    own: Path | None  # the file of poems, if it is not the corpus
    seeds: tuple[int, ...]  # of repeated trainings
    texts: list[str]  # the training poems
    dev: int  # number of dev poems
    quick: bool

    @classmethod
    def of(
        cls,
        cache: TrainingCache,
        quick: bool,
        forms: Iterable[str] = ("五律",),
        values: Mapping[str, Any] = REPORT,
    ) -> "Base":
        """The network of a recipe on some forms, or a small `quick` one on a few of their poems."""
        recipe = changed(build_recipe(dict(values), "a study's recipe"), {"data.forms": [*forms]})
        poems = load_corpus().select(forms=recipe.data.forms, dynasties=recipe.data.dynasties)
        train, dev = (poems.select(parts=[part]).text for part in (TRAIN, DEV))
        if not quick:
            return cls(recipe, None, SEEDS, train, len(dev), quick)
        train, dev = few(train, QUICK_TRAIN), few(dev, QUICK_DEV)
        own = cache.poem_file(train, dev)
        return cls(changed(recipe, QUICK), own, SEEDS[:1], train, len(dev), quick)

    def job(self, changes: Mapping[str, Any] | None = None, *, keep: bool = False) -> Job:
        """A training of the recipe with some values changed (`changed`)."""
        return Job(changed(self.recipe, changes or {}), self.own, keep)

    def jobs(self, changes: Mapping[str, Any] | None = None, *, keep: bool = False) -> list[Job]:
        """The same with every seed."""
        return [self.job({**(changes or {}), "training.seed": s}, keep=keep) for s in self.seeds]

    def long_jobs(self) -> list[Job]:
        """Trainings long enough to overfit, one per seed, with their weights."""
        epochs = QUICK_LONG if self.quick else LONG
        return self.jobs({"training.epochs": epochs, "training.patience": epochs}, keep=True)

    def settings(self) -> dict[str, Any]:
        """The facts below each figure."""
        recipe = self.recipe
        return {
            "quick": self.quick,
            "seeds": list(self.seeds),
            "train_poems": len(self.texts),
            "dev_poems": self.dev,
            "epochs": recipe.training.epochs,
            "batch_size": recipe.training.batch_size,
            "steps": -(-len(self.texts) // recipe.training.batch_size),
            "embedding_size": recipe.model.embedding_size,
            "hidden_size": recipe.model.hidden_size,
            "learning_rate": recipe.optimizer.learning_rate,
        }


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """A recipe with some values changed, such as `{"optimizer.learning_rate": 0.1}`."""
    values = recipe.as_dict()
    for key, value in changes.items():
        *path, name = key.split(".")
        reduce(getitem, path, values)[name] = value
    return build_recipe(values, "a study's recipe")


def few(items: Sequence[T], count: int) -> list[T]:
    """`count` items, evenly spaced."""
    count = min(count, len(items))
    return [items[number * len(items) // count] for number in range(count)]


def stage(**changes: float) -> list[dict[str, Any]]:
    """The proxy's `stages` with some values changed."""
    return [PROXY["stages"][0] | changes]


def proxy_base(cache: TrainingCache, quick: bool) -> Base:
    """The common part of the proxy's trainings."""
    return on_poems(Base.of(cache, quick, values=PROXY), cache, SHARE)


def on_poems(
    base: Base, cache: TrainingCache, share: int, dynasties: Sequence[str] = ("tang", "song")
) -> Base:
    """The base with one training poem in `share`, with titles, and all dev poems."""
    poems = load_corpus().select(forms=base.recipe.data.forms, dynasties=dynasties)
    training, dev = poems.select(parts=[TRAIN]), poems.select(parts=[DEV]).text
    most = QUICK_TRAIN * SHARE if base.quick else len(training)
    rows = few(few(range(len(training)), most), most // share)
    texts, titles = ([column[row] for row in rows] for column in (training.text, training.title))
    return replace(base, own=cache.poem_file(texts, few(dev, base.dev), titles), texts=texts)


def proxy_settings(base: Base) -> dict[str, Any]:
    """The facts below each figure."""
    names = ("quick", "train_poems", "dev_poems", "batch_size", "embedding_size", "hidden_size")
    return {name: base.settings()[name] for name in names} | {"rate": RATE}
