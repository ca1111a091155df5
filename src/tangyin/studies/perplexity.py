"""How the report's network learns, overfits, and how its honest figure becomes 47."""

from functools import partial
from typing import Any

import numpy as np

from tangyin.corpus import TRAIN, load_corpus
from tangyin.model.file import load_model
from tangyin.studies.poem_costs import as_tensor, loaded, perplexities, poem_costs
from tangyin.studies.recipes import QUICK_POEMS, Base, few
from tangyin.studies.report_protocol import REPORT, Way, in_a_way
from tangyin.studies.training_cache import Advance, Job, Training, TrainingCache, rounded
from tangyin.training.dataset import load_dataset
from tangyin.verse import EOS

EPOCHS, WAY_EPOCHS, VOCABULARY_EPOCHS = 21, 20, 8
QUICK_EPOCHS = 3


def long_jobs(base: Base) -> list[Job]:
    """Trainings long enough to overfit, one a seed; other studies use them too."""
    epochs = QUICK_EPOCHS if base.quick else EPOCHS
    return base.jobs({"training.epochs": epochs, "training.patience": epochs}, keep=True)


def perplexity(workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train past the best epoch, measure in the report's way, and take the difference apart.

    Returns:
        `settings`; `honest`, the curve of each seed (`Training.curve`); `report`, the lines of each
        seed in the report's way; and `effects`: `honest` (`poem_costs.perplexities` of each seed's
        best network); and with the first seed alone `characters` (the same with a vocabulary made
        of all poems) and `leak` (open per_token at the end, the split redrawn every epoch).
    """
    base = Base.of(workshop, quick)
    jobs = long_jobs(base)
    ways = QUICK_EPOCHS if quick else WAY_EPOCHS
    short = QUICK_EPOCHS if quick else VOCABULARY_EPOCHS
    epochs = jobs[0].recipe.training.epochs
    workshop.progress.plan(len(jobs) * (epochs + ways + 0.5) + ways + short)
    trainings = workshop.train_all(jobs, "the report's network")
    counts = [
        workshop.compute(
            "count", {"job": workshop.name_of(job)}, 0.5, partial(_count, job, training)
        )
        for job, training in zip(jobs, trainings, strict=True)
    ]
    single = base.seeds[:1]
    report = [
        in_a_way(workshop, REPORT, seed=seed, epochs=ways, quick=quick) for seed in base.seeds
    ]
    leaks = [
        in_a_way(workshop, Way(redrawn=True), seed=seed, epochs=ways, quick=quick)["epochs"][-1]
        for seed in single
    ]
    characters = [
        in_a_way(workshop, Way(all_characters=True), seed=seed, epochs=short, quick=quick)
        for seed in single
    ]
    return {
        "settings": {**base.settings(), "epochs": epochs, "way_epochs": ways},
        "honest": [training.curve() for training in trainings],
        "report": [
            {
                "dev": rounded(line["dev_mean_of_poems"] for line in found["epochs"]),
                "dev_per_token": rounded(line["dev_per_token"] for line in found["epochs"]),
                "share_seen": rounded(line["dev_share_seen"] for line in found["epochs"]),
                "poems": found["poems"],
            }
            for found in report
        ],
        "effects": {
            "honest": counts,
            "characters": [min(found["epochs"], key=_open)["dev"] for found in characters],
            "leak": [
                {"per_token": _open(line), "share_seen": line["dev_share_seen"]} for line in leaks
            ],
        },
    }


def _open(line: dict[str, Any]) -> float:
    """The open dev perplexity of an epoch of `report_protocol.in_a_way`."""
    return float(line["dev"]["open"]["per_token"])


def _count(job: Job, training: Training, _advance: Advance) -> dict[str, Any]:
    """The perplexities of the best network of an honest training, counted in several ways."""
    material = load_dataset(job.recipe.data, job.own)
    model = load_model(training.best)
    vocabulary = model.vocabulary
    (form, texts), *_ = material.dev.items()
    ends = [vocabulary.prefix_id(form)], [vocabulary.id(EOS)]
    poems = as_tensor([np.concatenate((ends[0], vocabulary.encode(t), ends[1])) for t in texts])
    costs = poem_costs(loaded(model), poems)
    return perplexities(costs, poems[1:].numpy(), vocabulary, first=True)


def training_texts(base: Base) -> list[str]:
    """The texts that a study trains on."""
    texts = load_corpus().select(forms=base.recipe.data.forms, dynasties=["tang"], parts=[TRAIN])
    return few(texts.text, QUICK_POEMS[TRAIN]) if base.quick else texts.text
