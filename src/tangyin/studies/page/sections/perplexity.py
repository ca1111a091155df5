"""The part on perplexity: curves, overfitting, and the way to 47."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Figure, Finding, Table, Text
from tangyin.studies.page.style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    band,
    epoch_axis,
    log_ticks,
    panels,
)
from tangyin.studies.page.words import conditions, listed, mean_and_range, share

CLAIMED = 47.0
"""The development perplexity that the report gives."""
RISE = 1.02
"""A network counts as overfitted from the epoch whose dev perplexity is so far above the best, and
that of no later epoch below."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and table."""
    settings, honest, report = results["settings"], results["honest"], results["report"]
    best = [min(curve["dev"]) for curve in honest]
    closed = [curve["dev_closed"][curve["best_epoch"] - 1] for curve in honest]
    epochs = [curve["best_epoch"] for curve in honest]
    last = [curve["dev"][-1] for curve in honest]
    train = [curve["train"][-1] for curve in honest]
    own = [curve["dev"][-1] for curve in report]
    over = [overfitted_from(curve["dev"]) for curve in honest]
    fewest, most = min(epochs), max(epochs)
    when = f"epoch {fewest}" if fewest == most else f"epochs {fewest} to {most}"
    told = [str(epoch) for epoch in over if epoch]
    says = (
        f"it stands {RISE - 1:.0%} above its best for good from epoch {listed(sorted(set(told)))} "
        "on"
        if told
        else "it does not overfit within these epochs"
    )
    return [
        Finding(
            f"On poems it has not seen the report's network reaches {mean_and_range(best)}, not "
            f"{CLAIMED:.0f}, at {when}; in the report's own way of measuring the same network "
            f"shows {mean_and_range(own)} after epoch {settings['way_epochs']}."
        ),
        Text(
            f"The figures are open `per_token` perplexities of the dev part (the closed one is "
            f"{mean_and_range(closed)}). The report says that with 15,000 poems the network cannot "
            f"overfit. It trains here on {settings['train_poems']:,}, and {says}. After epoch "
            f"{settings['epochs']} its training perplexity is {mean_and_range(train)} and its dev "
            f"perplexity {mean_and_range(last)}, "
            f"{np.mean(np.array(last) / np.array(best)):.2f} times the best. Early stopping keeps "
            "the network of the best epoch."
        ),
        Text(
            f"In the report's way all {report[0]['poems']:,} poems are used and the 80/20 split is "
            "redrawn every epoch. By epoch "
            f"{settings['way_epochs']}, {share(report[0]['share_seen'][-1], 0)} of its dev poems "
            "have been trained on before, so that its dev curve follows the training curve and no "
            "early stopping can see the network overfit."
        ),
        Figure(
            "perplexity",
            "Training and dev perplexity of the report's network, and what the report would have "
            "shown. Crosses mark the best epoch of each seed, where early stopping ends; the "
            f"dashed line is the report's {CLAIMED:.0f}. " + conditions(settings, "perplexity"),
            "Dev perplexity falls, turns and rises again while training perplexity keeps falling; "
            "the report's dev curve keeps falling with it.",
            lambda: _draw(results),
        ),
        *_effects(results),
    ]


def overfitted_from(dev: list[float]) -> int | None:
    """The first epoch after the best from which on dev stays `RISE` above it; None if it never."""
    best = int(np.argmin(dev))
    above = [value >= RISE * dev[best] for value in dev]
    found = next((n for n in range(best + 1, len(dev)) if all(above[n:])), None)
    return None if found is None else found + 1


def _draw(results: dict[str, Any]) -> Any:
    honest, report = results["honest"], results["report"]
    figure, axes = panels(height=3.9)
    epochs = np.arange(1, len(honest[0]["dev"]) + 1)
    own = np.arange(1, len(report[0]["dev"]) + 1)
    for x, curves, style in (
        (epochs, [c["dev"] for c in honest], {"color": BLUE, "label": "dev, unseen poems"}),
        (epochs, [c["train"] for c in honest], {"color": INK, "ls": ":", "label": "training"}),
        (
            own,
            [c["dev"] for c in report],
            {"color": VERMILION, "ls": "--", "label": "report's dev"},
        ),
    ):
        band(axes, x, curves, style)
    for curve in honest:
        axes.plot(curve["best_epoch"], min(curve["dev"]), "x", color=BLUE, markersize=7)
    axes.axhline(CLAIMED, color=GREY, linewidth=0.9, linestyle=(0, (6, 3)))
    axes.set_xlim(0.5, None)
    log_ticks(axes, "perplexity per token")
    epoch_axis(axes)
    axes.legend()
    return figure


def _effects(results: dict[str, Any]) -> list[Block]:
    """How the honest figure becomes the report's, effect by effect."""
    effects, report = results["effects"], results["report"]
    counts, letters = effects["honest"], effects["characters"]
    start = np.array([count["open"]["per_token"] for count in counts])

    def of(figures: list[Any], way: str, figure: str = "per_token") -> list[float]:
        return [float(found[way][figure]) for found in figures]

    def change(values: list[float]) -> str:
        ratio = np.array(values) / start[: len(values)]
        return f"{float(np.mean(ratio)) - 1:+.0%}".replace("-", "−")

    own = [curve["dev"][-1] for curve in report]
    own_token = [curve["dev_per_token"][-1] for curve in report]
    # For each effect what it does by itself, and what it does on top of those before it.
    steps = [
        (
            "*unknown characters*: `<unk>` is a token like any other",
            of(counts, "plain"),
            of(counts, "plain"),
        ),
        (
            "*vocabulary* made of all poems, held-out ones too",
            of(letters, "open"),
            of(letters, "plain"),
        ),
        (
            "*first character* given, not predicted",
            of(counts, "open_without_first"),
            of(letters, "plain_without_first"),
        ),
        (
            "*mean of means*: the mean of the poems' perplexities",
            of(counts, "open", "mean_of_poems"),
            of(letters, "plain_without_first", "mean_of_poems"),
        ),
        (
            "*leak*: the split redrawn every epoch, after epoch "
            f"{results['settings']['way_epochs']}",
            [leak["per_token"] for leak in effects["leak"]],
            own,
        ),
    ]
    honest = mean_and_range(list(start))
    rows = [("the honest figure: open per_token at the best epoch", honest, "", honest)]
    rows += [
        (name, mean_and_range(alone), change(alone), mean_and_range(together))
        for name, alone, together in steps
    ]
    return [
        Text(
            "How one number becomes the other. Each effect is measured by itself, the others left "
            "honest, and in the order of the table, each on top of those above it. The last "
            f"line of the last column is the report's own protocol, whole; as one exponential of "
            f"the mean it would be {mean_and_range(own_token)}."
        ),
        Table(
            "From the honest figure to the report's. The vocabulary and the leak need trainings of "
            "their own, here with the first seed; the other effects count the same networks in "
            "other ways. " + conditions(results["settings"], "perplexity", band=False),
            ("effect", "by itself", "change", "one after another"),
            rows,
        ),
    ]
