"""Every cell, found by itself, from training to verse; and one from a folder of someone's own."""

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

    def shapes(self, input_size, hidden_size):
        return {{**super().shapes(input_size, hidden_size), "gain_out": (hidden_size,)}}

    def step(self, ops, weights, inputs, h, c):
        y_f, y_g = self.preactivations(ops, weights, inputs, h)
        f = {sigmoid}(y_f)
        c = f * c + (1 - f) * ops.tanh(y_g)
        return weights.gain_out * ops.tanh(c), c
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


@pytest.fixture
def own_cell(tmp_path, monkeypatch):
    """Puts a file of a cell, `leaky.py`, into a folder that is searched."""

    def put(sigmoid):
        (tmp_path / "cells").mkdir()
        (tmp_path / "cells/leaky.py").write_text(OWN_CELL.format(sigmoid=sigmoid))
        monkeypatch.setattr(cells, "__path__", [*cells.__path__, str(tmp_path / "cells")])
        monkeypatch.delitem(sys.modules, "tangyin.lstm.cells.leaky", raising=False)

    yield put
    sys.modules.pop("tangyin.lstm.cells.leaky", None)


def check_verse(cli, model):
    """The model writes, and scores what it wrote as it did when it wrote it."""
    written = cli("write", "日", "--free", "--model", model, "--seed", "1", "--format", "jsonl")
    assert written.code == 0, written.err
    poem = json.loads(written.out)
    score = json.loads(cli("score", "--model", model, stdin=poem["text"]).out)
    assert score["nll_closed"] > 0
    assert poem["log_likelihood"] < 0
    return poem, score


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", cells.names())
def test_a_model_of_any_cell_is_trained_loaded_written_with_and_scored(cell, layers, train, cli):
    done, model = train(cell, layers)
    assert done.code == 0, done.err
    assert "cannot" not in done.err
    check_verse(cli, model)


def test_a_cell_is_one_file_in_a_folder_that_is_searched(own_cell, train, cli):
    assert train("leaky")[0].code == 2
    own_cell("ops.sigmoid")
    assert "leaky" in cells.names()
    done, model = train("leaky", 2)
    assert done.code == 0, done.err
    check_verse(cli, model)


def test_a_cell_that_cannot_write_is_refused_before_training(own_cell, train):
    own_cell("__import__('torch').sigmoid")
    done, model = train("leaky")
    assert done.code == 1
    assert not list(Path(model).parent.glob("*.toml"))
    with pytest.raises(TangyinError) as refused:
        check_cell("leaky")
    assert refused.value.code == "nn.cell_not_writable"
    assert refused.value.params["cell"] == "leaky"
