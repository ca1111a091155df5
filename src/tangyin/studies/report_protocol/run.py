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
import numpy.typing as npt
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
    """A way of training and measuring; with all four off it is the honest one.

    Attributes:
        redrawn: the poems are split anew every epoch, instead of by the fixed split.
        all_characters: the vocabulary is built from all poems, not from the training poems alone.
        first_given: the first character is read and not predicted.
        all_poems: the poems that the split keeps for the test, or away from training, are used too.
    """

    redrawn: bool = False
    all_characters: bool = False
    first_given: bool = False
    all_poems: bool = False


REPORT = Way(redrawn=True, all_characters=True, first_given=True, all_poems=True)


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train and measure the report's network in the report's way.

    Returns:
        `settings`; `vocabulary` (known characters); `poems`; `epochs`, see `in_a_way`; and
        `rose`, the first epoch whose figure is above the previous one, where the report would stop,
        or None.
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
    rises = [
        after["epoch"]
        for before, after in pairwise(found["epochs"])
        if after["dev_mean_of_poems"] > before["dev_mean_of_poems"]
    ]
    settings = {
        "quick": quick,
        "epochs": epochs,
        "batch_size": QUICK_BATCH if quick else BATCH,
        "learning_rate": RATE,
        "dev_share": DEV_SHARE,
        "minimum_frequency": MINIMUM_FREQUENCY,
        "seed": 1,
    }
    return {"settings": settings, "rose": rises[0] if rises else None, **found}


def in_a_way(cache: TrainingCache, way: Way, *, seed: int, epochs: int, quick: bool) -> Any:
    """Train and measure in some way, or read the cached result.

    Returns:
        `vocabulary` (known characters), `poems`, and `epochs`, a list of `epoch`,
        `train_per_token`, `dev` (`poem_costs.perplexities`), `dev_mean_of_poems` (the report's
        figure) and `dev_per_token` (of the same targets), `dev_share_seen` (dev poems that an
        earlier epoch trained on) and `seconds`.
    """
    settings = {"way": asdict(way), "seed": seed, "epochs": epochs, "quick": quick}
    train = partial(_train, way, seed, epochs, quick)
    return cache.compute("report-protocol", settings, epochs, train)


def _train(way: Way, seed: int, epochs: int, quick: bool, advance: Advance) -> dict[str, Any]:
    corpus = load_corpus().select(dynasties=["tang"], forms=["五律"])
    if not way.all_poems:
        corpus = corpus.select(parts=[TRAIN, DEV])
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
    order = np.random.default_rng(seed)
    seen = np.zeros(len(texts), dtype=bool)
    lines: list[dict[str, Any]] = []
    for epoch in range(1, epochs + 1):
        shuffled = order.permutation(len(texts))
        share = int(DEV_SHARE * len(texts))
        dev, train = shuffled[:share], shuffled[share:]
        if not way.redrawn:
            dev, train = shuffled[held[shuffled]], shuffled[~held[shuffled]]
        share_seen = float(seen[dev].mean())
        began = time.perf_counter()
        loss = _train_epoch(step, poems, train, QUICK_BATCH if quick else BATCH)
        seconds = time.perf_counter() - began
        seen[train] = True
        chosen = poems[:, dev]
        figures = perplexities(
            poem_costs(model, chosen), chosen[1:].numpy(), vocabulary, first=not way.first_given
        )
        own = figures["plain_without_first" if way.first_given else "plain"]
        lines.append(
            {
                "epoch": epoch,
                "train_per_token": math.exp(loss),
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


def _train_epoch(
    step: TrainingStep, poems: torch.Tensor, chosen: npt.NDArray[np.int64], batch_size: int
) -> float:
    """One pass; returns the mean loss in nats."""
    total = 0.0
    for start in range(0, len(chosen), batch_size):
        ids = poems[:, chosen[start : start + batch_size]].numpy().astype(np.int32)
        batch = Batch(ids[:-1], ids[1:], np.ones(ids[1:].shape, dtype=np.bool_))
        total += step(batch) * ids.shape[1]
    return total / len(chosen)


STUDY = Study(
    title="報告之法 The report's protocol",
    question="What does the report's own way of measuring show?",
    minutes=3,
    sizes="20 epochs, which perplexity trains too",
    run=run,
)
