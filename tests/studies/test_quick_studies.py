"""Every study at its quick size: it runs, it is quick, and what must be true of it is."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tangyin.nn import LSTM
from tangyin.nn.language_model import LanguageModel
from tangyin.studies import TrainingCache, all_studies
from tangyin.studies.experiments.cells import CELLS, hidden_units
from tangyin.studies.experiments.ingredients import VARIANTS
from tangyin.studies.experiments.initialization import STARTS
from tangyin.studies.experiments.optimizers import CONTESTANTS, REPORTS
from tangyin.studies.experiments.perplexity import REPORT, in_a_way
from tangyin.studies.experiments.scaling import GOAL, power_law
from tangyin.studies.recipes import Base, proxy_base
from tangyin.training import load_dataset
from tangyin.training.step import TrainingStep

Run = Callable[[str], Any]
STUDIES = all_studies()
REPORTED = [name for name, study in STUDIES.items() if study.reported]
TOGETHER = [name for name in REPORTED if not STUDIES[name].apart]


def test_the_twelve_studies_of_the_report_run_together_within_three_hours() -> None:
    assert len(TOGETHER) == 12
    assert sum(STUDIES[name].minutes for name in TOGETHER) <= 180
    assert set(REPORTED) - set(TOGETHER) == {"ingredients", "scaling"}


@pytest.mark.parametrize("name", REPORTED)
def test_a_quick_size_is_quick_and_gives_json(quick: Run, name: str, studies_folder: Any) -> None:
    found = quick(name)
    assert found.seconds < 30
    assert json.loads(json.dumps(found.found, allow_nan=False)) == found.found
    assert found.results["settings"]["quick"] is True
    kept = studies_folder / "quick" / f"{name}.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == found.found


def test_equal_units_stay_equal_and_others_do_not(quick: Run) -> None:
    starts = quick("initialization").results["starts"]
    assert set(starts["zeros"][0]["rank"]) == {0}
    assert set(starts["one constant"][0]["rank"]) == {1}
    units = quick("initialization").results["settings"]["hidden_size"]
    for name in ("uniform ±1/√h", "Xavier", "orthogonal"):
        assert starts[name][0]["rank"][-1] == units
    gates = {name: runs[0]["saturated"] for name, runs in starts.items()}
    assert gates["too large"]["i"][0] > 0.5
    assert gates["too small"]["i"][0] == 0


@pytest.mark.parametrize("start", STARTS)
def test_the_reports_network_can_be_looked_at_from_every_start(start, studies_folder) -> None:
    recipe = Base.of(TrainingCache(studies_folder), quick=False).recipe
    material = load_dataset(recipe.data)
    torch.manual_seed(1)
    model = LanguageModel(recipe.model.architecture, material.vocabulary)
    STARTS[start](model)
    step = TrainingStep(model, recipe.optimizer, "fp32")
    assert math.isfinite(step(material.batches(16, 1, 1)[0]))


def test_the_reports_setting_comes_with_its_rates_and_every_optimizer_has_a_sweep(quick) -> None:
    results = quick("optimizers").results
    assert list(results["report"]) == [f"{name} at 0.01" for name in REPORTS] + ["Adam at 0.001"]
    for name in CONTESTANTS:
        line = results["sweep"][name]
        assert line["best"] == line["rates"][line["end"].index(min(line["end"]))]
        assert results["curves"][name]


@pytest.mark.parametrize("cell", CELLS.values())
@pytest.mark.parametrize("layers", [1, 2])
def test_cells_have_equal_parameters_to_within_one_unit(cell: str, layers: int) -> None:
    target, outputs, inputs = 560_000, 2822, 256
    units = hidden_units(cell, layers, inputs, target, outputs)

    def count(hidden: int) -> int:
        network = LSTM(inputs, hidden, layers, cell=cell, device="meta")
        return sum(p.numel() for p in network.parameters()) + outputs * (hidden + 1)

    assert min(range(units - 1, units + 2), key=lambda n: abs(count(n) - target)) == units
    assert count(units) == pytest.approx(target, rel=0.02)


def test_every_effect_on_the_way_to_the_reports_figure_is_measured(quick: Run) -> None:
    effects = quick("perplexity").results["effects"]
    (honest,) = effects["honest"]
    for counted in (honest, effects["characters"][0]):
        assert {"open", "plain", "open_without_first", "plain_without_first"} <= counted.keys()
        assert min(min(figures.values()) for figures in counted.values()) > 1
    assert honest["plain"]["per_token"] <= honest["open"]["per_token"]
    assert effects["leak"][0]["share_seen"] > 0.5


def test_the_reports_way_trains_on_most_dev_poems_of_the_next_epoch(studies_folder: Any) -> None:
    found = in_a_way(TrainingCache(studies_folder), REPORT, seed=1, epochs=2, quick=True)
    first, second = found["epochs"]
    assert first["dev_share_seen"] == 0
    assert 0.7 < second["dev_share_seen"] < 0.9
    assert all(epoch["dev_mean_of_poems"] > epoch["dev_per_token"] for epoch in (first, second))
    assert second["dev_mean_of_poems"] < first["dev_mean_of_poems"]


def test_argmax_is_less_diverse_than_drawing_and_masks_keep_the_form(quick: Run) -> None:
    results = quick("sampling").results
    argmax, drawn = (results["rules"][name] for name in ("argmax", "temperature 1"))
    assert argmax["distinct"]["2"] < drawn["distinct"]["2"]
    assert argmax["log_likelihood"]["value"] > drawn["log_likelihood"]["value"]
    assert len(argmax["seven"]["texts"]) == 7
    assert 0 <= results["unmasked"]["argmax"] <= 1
    over = results["overfitting"]
    assert over["best"]["perplexity"].keys() == over["last"]["perplexity"].keys()


def test_the_corpus_is_described_as_it_is(quick: Run) -> None:
    corpus = quick("data").results["corpus"]
    poems = corpus["statistics"]["poems"]["tang"]["all"]
    assert corpus["form_poems"]["tang"] == {k: poems[k] for k in ("五絕", "七絕", "五律", "七律")}
    assert sum(corpus["line_lengths"]["tang"].values()) == sum(
        n * {"五絕": 4, "七絕": 4, "五律": 8, "七律": 8}[k]
        for k, n in corpus["form_poems"]["tang"].items()
    )
    ten = next(line for line in corpus["thresholds"] if line["threshold"] == 10)
    assert ten["known"] == 2813  # the closed vocabulary without 囗
    counts = corpus["zipf"]["count"]
    assert counts == sorted(counts, reverse=True)
    assert sum(n for _, n in corpus["zipf"]["top"]) < corpus["zipf"]["running"]


def test_every_ingredient_changes_the_proxy_and_nothing_twice(studies_folder: Any) -> None:
    base = proxy_base(TrainingCache(studies_folder), quick=False)
    changed = [base.job(variant.changes).recipe for variant in VARIANTS]
    assert base.recipe not in changed
    assert len({json.dumps(recipe.as_dict()) for recipe in changed}) == len(VARIANTS)


def test_a_power_law_is_found_where_there_is_one() -> None:
    x = [1e5, 1e6, 1e7]
    law = power_law(x, [math.exp(9.0 * value**-0.06) for value in x])
    assert law["exponent"] == pytest.approx(-0.06)
    assert law["factor"] == pytest.approx(9.0)
    assert 9.0 * law["at_goal"] ** -0.06 == pytest.approx(math.log(GOAL))
