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
            "redrawn every epoch. After epoch "
            f"{settings['way_epochs']} {share(report[0]['share_seen'][-1], 0)} of its dev poems "
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
    counts = effects["honest"]
    first, letters = counts[0], effects["characters"]["figures"]

    def seeds(way: str, figure: str = "per_token") -> str:
        return mean_and_range([count[way][figure] for count in counts])

    def change(value: float, by: float) -> str:
        return f"{value / by - 1:+.0%}".replace("-", "−")

    def alone(way: str, figure: str = "per_token") -> str:
        values = [count[way][figure] / count["open"]["per_token"] for count in counts]
        return change(float(np.mean(values)), 1.0)

    start = first["open"]["per_token"]
    own = [curve["dev"][-1] for curve in report]
    own_token = [curve["dev_per_token"][-1] for curve in report]
    leak = effects["leak"]
    rows = [
        ("the honest figure: open per_token at the best epoch", seeds("open"), "", seeds("open")),
        (
            "*unknown characters*: `<unk>` is a token like any other",
            seeds("plain"),
            alone("plain"),
            seeds("plain"),
        ),
        (
            "*vocabulary* made of all poems, held-out ones too (first seed)",
            f"{letters['open']['per_token']:.1f}",
            change(letters["open"]["per_token"], start),
            f"{letters['plain']['per_token']:.1f}",
        ),
        (
            "*first character* given, not predicted",
            seeds("open_without_first"),
            alone("open_without_first"),
            f"{letters['plain_without_first']['per_token']:.1f}",
        ),
        (
            "*mean of means*: the mean of the poems' perplexities",
            seeds("open", "mean_of_poems"),
            alone("open", "mean_of_poems"),
            f"{letters['plain_without_first']['mean_of_poems']:.1f}",
        ),
        (
            "*leak*: the split redrawn every epoch, after epoch "
            f"{results['settings']['way_epochs']}"
            " (alone: first seed)",
            f"{leak['per_token']:.1f}",
            change(leak["per_token"], start),
            mean_and_range(own),
        ),
    ]
    return [
        Text(
            "How one number becomes the other. Each effect is measured by itself, the others left "
            "honest, and in the order of the table, each on top of those above it. The last "
            f"line of the last column is the report's own protocol, whole; as one exponential of "
            f"the mean it would be {mean_and_range(own_token)}."
        ),
        Table(
            "From the honest figure to the report's. Effects that only count differently are of "
            "the same networks; those that need a training of their own say so. "
            + conditions(results["settings"], "perplexity", band=False),
            ("effect", "by itself", "change", "one after another"),
            rows,
        ),
    ]
