import math

import pytest
import torch

from tangyin.lstm.cell import Cell
from tangyin.lstm.cells import names
from tangyin.nn import INITIALIZATIONS, LSTM, RecurrentCell, initialize

CELLS = names()
NAMES = sorted(INITIALIZATIONS)
per_cell = pytest.mark.parametrize("name", CELLS)


def make(name, how, size=30, hidden=20, **options):
    cell = RecurrentCell(name, size, hidden, **options)
    initialize(cell, how)
    return cell


def weights(cell):
    return [p for n, p in cell.named_parameters() if n.startswith("weight")]


def other_gates(cell):
    rows = torch.ones(len(cell.bias), dtype=torch.bool)
    rows[cell.rows("f")] = False
    return cell.bias[rows]


@per_cell
@pytest.mark.parametrize("how", ["report", "xavier", "orthogonal"])
def test_forget_bias_is_set_on_the_forget_gate_and_no_other(name, how):
    cell = make(name, how)
    assert torch.equal(cell.bias[cell.rows("f")], torch.ones(20))
    assert not (other_gates(cell) == 1.0).any()


class Elman(Cell):
    """A cell without a forget gate."""

    gates = "g"

    def step(self, ops, weights, inputs, h, c):
        return ops.tanh(*self.preactivations(ops, weights, inputs, h)), c


@pytest.mark.parametrize("how", NAMES)
def test_a_cell_without_a_forget_gate_is_initialized(how):
    cell = RecurrentCell(Elman(), 3, 4)
    initialize(cell, how)
    assert cell.weight_hh.isfinite().all()
    assert cell.bias.abs().max() < 1


def test_forget_rows_are_those_that_the_step_uses_to_forget():
    """A forget gate shut by its bias alone empties the cell."""
    for name in CELLS:
        cell = make(name, "report", dtype=torch.float64)
        cell.set_forget_bias(-1e3)
        x, h = torch.randn(2, 30).double(), torch.randn(2, 20).double()
        one, two = (torch.randn(2, 20).double() for _ in range(2))
        if name == "peephole":  # whose input gate also sees c
            torch.nn.init.zeros_(cell.weight_peephole)
        torch.testing.assert_close(cell(x, (h, one)).c, cell(x, (h, two)).c)


@per_cell
def test_report_draws_uniformly_within_one_over_root_h(name):
    cell = make(name, "report")
    bound = 1.0 / math.sqrt(20)
    for drawn in [*weights(cell), other_gates(cell)]:
        assert drawn.abs().max() <= bound
        assert drawn.abs().max() > 0.8 * bound
        assert abs(drawn.mean()) < 0.35 * bound


@per_cell
def test_zeros_makes_every_gate_a_half_and_keeps_h_at_zero(name):
    cell = make(name, "zeros")
    assert not any(w.any() for w in weights(cell))
    assert not cell.bias.any()
    h, _ = cell(torch.randn(2, 30))
    assert not h.any()


@per_cell
def test_too_small_and_too_large_are_the_reports_bound_times_a_factor(name):
    for how, factor in (("too-small", 1e-3), ("too-large", 100.0)):
        largest = max(w.abs().max() for w in weights(make(name, how)))
        assert 0.9 * factor < largest * math.sqrt(20) <= factor * (1 + 1e-6)


@per_cell
def test_xavier_bounds_each_gates_block_by_its_own_fans(name):
    cell = make(name, "xavier")
    for weight, fans in ((cell.weight_ih, 30 + 20), (cell.weight_hh, 20 + 20)):
        bound = math.sqrt(6.0 / fans)
        for block in weight.chunk(len(cell.gates)):
            assert 0.95 * bound < block.abs().max() <= bound


@per_cell
def test_orthogonal_makes_each_gates_recurrent_block_orthogonal(name):
    cell = make(name, "orthogonal")
    blocks = cell.weight_hh.detach().chunk(len(cell.gates))
    for block in blocks:
        torch.testing.assert_close(block @ block.t(), torch.eye(20), atol=1e-5, rtol=0)
    for n in range(1, len(blocks)):
        assert not torch.allclose(blocks[0], blocks[n], atol=1e-2)


@per_cell
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("how", NAMES)
def test_every_initialization_fills_every_layer_and_direction_by_name(name, bias, how):
    lstm = LSTM(5, 4, 2, bias, bidirectional=True, cell=name, initialization=how)
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.fill_(math.nan)
    initialize(lstm, how)
    assert bias or not [n for n, _ in lstm.named_parameters() if n.startswith("bias")]
    for path, value in lstm.named_parameters():
        assert value.isfinite().all()
        if ".gain_" in path or ".bias_" in path:  # of a normalisation
            assert (value == float(".gain_" in path)).all()


def test_the_initialization_given_to_the_lstm_is_the_one_used():
    lstm = LSTM(5, 4, initialization="zeros")
    assert not any(p.any() for p in lstm.parameters())
    default = LSTM(5, 4)
    assert (default.bias_ih_l0 + default.bias_hh_l0)[4:8].eq(1.0).all()


@pytest.mark.parametrize("proj_size", [0, 2])
def test_uniform_draws_from_a_seed_what_torch_draws(proj_size):
    made = []
    for kind, options in ((LSTM, {"initialization": "uniform"}), (torch.nn.LSTM, {})):
        torch.manual_seed(7)
        lstm = kind(5, 4, 2, bidirectional=True, proj_size=proj_size, **options)
        torch.manual_seed(8)
        first = [p.clone() for p in lstm.parameters()]
        lstm.reset_parameters()
        made.append([first, list(lstm.parameters())])
    torch.testing.assert_close(*made, rtol=0, atol=0)
