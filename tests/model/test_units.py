"""Units that follow something: found on some poems, true of others, and of this model alone."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tangyin.model import find_model
from tangyin.model.shelf import SHIPPED
from tangyin.model.units import units_of

SCRIPT = Path(__file__).parents[2] / "scripts" / "build_units.py"


@pytest.mark.parametrize("name", SHIPPED)
def test_units_are_those_of_the_shipped_model_and_of_no_other(name):
    model = find_model(name)
    assert {unit.property for unit in units_of(model)} >= {"place", "line", "rhyme", "lower"}
    assert units_of(replace(model, figures={})) == ()


def test_correlations_are_numpys_and_leave_out_what_is_not_asked():
    correlations = runpy.run_path(str(SCRIPT))["correlations"]
    generator = np.random.default_rng(0)
    values = generator.standard_normal((50, 3)).astype(np.float32)
    values[:, 2] = 1.0
    wanted = generator.standard_normal(50).astype(np.float32)
    wanted[7] = np.nan
    found = correlations(values, wanted)
    kept = np.delete(np.arange(50), 7)
    for unit in (0, 1):
        expected = np.corrcoef(values[kept, unit], wanted[kept])[0, 1]
        assert found[unit] == pytest.approx(expected, abs=1e-5)
    assert found[2] == 0


@pytest.mark.corpus
def test_a_unit_follows_its_property_on_poems_that_it_was_not_found_on(
    corpus, report_model, report_engine
):
    script = runpy.run_path(str(SCRIPT))
    wulv = script["WULV"]
    texts = list(corpus.select(dynasties=["tang"], parts=["dev"], forms=[wulv]).text)[500:530]
    states = {
        (quantity, layer): values
        for quantity, layer, values in script["states"](report_engine, texts)
    }
    wanted = script["_by_name"](texts)
    for unit in units_of(report_model):
        rows = np.array(wanted[unit.property], np.float32).T.ravel()
        values = states[unit.quantity, unit.layer][:, [unit.unit - 1]]
        assert script["correlations"](values, rows)[0] == pytest.approx(unit.tested, abs=0.12)
