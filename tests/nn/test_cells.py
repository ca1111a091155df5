"""What sets each cell apart, against its own formula written out here."""

import pytest
import torch
from torch import sigmoid, tanh

from tangyin import nn
from tangyin.nn import CoupledLSTMCell, LSTMCell, LSTMLayer, MogrifierLSTMCell, RecurrentCell

float64 = torch.float64


def draw(*shape):
    return torch.randn(*shape, dtype=float64)


def same(a, b):
    torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)


def preactivations(cell, x, h):
    for rows in map(cell.rows, cell.gates):
        yield x @ cell.weight_ih[rows].T + h @ cell.weight_hh[rows].T + cell.bias[rows]


def norm(v, gain, bias=0.0):
    centred = v - v.mean(-1, keepdim=True)
    return gain * centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt() + bias


def plain(cell, x, h, c):
    y_i, y_f, y_g, y_o = preactivations(cell, x, h)
    c = sigmoid(y_f) * c + sigmoid(y_i) * tanh(y_g)
    return sigmoid(y_o) * tanh(c), c


def peephole(cell, x, h, c):
    p_i, p_f, p_o = cell.weight_peephole[:4], cell.weight_peephole[4:8], cell.weight_peephole[8:]
    y_i, y_f, y_g, y_o = preactivations(cell, x, h)
    c = sigmoid(y_f + p_f * c) * c + sigmoid(y_i + p_i * c) * tanh(y_g)
    return sigmoid(y_o + p_o * c) * tanh(c), c


def coupled(cell, x, h, c):
    y_f, y_g, y_o = preactivations(cell, x, h)
    c = sigmoid(y_f) * c + (1 - sigmoid(y_f)) * tanh(y_g)
    return sigmoid(y_o) * tanh(c), c


def mogrifier(cell, x, h, c):
    def matrix(name):
        if hasattr(cell, name):
            return getattr(cell, name)
        left, right = getattr(cell, f"{name}_left"), getattr(cell, f"{name}_right")
        assert left.shape[1] == right.shape[0] == 2
        return left @ right

    x = 2 * sigmoid(h @ matrix("weight_q1").T) * x
    h = 2 * sigmoid(x @ matrix("weight_r2").T) * h
    x = 2 * sigmoid(h @ matrix("weight_q3").T) * x
    return plain(cell, x, h, c)


def layer_norm(cell, x, h, c, carried=False):
    y = norm(x @ cell.weight_ih.T, cell.gain_ih) + norm(h @ cell.weight_hh.T, cell.gain_hh)
    y_i, y_f, y_g, y_o = (y + cell.bias).chunk(4, dim=-1)
    c = sigmoid(y_f) * c + sigmoid(y_i) * tanh(y_g)
    normalised = norm(c, cell.gain_c, cell.bias_c)
    return sigmoid(y_o) * tanh(normalised), normalised if carried else c


def layer_norm_carried(cell, x, h, c):
    return layer_norm(cell, x, h, c, carried=True)


FORMULAS = [
    (plain, "lstm", {}),
    (peephole, "peephole", {}),
    (coupled, "coupled", {}),
    (mogrifier, "mogrifier", {"rounds": 3}),
    (mogrifier, "mogrifier", {"rounds": 3, "rank": 2}),
    (layer_norm, "layer-norm", {}),
    (layer_norm_carried, "layer-norm-carried", {}),
]


@pytest.mark.parametrize(("formula", "name", "options"), FORMULAS)
def test_the_cell_is_its_formula(formula, name, options, randomise):
    cell = randomise(RecurrentCell(name, 3, 4, dtype=float64, **options))
    x, h, c = draw(2, 3), draw(2, 4), draw(2, 4)
    same(cell(x, (h, c)), formula(cell, x, h, c))
    constant = torch.zeros_like(x), torch.zeros_like(h), torch.ones_like(c)
    same(cell(constant[0], constant[1:]), formula(cell, *constant))


def test_the_coupled_cells_state_stays_within_one(randomise):
    layer = randomise(LSTMLayer(CoupledLSTMCell(3, 4)), scale=3.0)
    assert layer.states(10.0 * torch.randn(100, 5, 3)).c.abs().max() <= 1.0


@pytest.mark.parametrize(
    ("name", "options", "zeroed"),
    [("peephole", {}, ["weight_peephole"]), ("mogrifier", {"rounds": 0}, [])],
)
def test_without_its_addition_a_cell_is_the_plain_one(name, options, zeroed, randomise):
    cell = randomise(RecurrentCell(name, 3, 4, dtype=float64, **options))
    for parameter in zeroed:
        torch.nn.init.zeros_(getattr(cell, parameter))
    plain = LSTMCell(3, 4, dtype=float64, biases=1)
    plain.load_state_dict({n: cell.state_dict()[n] for n in plain.state_dict()})
    x = draw(5, 2, 3)
    same(LSTMLayer(cell).states(x), LSTMLayer(plain).states(x))


@pytest.mark.parametrize(
    ("options", "match"), [({"rounds": -1}, "rounds is -1"), ({"rank": 0}, "rank is 0")]
)
def test_an_impossible_mogrifier_is_refused(options, match):
    with pytest.raises(ValueError, match=match):
        MogrifierLSTMCell(3, 4, **options)


def test_the_named_cells_are_classes_to_subclass():
    class Own(nn.PeepholeLSTMCell):
        pass

    cell = Own(3, 4)
    assert isinstance(cell, nn.PeepholeLSTMCell)
    assert isinstance(cell, nn.RecurrentCell)
    assert not isinstance(cell, nn.LSTMCell)
    assert repr(cell) == "Own(3, 4)"
