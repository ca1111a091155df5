"""The prose of a part is not printed with results that contradict it."""

import inspect
import json
import tomllib
from collections.abc import Callable
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


def no_overfitting(found: dict[str, Any]) -> None:
    for curve in found["honest"]:
        curve["dev"] = sorted(curve["dev"], reverse=True)


def early_stop(found: dict[str, Any]) -> None:
    found["report"][1]["dev"][7] *= 2


def rmsprop_best(found: dict[str, Any]) -> None:
    for curve in found["report"]["RMSprop at 0.01"]:
        curve["dev"][-1] = 90.0


def muon_diverged(found: dict[str, Any]) -> None:
    found["curves"]["Muon"][0].update(dev=[], losses=[], seconds=[], failed="the loss is NaN")


def sgd_arrives(found: dict[str, Any]) -> None:
    found["paths"]["saddle"]["SGD"]["arrived"] = 40


def units_part(found: dict[str, Any]) -> None:
    found["starts"]["zeros"][2]["rank"][-1] = 128


def gates_open(found: dict[str, Any]) -> None:
    for run in found["starts"]["too large"]:
        run["saturated"] = {gate: [0.0] * len(values) for gate, values in run["saturated"].items()}


def argmax_varied(found: dict[str, Any]) -> None:
    found["rules"]["argmax"]["repeated"]["value"] = 0.5


def line_back(found: dict[str, Any]) -> None:
    found["rules"]["argmax"]["seven"]["line"] = 4


def largest_best(found: dict[str, Any]) -> None:
    found["size"]["lines"][-1]["closed"] = [50.0]


def sizes_equal(found: dict[str, Any]) -> None:
    for line in found["hidden_size"]:
        line["best"] = [100.0, 101.0, 102.0]


def cells_overlap(found: dict[str, Any]) -> None:
    for line in found["cells"]:
        line["best"] = [100.0, 101.0, 102.0]


def forms_diverge(found: dict[str, Any]) -> None:
    found["kinds"]["all"]["best_epoch"][0] = len(found["kinds"]["all"]["dev"][0])


def length_learned(found: dict[str, Any]) -> None:
    found["kinds"]["五律"]["length"]["temperature 1"]["value"] = 0.95


def jacobian_wrong(found: dict[str, Any]) -> None:
    found["jacobians"][3]["autograd"] = 0.01


def poems_useless(found: dict[str, Any]) -> None:
    for line in found["learning"]:
        line["best"] = [100.0]


def changes_harmless(found: dict[str, Any]) -> None:
    for line in found["variants"]:
        line["closed"] = found["proxy"]["closed"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("perplexity", no_overfitting),
        ("perplexity", early_stop),
        ("optimizers", rmsprop_best),
        ("optimizers", muon_diverged),
        ("update-rules", sgd_arrives),
        ("initialization", units_part),
        ("initialization", gates_open),
        ("sampling", argmax_varied),
        ("sampling", line_back),
        ("scaling", largest_best),
        ("capacity", sizes_equal),
        ("cells", cells_overlap),
        ("forms", forms_diverge),
        ("forms", length_learned),
        ("gradients", jacobian_wrong),
        ("data", poems_useless),
        ("ingredients", changes_harmless),
    ],
)
def test_results_that_contradict_the_prose_stop_the_build(
    name: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    study = deepcopy(RESULTS["studies"][name])
    change(study["results"])
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
    defaults = {
        name: inspect.signature(getattr(torch.optim, name)).parameters["lr"].default
        for name in ("RMSprop", "Adam", "Adadelta")
    }
    assert defaults["RMSprop"] == REPORT_RATE
    assert 10 * defaults["Adam"] == pytest.approx(REPORT_RATE)
    assert defaults["Adadelta"] / 100 == REPORT_RATE
    prose = " ".join(all_studies()["optimizers"].template.read_text(encoding="utf-8").split())
    assert "ten times its default for Adam, and a hundredth" in prose
