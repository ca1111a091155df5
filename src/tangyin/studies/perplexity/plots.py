"""The figure of the part on perplexity, and what its curves show."""

from typing import Any

import numpy as np

from tangyin.studies.style import BLUE, GREY, INK, VERMILION, band, epoch_axis, log_ticks, panels

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
    """What the curves come to; lists have an entry for each seed of which it is true."""
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
