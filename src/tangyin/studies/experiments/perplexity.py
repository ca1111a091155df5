"""How the report's network learns and overfits, and how its honest figure becomes 47."""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from tangyin.corpus import DEV, TRAIN, Batch, load_corpus
from tangyin.model import Architecture
from tangyin.model.file import load_model
from tangyin.nn.language_model import LanguageModel
from tangyin.studies.poem_costs import encoded, perplexities, poem_costs, text_costs
from tangyin.studies.recipes import QUICK_LONG, Base, few
from tangyin.studies.study import Study
from tangyin.studies.style import BLUE, GREY, INK, VERMILION, band, epoch_axis, log_ticks, panels
from tangyin.studies.training_cache import Job, Training, TrainingCache, rounded
from tangyin.training.dataset import load_dataset
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.training.precision import chosen_precision
from tangyin.training.step import TrainingStep
from tangyin.verse import BOS, Vocabulary

WAY_EPOCHS, VOCABULARY_EPOCHS = 20, 8

BATCH, RATE = 128, 0.01
DEV_SHARE = 0.2
MINIMUM_FREQUENCY = 10
QUICK_POEMS, QUICK_BATCH = 320, 32
SIZES, QUICK_SIZES = (256, 128), (64, 32)
"""Of the embedding and the hidden state."""


@dataclass(frozen=True)
class Way:
    """A way of training and measuring; with all four off it is the honest one."""

    redrawn: bool = False  # the poems are split again every epoch, instead of by the fixed split
    all_characters: bool = False  # the vocabulary is built from all poems, not the training poems
    first_given: bool = False  # the first character is read and not predicted
    all_poems: bool = False  # test poems and near-duplicates of held-out poems are used too


REPORT = Way(redrawn=True, all_characters=True, first_given=True, all_poems=True)


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train past the best epoch, measure in the report's way, and explain the difference.

    Of the `effects`, `characters` (a vocabulary built from all poems) and `leak` (the split redrawn
    every epoch) are measured with the first seed only.
    """
    base = Base.of(cache, quick)
    jobs = base.long_jobs()
    epochs = jobs[0].recipe.training.epochs
    ways, short = (QUICK_LONG,) * 2 if quick else (WAY_EPOCHS, VOCABULARY_EPOCHS)
    trainings = cache.train_all(jobs, "the report's network")
    counts = [
        cache.compute("count", {"job": cache.name_of(job)}, partial(_count, job, training))
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
    """The open dev perplexity of an epoch of `in_a_way`."""
    return float(line["dev"]["open"]["per_token"])


def _count(job: Job, training: Training) -> dict[str, Any]:
    """The perplexities of the best network of an honest training, counted in several ways."""
    model = load_model(training.best)
    (form, texts), *_ = load_dataset(job.recipe.data, job.own).dev.items()
    return perplexities(*text_costs(model, texts, form), model.vocabulary, first=True)


def in_a_way(cache: TrainingCache, way: Way, *, seed: int, epochs: int, quick: bool) -> Any:
    """Train and measure in some way, or read the cached result.

    Of each epoch, `dev_mean_of_poems` is the report's figure, `dev_per_token` is of the same
    targets, and `dev_share_seen` are the dev poems that an earlier epoch trained on.
    """
    settings = {"way": asdict(way), "seed": seed, "epochs": epochs, "quick": quick}
    train = partial(_train, way, seed, epochs, quick)
    return cache.compute("report-protocol", settings, train)


def _train(way: Way, seed: int, epochs: int, quick: bool) -> dict[str, Any]:
    parts_used = None if way.all_poems else [TRAIN, DEV]
    corpus = load_corpus().select(dynasties=["tang"], forms=["五律"], parts=parts_used)
    texts, parts = corpus.text, corpus.part
    if quick:
        texts, parts = (few(column, QUICK_POEMS) for column in (texts, parts))
    held = np.array([part == DEV for part in parts])
    vocabulary = Vocabulary.from_texts(
        texts if way.all_characters else [t for t, h in zip(texts, held, strict=True) if not h],
        1 if quick else MINIMUM_FREQUENCY,
    )
    poems = encoded(vocabulary, texts, None if way.first_given else vocabulary.id(BOS))
    torch.manual_seed(seed)
    model = LanguageModel(Architecture(*(QUICK_SIZES if quick else SIZES)), vocabulary)
    precision = chosen_precision("auto", torch.device("cpu"))
    step = TrainingStep(model, OptimizerRecipe("adam", RATE), precision)
    order, share = np.random.default_rng(seed), int(DEV_SHARE * len(texts))
    seen, size = np.zeros(len(texts), dtype=bool), QUICK_BATCH if quick else BATCH
    lines: list[dict[str, Any]] = []
    for _ in range(epochs):
        shuffled = order.permutation(len(texts))
        in_dev = np.arange(len(texts)) < share if way.redrawn else held[shuffled]
        dev, train = shuffled[in_dev], shuffled[~in_dev]
        share_seen = float(seen[dev].mean())
        for chosen in np.split(train, range(size, len(train), size)):
            ids = poems[:, chosen].numpy().astype(np.int32)
            batch = Batch(ids[:-1], ids[1:], np.ones(ids[1:].shape, dtype=np.bool_))
            step(batch)
        seen[train] = True
        costs, targets = poem_costs(model, poems[:, dev]), poems[1:, dev].numpy()
        figures = perplexities(costs, targets, vocabulary, first=not way.first_given)
        own = figures["plain_without_first" if way.first_given else "plain"]
        lines.append(
            {
                "dev": figures,
                "dev_mean_of_poems": own["mean_of_poems"],
                "dev_per_token": own["per_token"],
                "dev_share_seen": share_seen,
            }
        )
    return {"poems": len(texts), "epochs": lines}


CLAIMED = 47
"""The development perplexity that the report gives."""
RISE = 1.02
"""A network counts as overfitted while its dev perplexity is this many times its best."""
PATIENCE = 3
"""Epochs without improvement before early stopping ends training, as in `configs/report.toml`."""


def overfitted_from(dev: list[float]) -> int | None:
    """The first epoch after the best from which dev stays `RISE` times above it, or None."""
    last_below = int(np.flatnonzero(np.array(dev) < RISE * min(dev))[-1])
    return last_below + 2 if last_below + 1 < len(dev) else None


def stopped_after(dev: list[float]) -> int | None:
    """The epoch after which early stopping ends training, or None."""
    ends = range(PATIENCE + 1, len(dev) + 1)
    return next((end for end in ends if dev.index(min(dev[:end])) < end - PATIENCE), None)


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """Facts about the curves; each list has an entry for each seed of which it holds."""
    dev = [curve["dev"] for curve in results["honest"]]
    return {
        "claimed": CLAIMED,
        "rise": RISE,
        "patience": PATIENCE,
        "overfitted_from": [epoch for curve in dev if (epoch := overfitted_from(curve))],
        "stopped_after": [epoch for curve in dev if (epoch := stopped_after(curve))],
        "always_falls": all((np.diff(curve["dev"]) < 0).all() for curve in results["report"]),
    }


def perplexity(results: dict[str, Any]) -> Any:
    """Dev and training perplexity of the report's network, and dev measured its way."""
    honest = results["honest"]
    figure, axes = panels(height=3.9)
    for curves, what, style in (
        (honest, "dev", {"color": BLUE, "label": "dev, unseen poems"}),
        (results["report"], "dev", {"color": VERMILION, "ls": "--", "label": "report's dev"}),
        (honest, "train", {"color": INK, "ls": ":", "label": "training"}),
    ):
        band(axes, [curve[what] for curve in curves], style)
    best = [(curve["best_epoch"], min(curve["dev"])) for curve in honest]
    marks: dict[str, Any] = {"linestyle": "none", "color": BLUE}
    axes.plot(*zip(*best, strict=True), marker="x", markersize=7, label="best epoch", **marks)
    ends = [(n, curve["dev"][n - 1]) for curve in honest if (n := stopped_after(curve["dev"]))]
    if ends:
        marks |= {"marker": "|", "markersize": 13, "markeredgewidth": 1.6}
        axes.plot(*zip(*ends, strict=True), label="early stopping", **marks)
    axes.axhline(CLAIMED, color=GREY, linewidth=0.9, linestyle=(0, (6, 3)))
    place: dict[str, Any] = {"xytext": (0, -3), "textcoords": "offset points", "va": "top"}
    axes.annotate(f"the report's {CLAIMED}", (0.7, CLAIMED), fontsize=8.5, **place)
    axes.set_xlim(0.5, None)
    log_ticks(axes, "perplexity per token")
    epoch_axis(axes)
    axes.legend(ncols=2)
    return figure


STUDY = Study(
    title="困惑度 Perplexity",
    question="What does the network reach on unseen poems, does it overfit, and where does the "
    "report's 47 come from?",
    minutes=15,
    sizes="3 × 21 epochs, 3 × 20 in the report's way, 28 for single effects",
    run=run,
    order=10,
)
