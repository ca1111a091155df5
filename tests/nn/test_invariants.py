from itertools import accumulate

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.lstm.cells import names
from tangyin.nn import (
    LSTM,
    BidirectionalLSTMLayer,
    LSTMLayer,
    RecurrentCell,
    ReverseLSTMLayer,
    StackedLSTM,
    mask_from_lengths,
)

CELLS = names()
float64 = torch.float64
lengths = st.lists(st.integers(1, 6), min_size=1, max_size=4)
invariant = settings(deadline=None, max_examples=12)
per_cell = pytest.mark.parametrize("name", CELLS)


def draw(*shape):
    return torch.randn(*shape, dtype=float64)


@pytest.fixture
def make(randomise):
    def build(name, size=3, hidden=4):
        return randomise(RecurrentCell(name, size, hidden, dtype=float64))

    return build


def same(a, b):
    torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)


def test_a_mask_counts_each_sequences_steps_and_can_be_longer_than_the_longest():
    own = torch.tensor([1, 2, 0])
    rows = [[True, True, False], [False, True, False], [False] * 3, [False] * 3]
    assert mask_from_lengths(own, steps=4).tolist() == rows
    assert mask_from_lengths(own).tolist() == rows[:2]


@per_cell
def test_step_by_step_equals_the_whole_sequence(name, make):
    cell = make(name)
    x, start = draw(5, 2, 3), (draw(2, 4), draw(2, 4))
    output, last = LSTMLayer(cell)(x, start)
    steps = list(accumulate(x, lambda state, step: cell(step, state), initial=start))[1:]
    same(torch.stack([state.h for state in steps]), output)
    same(steps[-1], last)


@per_cell
@pytest.mark.parametrize("cut", [1, 3, 4])
def test_two_halves_with_carried_state_equal_the_whole(name, cut, make):
    layer = LSTMLayer(make(name))
    x = draw(5, 2, 3)
    output, last = layer(x)
    first, state = layer(x[:cut])
    second, end = layer(x[cut:], state)
    same(torch.cat([first, second]), output)
    same(end, last)


@per_cell
@pytest.mark.parametrize("direction", [LSTMLayer, ReverseLSTMLayer])
def test_masked_batch_equals_each_sequence_at_its_own_length(name, direction, make):
    layer = direction(make(name))

    @given(own=lengths)
    @invariant
    def check(own):
        mask = mask_from_lengths(torch.tensor(own))
        x, h, c = draw(*mask.shape, 3), draw(len(own), 4), draw(len(own), 4)
        output, last = layer(x, (h, c), mask)
        for b, length in enumerate(own):
            one = slice(b, b + 1)
            alone, state = layer(x[:length, one], (h[one], c[one]))
            same(output[:length, one], alone)
            assert not output[length:, one].any()
            same((last.h[one], last.c[one]), state)

    check()


@per_cell
def test_a_masked_step_carries_the_state_unchanged(name, make):
    layer = LSTMLayer(make(name))
    mask = torch.tensor([[True], [False], [True], [False]])
    x = draw(4, 1, 3)
    states = layer.states(x, None, mask)
    for s, short in zip(states, layer.states(x[[0, 2]]), strict=True):
        assert torch.equal(s[1], s[0])
        assert torch.equal(s[3], s[2])
        same(s[[0, 2]], short)


@per_cell
def test_reverse_of_reverse_is_forward(name, make):
    cell = make(name)
    x, start = draw(5, 2, 3), (draw(2, 4), draw(2, 4))
    output, last = LSTMLayer(cell)(x, start)
    reversed_output, reversed_last = ReverseLSTMLayer(cell)(x.flip(0), start)
    same(reversed_output.flip(0), output)
    same(reversed_last, last)


@per_cell
def test_both_directions_are_the_two_layers_side_by_side(name, make):
    both = BidirectionalLSTMLayer(lambda: make(name))
    forward, reverse = both.forward_layer, both.reverse_layer
    assert not torch.equal(forward.cell.weight_ih, reverse.cell.weight_ih)
    x = draw(5, 2, 3)
    output, (f, r) = both(x)
    same(output, torch.cat([forward(x)[0], reverse(x)[0]], dim=-1))
    same(f, forward(x)[1])
    same(r, reverse(x)[1])


@per_cell
def test_a_stack_is_its_layers_one_upon_another(name, make):
    def cell(size):
        return make(name, size)

    stack = StackedLSTM(3, LSTMLayer, [cell, 3], [cell, 4])
    x = draw(5, 2, 3)
    output, states = stack(x)
    for layer, state in zip(stack.layers, states, strict=True):
        x, expected = layer(x)
        same(state, expected)
    same(output, x)


@per_cell
@pytest.mark.parametrize("bidirectional", [False, True])
def test_all_states_hold_the_output_and_the_last_states(name, bidirectional, make):
    lstm = LSTM(3, 4, 2, bidirectional=bidirectional, cell=lambda i, h, **_: make(name, i, h))
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
