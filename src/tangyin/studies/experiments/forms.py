"""The report's network on each form and on all of them, and whether it learns their length."""

from functools import partial
from typing import Any

import numpy as np

from tangyin.model import Engine
from tangyin.model.file import load_model
from tangyin.studies.diversity import with_interval
from tangyin.studies.filters import mean
from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.style import band, epoch_axis, log_ticks, look, panels
from tangyin.studies.training_cache import Training, TrainingCache, rounded
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
            "length": cache.compute("length", facts, partial(_lengths, kind, trained, count)),
        }
    settings = {"quick": quick, "seeds": list(base.seeds), "written": count}
    return {"settings": settings, "kinds": found}


def _trained_on(kind: str) -> list[Form]:
    return list(FORMS) if kind in (ALL, GIVEN) else [form_named(kind)]


def _lengths(kind: str, trained: list[Training], count: int) -> dict[str, Any]:
    """The rate of right lengths when only the model's own prefix is given.

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


LABELS = {"all, told the form": "all, form given"}
"""How kinds are called on the page where their name in the results is another."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The kinds with their labels and their share of right shapes, in several orders.

    `together` is the perplexity, by seed, of the networks of one form each on all their dev poems.
    """
    rights = {n: found["length"]["temperature 1"]["value"] for n, found in results["kinds"].items()}
    kinds = [
        {**found, "name": name, "label": _label(name), "right": rights[name]}
        for name, found in results["kinds"].items()
    ]
    alone = [kind for kind in kinds if not kind["name"].startswith("all")]
    targets = [form_named(kind["name"]).targets for kind in alone]
    weights = np.multiply([kind["dev_poems"] for kind in alone], targets)
    logs = np.average([np.log(kind["best"]) for kind in alone], axis=0, weights=weights)
    return {
        "listed": kinds,
        "by_right": sorted(kinds, key=lambda kind: -kind["right"]),
        "by_perplexity": sorted(kinds, key=lambda kind: mean(kind["best"])),
        "easiest_first": sorted(alone, key=lambda kind: mean(kind["best"])),
        "by_length": [alone[place] for place in np.argsort(targets, kind="stable")],
        "together": [float(value) for value in np.exp(logs)],
    }


def forms(results: dict[str, Any]) -> Any:
    """The dev curve of each kind."""
    figure, axes = panels(height=3.9)
    for number, (name, found) in enumerate(results["kinds"].items()):
        band(axes, found["dev"], look(number, marker=True, label=_label(name), markevery=2))
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    axes.legend()
    return figure


def forms_length(results: dict[str, Any]) -> Any:
    """The share of texts of the right shape."""
    figure, axes = panels(height=2.8)
    kinds = results["kinds"]
    for row, found in enumerate(kinds.values()):
        length = found["length"]["temperature 1"]
        value, low, high = (100 * length[key] for key in ("value", "low", "high"))
        errors = ([value - low], [high - value])
        style = look(row, marker=True, linestyle="none")
        axes.errorbar(value, row, xerr=errors, capsize=3, **style)
        axes.annotate(f"{value:.0f}%", (value, row), (0, 6), textcoords="offset points", fontsize=8)
    axes.set_yticks(range(len(kinds)), list(map(_label, kinds)))
    axes.invert_yaxis()
    axes.set(xlabel="texts of the right shape, %", xlim=(-3, 105), ylim=(len(kinds) - 0.5, -0.7))
    return figure


def _label(name: str) -> str:
    return LABELS.get(name, name)


STUDY = Study(
    title="詩體 Forms",
    question="Which forms are hard, and is a poem's length learned?",
    minutes=13,
    sizes="3 forms × 3 seeds × 10 epochs, all forms 2 × 3 × 8, at most",
    run=run,
    order=80,
)
