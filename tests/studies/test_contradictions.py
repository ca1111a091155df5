"""The prose of a part is not printed with results that contradict it."""

import inspect
import json
import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch

from tangyin.errors import TangyinError
from tangyin.studies import all_studies, render
from tangyin.studies.optimizers.plots import reached
from tangyin.studies.optimizers.run import REPORT_RATE
from tangyin.studies.perplexity.plots import PATIENCE, overfitted_from, stopped_after

ROOT = Path(__file__).parents[2]
RESULTS = json.loads((ROOT / "docs/report/results.json").read_text(encoding="utf-8"))
FALLING = [float(value) for value in range(121, 100, -1)]
SAME = [100.0, 101.0, 102.0]
FAILED = {"dev": [], "losses": [], "seconds": [], "failed": "the loss is NaN"}


def put(found: Any, path: tuple[Any, ...], value: Any) -> None:
    """Set the value at a path, where `...` means every entry."""
    key, *rest = path
    keys = [key] if key is not ... else found if isinstance(found, dict) else range(len(found))
    for each in keys:
        if rest:
            put(found[each], tuple(rest), value)
        else:
            found[each] = value


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("perplexity", ("honest", ..., "dev"), FALLING),
        ("perplexity", ("report", 1, "dev", 7), 150.0),
        ("optimizers", ("report", "RMSprop at 0.01", ..., "dev", -1), 90.0),
        ("optimizers", ("curves", "Muon", 0), FAILED),
        ("update-rules", ("paths", "saddle", "SGD", "arrived"), 40),
        ("initialization", ("starts", "zeros", 2, "rank", -1), 128),
        ("initialization", ("starts", "too large", ..., "saturated", ..., ...), 0.0),
        ("sampling", ("rules", "argmax", "repeated", "value"), 0.5),
        ("sampling", ("rules", "argmax", "seven", "line"), 4),
        ("scaling", ("size", "lines", -1, "closed"), [50.0]),
        ("capacity", ("hidden_size", ..., "best"), SAME),
        ("cells", ("cells", ..., "best"), SAME),
        ("forms", ("kinds", "all", "best_epoch", 0), 21),
        ("forms", ("kinds", "五律", "length", "temperature 1", "value"), 0.95),
        ("gradients", ("jacobians", 3, "autograd"), 0.01),
        ("data", ("learning", ..., "best"), [100.0]),
        ("ingredients", ("variants", ..., "closed"), [87.4, 88.5, 92.7]),  # the proxy's
    ],
)
def test_results_that_contradict_the_prose_stop_the_build(
    name: str, path: tuple[Any, ...], value: Any
) -> None:
    study = deepcopy(RESULTS["studies"][name])
    put(study["results"], path, value)
    with pytest.raises(TangyinError) as failure:
        render({**RESULTS, "studies": {name: study}}, {name: all_studies()[name]})
    assert failure.value.code == "study.contradicted"
    assert failure.value.params["study"] == name


def test_early_stopping_is_marked_where_the_trainer_would_end() -> None:
    recipe = tomllib.loads((ROOT / "configs/report.toml").read_text(encoding="utf-8"))
    assert recipe["training"]["patience"] == PATIENCE
    assert stopped_after([9, 8, 7, 8, 8, 8, 8]) == 6
    assert stopped_after([9, 8, 7, 8, 8, 6, 7]) is None
    assert overfitted_from([9, 8, 8.1, 8.2, 8.1, 9]) == 6
    assert overfitted_from([9, 8, 7]) is None


def test_an_optimizer_arrives_between_the_epochs_around_its_target() -> None:
    assert reached({"dev": [400.0, 100.0]}, 200.0) == pytest.approx(1.5)
    assert reached({"dev": [100.0, 50.0]}, 200.0) == 1
    assert reached({"dev": [400.0, 300.0]}, 200.0) == float("inf")


def test_the_rates_that_are_called_pytorchs_are() -> None:
    rmsprop, adam, adadelta = (
        inspect.signature(getattr(torch.optim, name)).parameters["lr"].default
        for name in ("RMSprop", "Adam", "Adadelta")
    )
    assert (rmsprop, 10 * adam, adadelta / 100) == pytest.approx((REPORT_RATE,) * 3)
    prose = " ".join(all_studies()["optimizers"].template.read_text(encoding="utf-8").split())
    assert "ten times its default for Adam, and a hundredth" in prose
