"""What trainings came to, as studies record it."""

from typing import Any

import torch

from tangyin.nn.language_model import LanguageModel
from tangyin.studies.training_cache import WORST, Job, Training, rounded
from tangyin.training.dataset import load_dataset


def outcome(job: Job, trained: list[Training]) -> dict[str, Any]:
    """The size of a network, and lists with an entry for each seed.

    Returns:
        `parameters`; the `best` open dev perplexity, its `best_epoch`, the last `train`
        perplexity, `seconds` an epoch, and the `dev` curve.
    """
    return {
        "parameters": parameters(job),
        "best": rounded(training.best_dev() for training in trained),
        "best_epoch": [training.best_epoch for training in trained],
        "train": rounded(training.epochs[-1]["train_per_token"] for training in trained),
        "seconds": rounded(training.seconds / len(training.epochs) for training in trained),
        "dev": [rounded(training.dev()) for training in trained],
    }


def ends(job: Job, trained: list[Training]) -> dict[str, Any]:
    """The size of a network, and lists with an entry for each seed, when training had ended.

    Returns:
        `parameters`; `closed`, `open` and `per_hanzi` (closed), the dev perplexities; and the
        `seconds` of pure training.
    """
    names = {"closed": "per_token_closed", "open": "per_token", "per_hanzi": "per_hanzi_closed"}
    return {
        "parameters": parameters(job),
        **{
            name: rounded(WORST if t.failed else t.dev(figure)[-1] for t in trained)
            for name, figure in names.items()
        },
        "seconds": rounded(training.seconds for training in trained),
    }


def parameters(job: Job) -> int:
    """The number of weights that the network learns."""
    vocabulary = load_dataset(job.recipe.data, job.own).vocabulary
    with torch.device("meta"):
        model = LanguageModel(job.recipe.model.architecture, vocabulary)
    return sum(parameter.numel() for parameter in model.parameters())
