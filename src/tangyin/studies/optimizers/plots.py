"""The figures of the part on optimizers, and what the curves show."""

from itertools import pairwise
from typing import Any

import numpy as np

from tangyin.studies.style import band, epoch_axis, log_ticks, optimizer_look, panels
from tangyin.training.optimizers import OptimizerRecipe

Curves = list[dict[str, Any]]

WITHIN = 1.1
"""A rate is good when it ends below this many times the optimizer's best; an optimizer has arrived
when it is below this many times the lowest end of all."""
RIM = 4
"""The plot of rates reaches up to this many times the lowest end."""
LABEL = "dev perplexity per token"


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """What the curves come to, by optimizer; lists have an entry for each seed."""
    worst, curves = results["settings"]["worst"], results["curves"]

    def dev(found: dict[str, Curves], epoch: int) -> dict[str, list[float]]:
        return {
            name: [worst if not c["dev"] or (c["failed"] and epoch) else c["dev"][epoch] for c in f]
            for name, f in found.items()
        }

    ends = dev(curves, -1)
    target = WITHIN * min(float(np.mean(values)) for values in ends.values())
    race = {n: float(np.mean([reached(c, target) for c in found])) for n, found in curves.items()}
    epochs = {name: epoch_seconds(found) for name, found in curves.items()}
    shortest = {name: min(found, default=float("nan")) for name, found in epochs.items()}
    return {
        "within": WITHIN,
        "rim": RIM,
        "clip_norm": OptimizerRecipe().clip_norm,
        "first_epoch": dev(results["report"], 0),
        "at_report": dev(results["report"], -1),
        "ends": ends,
        "target": target,
        "race": race,
        "fastest": sorted((n for n in race if np.isfinite(race[n])), key=lambda n: race[n]),
        "epoch": shortest,
        "seconds": {name: race[name] * shortest[name] for name in race},
        "slower": max(max(found) / (min(found) or 1) - 1 for found in epochs.values() if found),
        "good": {
            name: sum(value <= WITHIN * min(line["end"]) for value in line["end"])
            for name, line in results["sweep"].items()
        },
    }


def reached(curve: dict[str, Any], target: float) -> float:
    """The epoch, from 1, at which a dev curve interpolated in logs falls to a target, or inf."""
    dev = curve["dev"]
    if dev and dev[0] <= target:
        return 1.0
    for number, (before, value) in enumerate(pairwise(dev), 1):
        if value <= target:
            return number + float(np.log(before / target) / np.log(before / value))
    return float("inf")


def epoch_seconds(curves: Curves) -> list[float]:
    """Seconds of every epoch of every seed."""
    return [float(value) for curve in curves for value in np.diff([0.0, *curve["seconds"]])]


def optimizers_report(results: dict[str, Any]) -> Any:
    """The report's setting."""
    figure, axes = panels(height=3.7)
    for name, curves in results["report"].items():
        _dev_band(axes, curves, 1.0, optimizer_look(name, marker=True))
    log_ticks(axes, LABEL)
    epoch_axis(axes)
    figure.legend(ncols=3, loc="outside lower center")
    return figure


def optimizers_sweep(results: dict[str, Any]) -> Any:
    """The end against the rate."""
    figure, axes = panels(height=4.2)
    lowest = min(min(line["end"]) for line in results["sweep"].values())
    rim = RIM * lowest
    for name, line in results["sweep"].items():
        values = [min(value, rim) for value in line["end"]]
        axes.plot(line["rates"], values, **optimizer_look(name, marker=True))
    axes.set(xscale="log", xlabel="learning rate", ylim=(0.95 * lowest, 1.05 * rim))
    log_ticks(axes, LABEL)
    figure.legend(ncols=4, loc="outside lower center")
    return figure


def optimizers_best(results: dict[str, Any]) -> Any:
    """Each at its best rate, against steps (left) and seconds (right)."""
    steps = results["settings"]["steps"]
    figure, (left, right) = panels(2, height=4.2)
    for name, curves in results["curves"].items():
        losses = [c["losses"] for c in curves if c["losses"]]
        if losses:
            x = [steps * at for at, _ in max(losses, key=len)]
            band(left, [[loss for _, loss in line] for line in losses], optimizer_look(name), x)
        seconds = min(epoch_seconds(curves), default=0.0)
        _dev_band(right, curves, seconds, {**optimizer_look(name, marker=True), "label": "_"})
    left.set(xlabel="steps", ylabel="training loss, nats per token")
    log_ticks(right, LABEL)
    right.set(xlabel="seconds of training", xlim=(0, None))
    figure.legend(ncols=4, loc="outside lower center")
    return figure


def _dev_band(axes: Any, curves: Curves, scale: float, style: dict[str, Any]) -> None:
    """Dev perplexity against `scale` times the epoch."""
    dev = [c["dev"] for c in curves if c["dev"]]
    if dev:
        band(axes, dev, style, scale * np.arange(1, max(map(len, dev)) + 1))
