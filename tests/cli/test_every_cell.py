"""Every cell from training to verse; for one of someone's own see tests/test_contributing.py."""

import json
import sys
from pathlib import Path

import pytest

from tangyin.errors import TangyinError
from tangyin.lstm import cells
from tangyin.model.engine import check_cell

REPORT = Path(__file__).parents[2] / "configs/report.toml"
POEMS = Path(__file__).parents[1] / "lstm/hundred_poems.txt"
OWN_CELL = """
from tangyin.lstm.cell import Cell

class Leaky(Cell):
    gates = "fg"

    def step(self, ops, weights, inputs, h, c):
        y_f, y_g = self.preactivations(ops, weights, inputs, h)
        f = __import__("torch").sigmoid(y_f)
        c = f * c + (1 - f) * ops.tanh(y_g)
        return ops.tanh(c), c
"""

pytestmark = pytest.mark.corpus


@pytest.fixture
def train(cli, tmp_path):
    def call(cell, layers=1):
        values = (
            f"cell={cell}", f"layers={layers}", "embedding_size=10", "hidden_size=8",
        )  # fmt: skip
        changes = [f"--set=model.{value}" for value in values]
        changes += ["--set=data.minimum_frequency=2", "--set=training.epochs=1"]
        run = tmp_path / f"{cell}-{layers}"
        done = cli("train", str(REPORT), *changes, "--corpus", str(POEMS), "--run", str(run))
        return done, str(run / "model.safetensors")

    return call


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", cells.names())
def test_a_model_of_any_cell_is_trained_loaded_written_with_and_scored(cell, layers, train, cli):
    done, model = train(cell, layers)
    assert done.code == 0, done.err
    assert "cannot" not in done.err
    written = cli("write", "日", "--free", "--model", model, "--seed", "1", "--format", "jsonl")
    assert written.code == 0, written.err
    poem = json.loads(written.out)
    assert poem["log_likelihood"] < 0
    assert json.loads(cli("score", "--model", model, stdin=poem["text"]).out)["nll_closed"] > 0


@pytest.mark.parametrize("cell", ["layer_norm", "layer_norm_carried", "LSTM", "peepholes", ""])
def test_a_name_that_is_no_cells_is_refused_with_those_there_are(cell, train):
    done, model = train(cell)
    done.refused(2, "model.cell", *cells.names())
    assert not Path(model).parent.exists()


def test_a_cell_that_cannot_write_is_refused_before_training(train, tmp_path, monkeypatch):
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells/leaky.py").write_text(OWN_CELL)
    monkeypatch.setattr(cells, "__path__", [*cells.__path__, str(tmp_path / "cells")])
    monkeypatch.setitem(sys.modules, "tangyin.lstm.cells.leaky", None)
    monkeypatch.delitem(sys.modules, "tangyin.lstm.cells.leaky")
    done, model = train("leaky")
    assert done.code == 1
    assert not list(Path(model).parent.glob("*.toml"))
    with pytest.raises(TangyinError) as refused:
        check_cell("leaky")
    assert refused.value.code == "nn.cell_not_writable"
    assert refused.value.params["cell"] == "leaky"
