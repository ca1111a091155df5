"""Eight optimizers at several rates, and the report's own comparison of four."""

from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.style import band, epoch_axis, log_ticks, optimizer_look, panels
from tangyin.studies.training_cache import WORST, TrainingCache, rounded
from tangyin.training.muon import Muon
from tangyin.training.optimizers import OPTIMIZERS, OptimizerRecipe

LARGE = (0.3, 1.0, 3.0, 10.0)
SMALL = (0.001, 0.003, 0.01, 0.03)
CONTESTANTS: dict[str, tuple[dict[str, Any], tuple[float, ...]]] = {
    "SGD with momentum": ({"name": "sgd", "momentum": 0.9}, LARGE),
    "Nesterov": ({"name": "nesterov", "momentum": 0.9}, LARGE),
    "Adagrad": ({"name": "adagrad"}, (0.01, 0.03, 0.1, 0.3)),
    "Adadelta": ({"name": "adadelta"}, (1.0, 3.0, 10.0, 30.0)),
    "RMSprop": ({"name": "rmsprop"}, SMALL),
    "Adam": ({"name": "adam"}, SMALL),
    "AdamW": ({"name": "adamw", "weight_decay": 0.01}, SMALL),
    "Muon": ({"name": "muon-output"}, (0.003, 0.01, 0.03, 0.1)),
}
"""Options of the recipe, and a grid of rates, half a decade apart, around the usual ones."""
REPORT_RATE = 0.01
REPORTS = ("SGD with momentum", "RMSprop", "Adam", "Adadelta")
"""What the report compared, all at its rate; and Adam at a tenth of it, which is Adam's default."""


class MuonOutput(Muon):
    """Muon on the recurrent matrices, gate by gate, and on the output matrix; AdamW on the rest.

    `params` are those of an untied language model: its matrices are the embedding, those of the
    gates, and the output's, in this order.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float, weight_decay: float = 0.0, momentum: float = 0.95
    ) -> None:
        everything = list(params)
        _, *gates, output = [p for p in everything if p.dim() == 2]
        chosen = {id(p) for p in (*gates, output)}
        rest = [p for p in everything if id(p) not in chosen]
        groups = [
            {"params": part, "gates": blocks, "momentum": momentum}
            for part, blocks in ((gates, 4), ([output], 1), (rest, 0))
        ]
        torch.optim.AdamW.__init__(self, groups, lr=lr, weight_decay=weight_decay, fused=True)


# Recipes of this study can name these: SGD with the momentum of Nesterov (1983), and `MuonOutput`.
_NESTEROV = partial(torch.optim.SGD, momentum=0.9, nesterov=True)
OPTIMIZERS["nesterov"] = (_NESTEROV, frozenset({"momentum"}))
OPTIMIZERS["muon-output"] = (MuonOutput, frozenset({"momentum"}))


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Sweep the rates with one seed, repeat the best with all, and do the report's comparison."""
    base = Base.of(cache, quick)
    grids = {name: r[1:3] if quick else r for name, (_, r) in CONTESTANTS.items()}
    compared = [*((name, REPORT_RATE) for name in REPORTS), ("Adam", REPORT_RATE / 10)]

    def curves(name: str, rate: float) -> list[dict[str, Any]]:
        trained = cache.train_all(base.jobs(changes(name, rate)), f"{name} at {rate:g}")
        return [training.curve() for training in trained]

    report = {f"{name} at {rate:g}": curves(name, rate) for name, rate in compared}
    sweep: dict[str, dict[str, Any]] = {}
    for name, rates in grids.items():
        seed = {"training.seed": base.seeds[0]}
        jobs = [base.job({**changes(name, rate), **seed}) for rate in rates]
        swept = cache.train_all(jobs, f"{name}, rates")
        ends = [training.final_dev for training in swept]
        best = rates[ends.index(min(ends))]
        sweep[name] = {
            "rates": list(rates),
            "end": rounded(ends),
            "failed": [bool(training.failed) for training in swept],
            "best": best,
            "at_edge": best in (rates[0], rates[-1]),
        }
    return {
        "settings": {**base.settings(), "worst": WORST},
        "report": report,
        "sweep": sweep,
        "curves": {name: curves(name, line["best"]) for name, line in sweep.items()},
    }


def changes(name: str, rate: float) -> dict[str, Any]:
    """A contestant at a rate, as changes of the recipe."""
    options = {"momentum": 0.0, "weight_decay": 0.0, **CONTESTANTS[name][0], "learning_rate": rate}
    return {f"optimizer.{key}": value for key, value in options.items()}


Curves = list[dict[str, Any]]

WITHIN = 1.1
"""A rate is good when it ends below this many times the optimizer's best; an optimizer has arrived
when it is below this many times the lowest end of all."""
RIM = 4
"""The plot of rates reaches up to this many times the lowest end."""
LABEL = "dev perplexity per token"


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The results by optimizer; lists have an entry for each seed."""
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
    """The final perplexity against the rate."""
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


STUDY = Study(
    title="優化器 Optimizers",
    question="Which optimizer is fastest, which ends lowest, and how much does its rate matter?",
    minutes=26,
    sizes="8 optimizers × 4 rates and 3 seeds at the best, the report's 5 settings, 5 epochs",
    run=run,
    order=20,
)
