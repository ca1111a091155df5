"""How the report's network learns and overfits, and how its honest figure becomes 47."""

from functools import partial
from typing import Any

from tangyin.model.file import load_model
from tangyin.studies.poem_costs import perplexities, text_costs
from tangyin.studies.recipes import QUICK_LONG, Base
from tangyin.studies.report_protocol.run import REPORT, Way, in_a_way
from tangyin.studies.study import Study
from tangyin.studies.training_cache import Advance, Job, Training, TrainingCache, rounded
from tangyin.training.dataset import load_dataset

WAY_EPOCHS, VOCABULARY_EPOCHS = 20, 8


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train past the best epoch, measure the report's way, and take the difference apart.

    Of the `effects`, `characters` (a vocabulary built from all poems) and `leak` (the split redrawn
    every epoch) are measured with the first seed only.
    """
    base = Base.of(cache, quick)
    jobs = base.long_jobs()
    epochs = jobs[0].recipe.training.epochs
    ways, short = (QUICK_LONG,) * 2 if quick else (WAY_EPOCHS, VOCABULARY_EPOCHS)
    cache.progress.plan(len(jobs) * (epochs + ways + 0.5) + ways + short)
    trainings = cache.train_all(jobs, "the report's network")
    counts = [
        cache.compute("count", {"job": cache.name_of(job)}, 0.5, partial(_count, job, training))
        for job, training in zip(jobs, trainings, strict=True)
    ]

    measured = partial(in_a_way, cache, quick=quick)
    report = [measured(REPORT, seed=seed, epochs=ways) for seed in base.seeds]
    kept = {
        "dev": "dev_mean_of_poems",
        "dev_per_token": "dev_per_token",
        "share_seen": "dev_share_seen",
    }
    leak = measured(Way(redrawn=True), seed=base.seeds[0], epochs=ways)["epochs"][-1]
    known = measured(Way(all_characters=True), seed=base.seeds[0], epochs=short)
    return {
        "settings": {**base.settings(), "epochs": epochs, "way_epochs": ways},
        "honest": [training.curve() for training in trainings],
        "report": [
            {key: rounded(line[figure] for line in found["epochs"]) for key, figure in kept.items()}
            | {"poems": found["poems"]}
            for found in report
        ],
        "effects": {
            "honest": counts,
            "characters": [min(known["epochs"], key=_open)["dev"]],
            "leak": [{"per_token": _open(leak), "share_seen": leak["dev_share_seen"]}],
        },
    }


def _open(line: dict[str, Any]) -> float:
    """The open dev perplexity of an epoch of `report_protocol.in_a_way`."""
    return float(line["dev"]["open"]["per_token"])


def _count(job: Job, training: Training, _advance: Advance) -> dict[str, Any]:
    """The perplexities of the best network of an honest training, counted in several ways."""
    model = load_model(training.best)
    (form, texts), *_ = load_dataset(job.recipe.data, job.own).dev.items()
    return perplexities(*text_costs(model, texts, form), model.vocabulary, first=True)


STUDY = Study(
    title="困惑度 Perplexity",
    question="What does the network reach on unseen poems, does it overfit, and where does the "
    "report's 47 come from?",
    minutes=15,
    sizes="3 × 21 epochs, 3 × 20 in the report's way, 28 for single effects",
    run=run,
    order=10,
)
