"""The course report's own way of measuring, kept to show what it measures.

It differs from the protocol in four ways that the trainer does not support: the vocabulary is built
from all poems; the 80/20 split is redrawn every epoch, so that nearly every dev poem has been
trained on before; the first character is not predicted; and the figure is the mean of the poems'
perplexities. Each can be left out, to measure the effect of the others.
"""

import math
import time
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from tangyin.corpus import DEV, TRAIN, Batch, load_corpus
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.studies.poem_costs import encoded, perplexities, poem_costs
from tangyin.studies.recipes import few
from tangyin.studies.study import Study
from tangyin.studies.training_cache import Advance, TrainingCache
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.training.precision import chosen_precision
from tangyin.training.step import TrainingStep
from tangyin.verse import BOS, EOS, UNK, Vocabulary

EPOCHS, BATCH, RATE = 20, 128, 0.01
DEV_SHARE = 0.2
MINIMUM_FREQUENCY = 10
QUICK_EPOCHS, QUICK_POEMS, QUICK_BATCH = 2, 320, 32
SIZES, QUICK_SIZES = (256, 128), (64, 32)
"""Of the embedding and the hidden state."""


@dataclass(frozen=True)
class Way:
    """A way of training and measuring; with all four off it is the honest one."""

    redrawn: bool = False  # the poems are split anew every epoch, instead of by the fixed split
    all_characters: bool = False  # the vocabulary is built from all poems, not the training poems
    first_given: bool = False  # the first character is read and not predicted
    all_poems: bool = False  # test poems and near-duplicates of held-out poems are used too


REPORT = Way(redrawn=True, all_characters=True, first_given=True, all_poems=True)


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train and measure the report's network in the report's way.

    `rose` is the first epoch whose figure is above the previous one: the report would stop there.
    """
    epochs = QUICK_EPOCHS if quick else EPOCHS
    cache.progress.plan(epochs)
    found = in_a_way(cache, REPORT, seed=1, epochs=epochs, quick=quick)
    for line in found["epochs"]:
        cache.progress.say(
            "epoch {epoch}: train {train_per_token:.1f}, dev {dev_mean_of_poems:.1f} as a mean of "
            "poems, {dev_per_token:.1f} per token; {dev_share_seen:.0%} of dev was trained on "
            "before".format(**line)
        )
    figures = [line["dev_mean_of_poems"] for line in found["epochs"]]
    rises = (n for n, (before, after) in enumerate(pairwise(figures), 2) if after > before)
    settings = {
        "quick": quick,
        "epochs": epochs,
        "batch_size": QUICK_BATCH if quick else BATCH,
        "learning_rate": RATE,
        "dev_share": DEV_SHARE,
        "minimum_frequency": MINIMUM_FREQUENCY,
        "seed": 1,
    }
    return {"settings": settings, "rose": next(rises, None), **found}


def in_a_way(cache: TrainingCache, way: Way, *, seed: int, epochs: int, quick: bool) -> Any:
    """Train and measure in some way, or read the cached result.

    Of each epoch, `dev_mean_of_poems` is the report's figure, `dev_per_token` is of the same
    targets, and `dev_share_seen` are the dev poems that an earlier epoch trained on.
    """
    settings = {"way": asdict(way), "seed": seed, "epochs": epochs, "quick": quick}
    train = partial(_train, way, seed, epochs, quick)
    return cache.compute("report-protocol", settings, epochs, train)


def _train(way: Way, seed: int, epochs: int, quick: bool, advance: Advance) -> dict[str, Any]:
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
    step = TrainingStep(model, OptimizerRecipe("adam", RATE), vocabulary, precision)
    order, share = np.random.default_rng(seed), int(DEV_SHARE * len(texts))
    seen, size = np.zeros(len(texts), dtype=bool), QUICK_BATCH if quick else BATCH
    lines: list[dict[str, Any]] = []
    for epoch in range(1, epochs + 1):
        shuffled = order.permutation(len(texts))
        in_dev = np.arange(len(texts)) < share if way.redrawn else held[shuffled]
        dev, train = shuffled[in_dev], shuffled[~in_dev]
        share_seen = float(seen[dev].mean())
        began, total = time.perf_counter(), 0.0
        for chosen in np.split(train, range(size, len(train), size)):
            ids = poems[:, chosen].numpy().astype(np.int32)
            batch = Batch(ids[:-1], ids[1:], np.ones(ids[1:].shape, dtype=np.bool_))
            total += step(batch) * len(chosen)
        seconds = time.perf_counter() - began
        seen[train] = True
        costs, targets = poem_costs(model, poems[:, dev]), poems[1:, dev].numpy()
        figures = perplexities(costs, targets, vocabulary, first=not way.first_given)
        own = figures["plain_without_first" if way.first_given else "plain"]
        lines.append(
            {
                "epoch": epoch,
                "train_per_token": math.exp(total / len(train)),
                "dev": figures,
                "dev_mean_of_poems": own["mean_of_poems"],
                "dev_per_token": own["per_token"],
                "dev_share_seen": share_seen,
                "seconds": round(seconds, 1),
            }
        )
        advance(1)
    known = vocabulary.outputs - len((UNK, EOS))
    return {"vocabulary": known, "poems": len(texts), "epochs": lines}


STUDY = Study(
    title="報告之法 The report's protocol",
    question="What does the report's own way of measuring show?",
    minutes=3,
    sizes="20 epochs, which perplexity trains too",
    run=run,
)
