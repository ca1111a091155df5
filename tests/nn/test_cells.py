"""Each cell against its own formula written out here; what every layer of any cell keeps."""

from itertools import accumulate

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import sigmoid, tanh

from tangyin.lstm.cells import names
from tangyin.nn import LSTM, LSTMCell, RecurrentCell, mask_from_lengths

float64 = torch.float64
lengths = st.lists(st.integers(1, 6), min_size=1, max_size=4)
invariant = settings(deadline=None, max_examples=12)
per_cell = pytest.mark.parametrize("name", names())


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
    lstm = randomise(LSTM(3, 4, cell="coupled"), scale=3.0)
    assert lstm.states(10.0 * torch.randn(100, 5, 3)).c.abs().max() <= 1.0


@pytest.mark.parametrize(
    ("name", "options", "zeroed"),
    [("peephole", {}, ["weight_peephole"]), ("mogrifier", {"rounds": 0}, [])],
)
def test_without_its_addition_a_cell_is_the_plain_one(name, options, zeroed, randomise, layer):
    cell = randomise(RecurrentCell(name, 3, 4, dtype=float64, **options))
    for parameter in zeroed:
        torch.nn.init.zeros_(getattr(cell, parameter))
    plain = LSTMCell(3, 4, dtype=float64, biases=1)
    plain.load_state_dict({n: cell.state_dict()[n] for n in plain.state_dict()})
    x = draw(5, 2, 3)
    same(layer(cell).states(x), layer(plain).states(x))


@pytest.mark.parametrize(
    ("options", "match"), [({"rounds": -1}, "rounds is -1"), ({"rank": 0}, "rank is 0")]
)
def test_an_impossible_mogrifier_is_refused(options, match):
    with pytest.raises(ValueError, match=match):
        RecurrentCell("mogrifier", 3, 4, **options)


@pytest.fixture
def make(randomise):
    def build(name):
        return randomise(RecurrentCell(name, 3, 4, dtype=float64))

    return build


def test_a_mask_counts_each_sequences_steps_and_can_be_longer_than_the_longest():
    own = torch.tensor([1, 2, 0])
    rows = [[True, True, False], [False, True, False], [False] * 3, [False] * 3]
    assert mask_from_lengths(own, steps=4).tolist() == rows
    assert mask_from_lengths(own).tolist() == rows[:2]


@per_cell
def test_step_by_step_equals_the_whole_sequence(name, make, layer):
    cell = make(name)
    x, (h, c) = draw(5, 2, 3), draw(2, 2, 4)
    output, last = layer(cell)(x, (h[None], c[None]))
    steps = list(accumulate(x, lambda state, step: cell(step, state), initial=(h, c)))[1:]
    same(torch.stack([state.h for state in steps]), output)
    same(torch.stack(steps[-1])[:, None], torch.stack(last))


@per_cell
def test_masked_batch_equals_each_sequence_at_its_own_length(name, randomise):
    lstm = randomise(LSTM(3, 4, bidirectional=True, cell=name, dtype=float64))

    @given(own=lengths)
    @invariant
    def check(own):
        mask = mask_from_lengths(torch.tensor(own))
        x, (h, c) = draw(*mask.shape, 3), draw(2, 2, len(own), 4)
        output, last = lstm(x, (h, c), mask)
        for b, length in enumerate(own):
            one = slice(b, b + 1)
            alone, state = lstm(x[:length, one], (h[:, one], c[:, one]))
            same(output[:length, one], alone)
            assert not output[length:, one].any()
            same((last[0][:, one], last[1][:, one]), state)

    check()


@per_cell
def test_a_masked_step_carries_the_state_unchanged(name, make, layer):
    lstm = layer(make(name))
    mask = torch.tensor([[True], [False], [True], [False]])
    x = draw(4, 1, 3)
    for (s,), (short,) in zip(lstm.states(x, None, mask), lstm.states(x[[0, 2]]), strict=True):
        assert torch.equal(s[1], s[0])
        assert torch.equal(s[3], s[2])
        same(s[[0, 2]], short)


@per_cell
def test_layers_of_both_directions_are_single_ones_side_by_side_and_one_upon_another(
    name, randomise, layer
):
    lstm = randomise(LSTM(3, 4, 2, bidirectional=True, cell=name, dtype=float64))
    x = draw(5, 2, 3)
    output, (h_n, c_n) = lstm(x)
    cells = iter(dict(lstm.cells()).values())
    for n in (0, 2):
        forward, (h, c) = layer(next(cells))(x)
        backward, (h_r, c_r) = layer(next(cells))(x.flip(0))
        same((h_n[n : n + 2], c_n[n : n + 2]), (torch.cat([h, h_r]), torch.cat([c, c_r])))
        x = torch.cat([forward, backward.flip(0)], -1)
    same(output, x)


@per_cell
@pytest.mark.parametrize("bidirectional", [False, True])
def test_all_states_hold_the_output_and_the_last_states(name, bidirectional, randomise):
    options = {"bidirectional": bidirectional, "cell": name, "dtype": float64}
    lstm = randomise(LSTM(3, 4, 2, **options))
    own = torch.tensor([5, 2])
    x, mask = draw(5, 2, 3), mask_from_lengths(own)
    output, (h_n, c_n) = lstm(x, mask=mask)
    h, c = lstm.states(x, mask=mask)
    directions = 2 if bidirectional else 1
    assert h.shape == c.shape == (2 * directions, 5, 2, 4)
    top = torch.cat(list(h[-directions:]), dim=-1)
    same(torch.where(mask.unsqueeze(-1), top, 0.0), output)
    for n in range(2 * directions):
        end = 0 if n % directions else -1
        same((h[n, end], c[n, end]), (h_n[n], c_n[n]))
