"""The recipes that studies vary: the report's network, and a small one for quick sizes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
QUICK_POEMS = {TRAIN: 96, DEV: 24}


@dataclass(frozen=True)
class Base:
    """What the trainings of a study have in common.

    Attributes:
        recipe: to be varied.
        own: the file of poems of a quick size, or None.
        seeds: of the trainings that are repeated.
        train: how many training poems there are.
        dev: how many dev poems.
        quick: whether this is the quick size.
    """

    recipe: Recipe
    own: Path | None
    seeds: tuple[int, ...]
    train: int
    dev: int
    quick: bool

    @classmethod
    def of(
        cls,
        workshop: TrainingCache,
        quick: bool,
        forms: Iterable[str] = ("五律",),
        values: Mapping[str, Any] = REPORT,
    ) -> "Base":
        """The report's network on some forms, or a small one on a few of their poems.

        Args:
            workshop: keeps the few poems.
            quick: whether it shall be the small one.
            forms: what is trained on.
            values: of another recipe than the report's.
        """
        chosen = list(forms)
        recipe = changed(build_recipe(dict(values), "a study's recipe"), {"data.forms": chosen})
        texts = {
            part: load_corpus()
            .select(forms=chosen, dynasties=recipe.data.dynasties, parts=[part])
            .text
            for part in (TRAIN, DEV)
        }
        own = None
        if quick:
            recipe = changed(recipe, QUICK)
            texts = {part: few(texts[part], count) for part, count in QUICK_POEMS.items()}
            own = workshop.poem_file(texts[TRAIN], texts[DEV])
        seeds = SEEDS[:1] if quick else SEEDS
        return cls(recipe, own, seeds, len(texts[TRAIN]), len(texts[DEV]), quick)

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

    def texts(self) -> list[str]:
        """The Tang poems of the training part."""
        poems = load_corpus().select(
            forms=self.recipe.data.forms, dynasties=["tang"], parts=[TRAIN]
        )
        return few(poems.text, QUICK_POEMS[TRAIN]) if self.quick else poems.text

    @property
    def steps(self) -> int:
        """Steps of an epoch, the poems being of one length."""
        return -(-self.train // self.recipe.training.batch_size)

    def settings(self) -> dict[str, Any]:
        """The facts that stand below every figure."""
        return {
            "quick": self.quick,
            "seeds": list(self.seeds),
            "train_poems": self.train,
            "dev_poems": self.dev,
            "epochs": self.recipe.training.epochs,
            "batch_size": self.recipe.training.batch_size,
            "steps": self.steps,
            "embedding_size": self.recipe.model.embedding_size,
            "hidden_size": self.recipe.model.hidden_size,
            "learning_rate": self.recipe.optimizer.learning_rate,
        }


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """A recipe with some values changed, `{"optimizer.learning_rate": 0.1}`.

    Raises:
        UsageError: the recipe cannot be.
    """
    values = recipe.as_dict()
    for key, value in changes.items():
        *path, name = key.split(".")
        section = values
        for step in path:
            section = section[step]
        section[name] = value
    return build_recipe(values, "a study's recipe")


def few(items: Sequence[T], count: int) -> list[T]:
    """So many of the items, spread evenly over them."""
    count = min(count, len(items))
    return [items[number * len(items) // count] for number in range(count)]
