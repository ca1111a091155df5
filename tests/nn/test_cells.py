"""What sets each cell apart, against its own formula written out here."""

import pytest
import torch
from torch import sigmoid, tanh

from tangyin.lstm.cells import names
from tangyin.nn import (
    CoupledLSTMCell,
    LayerNormLSTMCell,
    LSTMCell,
    LSTMLayer,
    MogrifierLSTMCell,
    NormalisedCarryLSTMCell,
    PeepholeLSTMCell,
    RecurrentCell,
)
from tangyin.nn.operations import TORCH

float64 = torch.float64
NORMS = [LayerNormLSTMCell, NormalisedCarryLSTMCell]


def draw(*shape):
    return torch.randn(*shape, dtype=float64)


def same(a, b):
    torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)


def blocks(cell, letters):
    """Each gate's W_ih, W_hh and b."""
    return [
        (cell.weight_ih[rows], cell.weight_hh[rows], cell.bias[rows])
        for rows in map(cell.rows, letters)
    ]


def norm(v, gain, bias=0.0):
    centred = v - v.mean(-1, keepdim=True)
    return gain * centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt() + bias


def test_the_plain_cell_is_its_formula_gate_by_gate(randomise):
    cell = randomise(LSTMCell(3, 4, dtype=float64))
    x, h, c = draw(2, 3), draw(2, 4), draw(2, 4)
    y_i, y_f, y_g, y_o = (x @ w.T + h @ u.T + b for w, u, b in blocks(cell, "ifgo"))
    c_new = sigmoid(y_f) * c + sigmoid(y_i) * tanh(y_g)
    same(cell(x, (h, c)), (sigmoid(y_o) * tanh(c_new), c_new))


def test_the_peephole_cell_is_its_formula(randomise):
    cell = randomise(PeepholeLSTMCell(3, 4, dtype=float64))
    x, h, c = draw(2, 3), draw(2, 4), draw(2, 4)
    p_i, p_f, p_o = cell.weight_peephole[:4], cell.weight_peephole[4:8], cell.weight_peephole[8:]
    y_i, y_f, y_g, y_o = (x @ w.T + h @ u.T + b for w, u, b in blocks(cell, "ifgo"))
    c_new = sigmoid(y_f + p_f * c) * c + sigmoid(y_i + p_i * c) * tanh(y_g)
    same(cell(x, (h, c)), (sigmoid(y_o + p_o * c_new) * tanh(c_new), c_new))


def test_the_coupled_cell_is_its_formula(randomise):
    cell = randomise(CoupledLSTMCell(3, 4, dtype=float64))
    x, h, c = draw(2, 3), draw(2, 4), draw(2, 4)
    y_f, y_g, y_o = (x @ w.T + h @ u.T + b for w, u, b in blocks(cell, "fgo"))
    c_new = sigmoid(y_f) * c + (1 - sigmoid(y_f)) * tanh(y_g)
    same(cell(x, (h, c)), (sigmoid(y_o) * tanh(c_new), c_new))


def test_the_coupled_cells_state_stays_within_one(randomise):
    layer = randomise(LSTMLayer(CoupledLSTMCell(3, 4)), scale=3.0)
    assert layer.states(10.0 * torch.randn(100, 5, 3)).c.abs().max() <= 1.0


@pytest.mark.parametrize("rank", [None, 2])
def test_the_mogrifier_cell_is_its_formula(rank, randomise):
    cell = randomise(MogrifierLSTMCell(3, 4, rounds=3, rank=rank, dtype=float64))
    x, h, c = draw(2, 3), draw(2, 4), draw(2, 4)

    def matrix(name):
        if rank is None:
            return getattr(cell, name)
        left, right = getattr(cell, f"{name}_left"), getattr(cell, f"{name}_right")
        assert left.shape[1] == right.shape[0] == rank
        return left @ right

    x1 = 2 * sigmoid(h @ matrix("weight_q1").T) * x
    h1 = 2 * sigmoid(x1 @ matrix("weight_r2").T) * h
    x2 = 2 * sigmoid(h1 @ matrix("weight_q3").T) * x1
    plain = LSTMCell(3, 4, dtype=float64)
    plain.load_state_dict({n: cell.state_dict()[n] for n in plain.state_dict()})
    same(cell(x, (h, c)), plain(x2, (h1, c)))


@pytest.mark.parametrize(
    ("name", "options", "zeroed"),
    [("peephole", {}, ["weight_peephole"]), ("mogrifier", {"rounds": 0}, [])],
)
def test_without_its_addition_a_cell_is_the_plain_one(name, options, zeroed, randomise):
    cell = randomise(RecurrentCell(name, 3, 4, dtype=float64, **options))
    for parameter in zeroed:
        torch.nn.init.zeros_(getattr(cell, parameter))
    plain = LSTMCell(3, 4, dtype=float64)
    plain.load_state_dict({n: cell.state_dict()[n] for n in plain.state_dict()})
    x = draw(5, 2, 3)
    for a, b in zip(LSTMLayer(cell).states(x), LSTMLayer(plain).states(x), strict=True):
        same(a, b)


def layer_norm_steps(cell, x, h, c):
    """o_t and the raw c_t of the layer-normalised cells, written out."""
    y = norm(x @ cell.weight_ih.T, cell.gain_ih) + norm(h @ cell.weight_hh.T, cell.gain_hh)
    y_i, y_f, y_g, y_o = (y + cell.bias).chunk(4, dim=-1)
    return sigmoid(y_o), sigmoid(y_f) * c + sigmoid(y_i) * tanh(y_g)


def test_layer_norm_of_ba_et_al_carries_the_raw_cell_state(randomise):
    cell = randomise(LayerNormLSTMCell(3, 4, dtype=float64))
    x, h, c = draw(2, 3), draw(2, 4), draw(2, 4)
    o, raw = layer_norm_steps(cell, x, h, c)
    same(cell(x, (h, c)), (o * tanh(norm(raw, cell.gain_c, cell.bias_c)), raw))


def test_layer_norm_of_custom_lstms_carries_the_normalised_cell_state(randomise):
    cell = randomise(NormalisedCarryLSTMCell(3, 4, dtype=float64))
    x, h, c = draw(2, 3), draw(2, 4), draw(2, 4)
    o, raw = layer_norm_steps(cell, x, h, c)
    normalised = norm(raw, cell.gain_c, cell.bias_c)
    same(cell(x, (h, c)), (o * tanh(normalised), normalised))


@pytest.mark.parametrize("kind", NORMS)
def test_layer_norm_really_normalises(kind):
    cell = kind(30, 20, bias=False, dtype=float64)
    projected = cell.project(100.0 * draw(6, 30) + 7.0)
    same(projected.mean(-1), torch.zeros(6, dtype=float64))
    torch.testing.assert_close(projected.var(-1, unbiased=False), torch.ones(6, dtype=float64))
    c = TORCH.layer_norm(9.0 * draw(6, 20) - 3.0, cell.gain_c, cell.bias_c)
    same(c.mean(-1), torch.zeros(6, dtype=float64))
    torch.testing.assert_close(
        c.var(-1, unbiased=False), torch.ones(6, dtype=float64), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("kind", NORMS)
def test_layer_norm_makes_the_scale_of_input_and_recurrent_weights_immaterial(kind, randomise):
    cell = randomise(kind(30, 20, dtype=float64))
    x, h, c = 10.0 * draw(2, 30), 10.0 * draw(2, 20), draw(2, 20)
    before = cell(x, (h, c))
    with torch.no_grad():
        cell.weight_hh.mul_(50.0)
    after = cell(50.0 * x, (h, c))
    torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", NORMS)
def test_layer_norm_of_a_constant_row_is_its_bias(kind, randomise):
    cell = randomise(kind(3, 4, dtype=float64))
    same(cell.project(torch.zeros(2, 3, dtype=float64)), cell.bias.expand(2, 16))
    row = TORCH.layer_norm(torch.full((2, 4), 3.0, dtype=float64), cell.gain_c, cell.bias_c)
    same(row, cell.bias_c.expand(2, 4))


@pytest.mark.parametrize("name", names())
def test_bias_false_leaves_no_bias_of_any_kind(name):
    cell = RecurrentCell(name, 3, 4, bias=False)
    assert not [n for n, _ in cell.named_parameters() if n.startswith("bias")]
    assert cell.bias is None


@pytest.mark.parametrize(
    ("options", "match"), [({"rounds": -1}, "rounds is -1"), ({"rank": 0}, "rank is 0")]
)
def test_an_impossible_mogrifier_is_refused(options, match):
    with pytest.raises(ValueError, match=match):
        MogrifierLSTMCell(3, 4, **options)


def test_the_named_cells_are_classes_to_subclass() -> None:
    from tangyin import nn

    class Own(nn.PeepholeLSTMCell):
        pass

    cell = Own(3, 4)
    assert isinstance(cell, nn.PeepholeLSTMCell)
    assert isinstance(cell, nn.RecurrentCell)
    assert not isinstance(cell, nn.LSTMCell)
    assert repr(cell) == "Own(Peephole, 3, 4, bias=True)"
