"""The report's network on each form and on all of them, and whether it learns their length."""

from functools import partial
from typing import Any

from tangyin.model import Engine
from tangyin.model.file import load_model
from tangyin.studies.diversity import with_interval
from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.training_cache import Advance, Training, TrainingCache, rounded
from tangyin.studies.unmasked import form_of_tokens, write_unmasked
from tangyin.verse import FORMS, WULV, form_named
from tangyin.writing import Argmax, Temperature

EPOCHS, ALL_EPOCHS, PATIENCE = 10, 8, 3
WRITTEN, QUICK_WRITTEN = 500, 16
SEED = 1
ALL, TOLD = "all", "all, told the form"


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train on each form, on all, and on all with the form told; then write without masks.

    Returns:
        `settings`; `kinds`, for each a dictionary: `train_poems`, `dev_poems`, and of each seed the
        `dev` curve (open per_token), `train`, `best_epoch`, `best`, `per_hanzi`; and `length`, of
        `written` texts of every seed together the share whose shape is the form's (one of the four
        for `all`; the one told for the last), drawn at temperature 1, and of one argmax text a
        network `argmax`, how many.
    """
    kinds: dict[str, tuple[list[str], dict[str, Any]]] = {
        form.name: ([form.name], {}) for form in FORMS
    }
    names = [form.name for form in FORMS]
    kinds[ALL] = (names, {})
    kinds[TOLD] = (names, {"data.prefix": "form"})
    plans = []
    for kind, (chosen, changes) in kinds.items():
        base = Base.of(cache, quick, chosen)
        epochs = 2 if quick else ALL_EPOCHS if len(chosen) > 1 else EPOCHS
        jobs = base.jobs(
            {
                **changes,
                "training.epochs": epochs,
                "training.patience": PATIENCE,
            },
            keep=True,
        )
        if chosen == [WULV.name]:  # which the study of perplexity has trained
            jobs = base.long_jobs()
        plans.append((kind, base, jobs))
    cache.progress.plan(
        sum(job.recipe.training.epochs for _, _, jobs in plans for job in jobs) + 0.5 * len(plans)
    )
    count = QUICK_WRITTEN if quick else WRITTEN
    found = {}
    for kind, base, jobs in plans:
        trained = cache.train_all(jobs, kind)
        length = cache.compute(
            "length",
            {"jobs": [cache.name_of(job) for job in jobs], "written": count},
            0.5,
            partial(_lengths, kind, trained, count),
        )
        found[kind] = {
            "train_poems": base.train,
            "dev_poems": base.dev,
            "dev": [rounded(training.dev()) for training in trained],
            "train": [
                rounded(line["train_per_token"] for line in training.epochs) for training in trained
            ],
            "best_epoch": [training.best_epoch for training in trained],
            "best": rounded(training.best_dev() for training in trained),
            "per_hanzi": rounded(training.best_dev("per_hanzi") for training in trained),
            "length": length,
        }
    five = Base.of(cache, quick)
    settings = {"quick": quick, "seeds": list(five.seeds), "written": count}
    return {"settings": settings, "kinds": found}


def _lengths(kind: str, trained: list[Training], count: int, _advance: Advance) -> dict[str, Any]:
    """How often the length comes out right; texts begin with nothing but what the model is told."""
    right: list[bool] = []
    argmax = 0
    for training in trained:
        engine = Engine(load_model(training.best))
        told = [form_named(kind)] if kind not in (ALL, TOLD) else list(FORMS)
        for number, form in enumerate(told):
            share = count // len(trained) // len(told) or 1
            texts = write_unmasked(engine, Temperature(1.0), SEED + number, [""] * share, form)
            best = write_unmasked(engine, Argmax(), SEED, [""], form)
            shapes = [form_of_tokens(engine.vocabulary, tokens) for tokens in (*texts, *best)]
            fits = [s is not None if kind == ALL else s == form for s in shapes]
            right += fits[:-1]
            argmax += fits[-1]
    networks = len(trained) * (1 if kind not in (ALL, TOLD) else len(FORMS))
    return {
        "temperature 1": with_interval(right),
        "written": len(right),
        "argmax": argmax,
        "argmax_of": networks,
    }


STUDY = Study(
    title="詩體 Forms",
    question="Which forms are hard, and is a poem's length learned?",
    minutes=13,
    sizes="3 forms × 3 seeds × 10 epochs, all forms 2 × 3 × 8, at most",
    run=run,
    order=80,
)
