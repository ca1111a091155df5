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
from tangyin.verse import FORMS, WULV, Form, form_named
from tangyin.writing import Argmax, Temperature

EPOCHS, ALL_EPOCHS, PATIENCE = 10, 8, 3
WRITTEN, QUICK_WRITTEN = 500, 16
SEED = 1
ALL, GIVEN = "all", "all, told the form"


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train on each form, on all, and on all with the form given; then write without masks."""
    plans = []
    for kind in (*(form.name for form in FORMS), ALL, GIVEN):
        base = Base.of(cache, quick, [form.name for form in _trained_on(kind)])
        changes: dict[str, Any] = {"data.prefix": "form"} if kind == GIVEN else {}
        changes["training.epochs"] = 2 if quick else ALL_EPOCHS if kind in (ALL, GIVEN) else EPOCHS
        changes["training.patience"] = PATIENCE
        # The study of perplexity trains on the 五律.
        jobs = base.long_jobs() if kind == WULV.name else base.jobs(changes, keep=True)
        plans.append((kind, base, jobs))
    cache.progress.plan(sum(0.5 + sum(job.recipe.epochs for job in jobs) for *_, jobs in plans))
    count = QUICK_WRITTEN if quick else WRITTEN
    found = {}
    for kind, base, jobs in plans:
        trained = cache.train_all(jobs, kind)
        facts = {"jobs": [cache.name_of(job) for job in jobs], "written": count}
        curves = [training.curve() for training in trained]
        found[kind] = {
            "train_poems": len(base.texts),
            "dev_poems": base.dev,
            **{key: [curve[key] for curve in curves] for key in ("dev", "train", "best_epoch")},
            "best": rounded(training.best_dev() for training in trained),
            "per_hanzi": rounded(training.best_dev("per_hanzi") for training in trained),
            "length": cache.compute("length", facts, 0.5, partial(_lengths, kind, trained, count)),
        }
    settings = {"quick": quick, "seeds": list(base.seeds), "written": count}
    return {"settings": settings, "kinds": found}


def _trained_on(kind: str) -> list[Form]:
    return list(FORMS) if kind in (ALL, GIVEN) else [form_named(kind)]


def _lengths(kind: str, trained: list[Training], count: int, _advance: Advance) -> dict[str, Any]:
    """How often the length comes out right, when only the model's own prefix is given.

    `temperature 1` is the share of right shapes (for `ALL`, any form's), `argmax` their number.
    """
    given = _trained_on(kind)
    share = count // len(trained) // len(given) or 1
    right: list[bool] = []
    argmax = 0
    for training in trained:
        engine = Engine(load_model(training.best))
        for number, form in enumerate(given):
            texts = write_unmasked(engine, Temperature(1.0), SEED + number, [""] * share, form)
            texts += write_unmasked(engine, Argmax(), SEED, [""], form)
            shapes = [form_of_tokens(engine.vocabulary, tokens) for tokens in texts]
            *drawn, best = [s is not None if kind == ALL else s == form for s in shapes]
            right += drawn
            argmax += best
    return {
        "temperature 1": with_interval(right),
        "written": len(right),
        "argmax": argmax,
        "argmax_of": len(trained) * len(given),
    }


STUDY = Study(
    title="詩體 Forms",
    question="Which forms are hard, and is a poem's length learned?",
    minutes=13,
    sizes="3 forms × 3 seeds × 10 epochs, all forms 2 × 3 × 8, at most",
    run=run,
    order=80,
)
