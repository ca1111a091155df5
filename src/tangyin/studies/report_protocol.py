"""The course report's own way of measuring, kept to show what it measures.

It differs from the protocol in four ways, none of which the trainer knows: the vocabulary is made
of all poems; the 80/20 split is redrawn every epoch, so that nearly every dev poem has been trained
on before; the first character is not predicted; and the figure is the mean of the poems'
perplexities. It stops at the first rise of that figure, which a leaking dev set hardly shows.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from tangyin.corpus import load_corpus
from tangyin.modelfile import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.verse import EOS, UNK, Vocabulary

EPOCHS, BATCH, RATE, SEED = 20, 128, 0.01, 1
DEV_SHARE = 0.2
MINIMUM_FREQUENCY = 10


def report_protocol(
    quick: bool = False, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Train and measure the report's network in the report's way.

    Args:
        quick: 640 poems and 2 epochs, to see that it runs.
        say: is told each epoch's figures in a sentence.

    Returns:
        `settings`; `vocabulary` (predicted tokens); `poems`; `epochs`, a list of `epoch`,
        `train_per_token`, `dev_mean_of_poems` (the report's figure), `dev_per_token` (the same
        targets, summed before the exponential), `dev_share_seen` (dev poems that an earlier epoch
        trained on) and `seconds`.
    """
    texts = load_corpus().select(dynasties=["tang"], forms=["五律"]).text
    texts, epochs = (texts[:640], 2) if quick else (texts, EPOCHS)
    vocabulary = Vocabulary.from_texts(texts, 1 if quick else MINIMUM_FREQUENCY)
    end = [vocabulary.id(EOS)]
    # Without <bos>: the first character is read and never predicted.
    poems = torch.from_numpy(
        np.stack([np.concatenate((vocabulary.encode(text), end)) for text in texts], axis=1)
    ).long()  # (T + 1, poems)
    torch.manual_seed(SEED)
    model = LanguageModel(Architecture(256, 128), vocabulary)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    order = np.random.default_rng(SEED)
    held = int(DEV_SHARE * len(texts))
    seen = np.zeros(len(texts), dtype=bool)
    lines: list[dict[str, Any]] = []
    for epoch in range(1, epochs + 1):
        began = time.perf_counter()
        shuffled = order.permutation(len(texts))
        dev, train = shuffled[:held], shuffled[held:]
        share_seen = float(seen[dev].mean())
        train_loss = _train_epoch(model, optimizer, poems, train)
        seen[train] = True
        losses = _poem_losses(model, poems, dev)
        lines.append(
            {
                "epoch": epoch,
                "train_per_token": math.exp(train_loss),
                "dev_mean_of_poems": float(np.exp(losses).mean()),
                "dev_per_token": math.exp(losses.mean()),
                "dev_share_seen": share_seen,
                "seconds": round(time.perf_counter() - began, 1),
            }
        )
        say(
            "epoch {epoch}: train {train_per_token:.1f}, dev {dev_mean_of_poems:.1f} as a mean of "
            "poems, {dev_per_token:.1f} per token; {dev_share_seen:.0%} of dev was trained on "
            "before".format(**lines[-1])
        )
        if epoch > 1 and lines[-1]["dev_mean_of_poems"] > lines[-2]["dev_mean_of_poems"]:
            say("the dev figure rose: the report would stop here")
            break
    return {
        "settings": {
            "epochs": epochs,
            "batch_size": BATCH,
            "learning_rate": RATE,
            "dev_share": DEV_SHARE,
            "minimum_frequency": MINIMUM_FREQUENCY,
            "seed": SEED,
        },
        "vocabulary": vocabulary.outputs - len((UNK, EOS)),
        "poems": len(texts),
        "epochs": lines,
    }


def _train_epoch(
    model: LanguageModel,
    optimizer: torch.optim.Optimizer,
    poems: torch.Tensor,
    chosen: np.ndarray[Any, np.dtype[np.int64]],
) -> float:
    """One pass; returns the mean loss in nats."""
    total = 0.0
    for start in range(0, len(chosen), BATCH):
        batch = poems[:, chosen[start : start + BATCH]]
        loss = model.loss(batch[:-1], batch[1:])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += float(loss.detach()) * batch.shape[1]
    return total / len(chosen)


@torch.no_grad()
def _poem_losses(
    model: LanguageModel, poems: torch.Tensor, chosen: np.ndarray[Any, np.dtype[np.int64]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Mean loss of each poem, in nats."""
    losses = []
    for start in range(0, len(chosen), BATCH):
        batch = poems[:, chosen[start : start + BATCH]]
        log_probs = model.log_probs(batch[:-1]).flatten(0, 1)
        costs = F.nll_loss(log_probs, batch[1:].flatten(), reduction="none")
        losses.append(costs.view(-1, batch.shape[1]).mean(dim=0).double().numpy())
    return np.concatenate(losses)
