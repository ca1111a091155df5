"""How large the network should be: hidden units and embedding."""

from typing import Any

import torch

from tangyin.nn.language_model import LanguageModel
from tangyin.studies.recipes import Base
from tangyin.studies.training_cache import Job, Training, TrainingCache, rounded
from tangyin.training.dataset import load_dataset

HIDDEN = (32, 64, 128, 256, 512)
EMBEDDING = (64, 128, 256, 512)
QUICK_SIZES = (4, 8, 16)


def capacity(workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    """Vary one size at a time around the report's network.

    Returns:
        `settings`; `hidden_size` and `embedding_size`, each a list of a line a size: `size`,
        `parameters`, and of each seed the `best` open dev perplexity, its `best_epoch`, the best
        `train` perplexity, `seconds` of an epoch, and the `dev` curve.
    """
    base = Base.of(workshop, quick)
    sizes = {"hidden_size": HIDDEN, "embedding_size": EMBEDDING}
    if quick:
        sizes = {"hidden_size": QUICK_SIZES, "embedding_size": QUICK_SIZES[1:]}
    per_job = base.recipe.training.epochs * len(base.seeds)
    workshop.progress.plan(per_job * sum(map(len, sizes.values())))
    found: dict[str, Any] = {"settings": base.settings()}
    for name, values in sizes.items():
        found[name] = []
        for size in values:
            jobs = base.jobs({f"model.{name}": size})
            trained = workshop.train_all(jobs, f"{name.replace('_', ' ')} {size}")
            found[name].append({"size": size, **outcome(jobs[0], trained)})
    return found


def outcome(job: Job, trained: list[Training]) -> dict[str, Any]:
    """What a network came to, by seed, and its size."""
    return {
        "parameters": parameters(job),
        "best": rounded(training.best_dev() for training in trained),
        "best_epoch": [training.best_epoch for training in trained],
        "train": rounded(training.epochs[-1]["train_per_token"] for training in trained),
        "seconds": rounded(training.seconds / len(training.epochs) for training in trained),
        "dev": [rounded(training.dev()) for training in trained],
    }


def parameters(job: Job) -> int:
    """How many numbers the network learns."""
    vocabulary = load_dataset(job.recipe.data, job.own).vocabulary
    with torch.device("meta"):
        model = LanguageModel(job.recipe.model.architecture, vocabulary)
    return sum(parameter.numel() for parameter in model.parameters())
