"""Eight optimizers at several rates, and the report's own comparison of four."""

from dataclasses import dataclass
from typing import Any

from tangyin.studies.extra_optimizers import register
from tangyin.studies.recipes import Base
from tangyin.studies.training_cache import WORST, Job, Training, TrainingCache, rounded

register()


@dataclass(frozen=True)
class Contestant:
    """An optimizer with the rates to try.

    Attributes:
        name: as the page writes it.
        options: of its recipe.
        rates: a grid of half decades around where such optimizers are used.
    """

    name: str
    options: dict[str, Any]
    rates: tuple[float, ...]


LARGE = (0.3, 1.0, 3.0, 10.0)
SMALL = (0.001, 0.003, 0.01, 0.03)

CONTESTANTS = (
    Contestant("SGD with momentum", {"name": "sgd", "momentum": 0.9}, LARGE),
    Contestant("Nesterov", {"name": "nesterov", "momentum": 0.9}, LARGE),
    Contestant("Adagrad", {"name": "adagrad"}, (0.01, 0.03, 0.1, 0.3)),
    Contestant("Adadelta", {"name": "adadelta"}, (1.0, 3.0, 10.0, 30.0)),
    Contestant("RMSprop", {"name": "rmsprop"}, SMALL),
    Contestant("Adam", {"name": "adam"}, SMALL),
    Contestant("AdamW", {"name": "adamw", "weight_decay": 0.01}, SMALL),
    Contestant("Muon", {"name": "muon-output"}, (0.003, 0.01, 0.03, 0.1)),
)
REPORT_RATE = 0.01
REPORTS = ("SGD with momentum", "RMSprop", "Adam", "Adadelta")
"""What the report compared, all at its rate; and Adam at a tenth of it, which is Adam's own."""


def optimizers(workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    """Sweep the rates with one seed, repeat the best with all, and do the report's comparison.

    Returns:
        `settings`; `sweep`, for each optimizer its `rates`, the open dev perplexity at the `end` of
        each, and its `best` rate (the lowest end); `curves`, for each optimizer at its best rate
        the curve of every seed; `report`, the same for the report's settings.
    """
    base = Base.of(workshop, quick)
    grids = {c.name: c.rates[1:3] if quick else c.rates for c in CONTESTANTS}
    epochs = base.recipe.training.epochs
    runs = sum(map(len, grids.values())) + len(base.seeds) * (len(CONTESTANTS) + len(REPORTS) + 1)
    workshop.progress.plan(runs * epochs)
    by_name = {contestant.name: contestant for contestant in CONTESTANTS}
    seed = {"training.seed": base.seeds[0]}

    reports = {}
    for name, rate in [(name, REPORT_RATE) for name in REPORTS] + [("Adam", REPORT_RATE / 10)]:
        jobs = base.jobs(_changes(by_name[name], rate))
        trained = workshop.train_all(jobs, f"{name} at {rate:g}")
        reports[f"{name} at {rate:g}"] = [training.curve() for training in trained]

    sweep: dict[str, dict[str, Any]] = {}
    curves: dict[str, list[dict[str, Any]]] = {}
    for contestant in CONTESTANTS:
        rates = grids[contestant.name]
        swept = workshop.train_all(
            [base.job({**_changes(contestant, rate), **seed}) for rate in rates],
            f"{contestant.name}, rates",
        )
        ends = [training.final_dev for training in swept]
        best = rates[ends.index(min(ends))]
        sweep[contestant.name] = {
            "rates": list(rates),
            "end": rounded(ends),
            "failed": [bool(training.failed) for training in swept],
            "best": best,
            "at_edge": best in (rates[0], rates[-1]),
        }
        repeated: list[Job] = base.jobs(_changes(contestant, best))
        found: list[Training] = workshop.train_all(repeated, f"{contestant.name} at {best:g}")
        curves[contestant.name] = [training.curve() for training in found]
    return {
        "settings": {**base.settings(), "worst": WORST},
        "report": reports,
        "sweep": sweep,
        "curves": curves,
    }


def _changes(contestant: Contestant, rate: float) -> dict[str, Any]:
    options = {"momentum": 0.0, "weight_decay": 0.0, **contestant.options, "learning_rate": rate}
    return {f"optimizer.{key}": value for key, value in options.items()}
