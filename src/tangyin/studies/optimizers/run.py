"""Eight optimizers at several rates, and the report's own comparison of four."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.training_cache import WORST, TrainingCache, rounded
from tangyin.training.muon import Muon
from tangyin.training.optimizers import OPTIMIZERS

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
    runs = sum(map(len, grids.values())) + len(base.seeds) * (len(CONTESTANTS) + len(compared))
    cache.progress.plan(runs * base.recipe.training.epochs)

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


STUDY = Study(
    title="優化器 Optimizers",
    question="Which optimizer is fastest, which ends lowest, and how much does its rate matter?",
    minutes=26,
    sizes="8 optimizers × 4 rates and 3 seeds at the best, the report's 5 settings, 5 epochs",
    run=run,
    order=20,
)
