import functools

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from tangyin.nn import LSTM, LSTMCell, ShapeError, mask_from_lengths

identical = functools.partial(torch.testing.assert_close, rtol=0, atol=0)


@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (2, True)])
def test_batch_first_lays_out_input_output_and_mask_but_not_states(layers, bidirectional):
    lstm = LSTM(3, 4, layers, bidirectional=bidirectional)
    first = LSTM(3, 4, layers, bidirectional=bidirectional, batch_first=True)
    first.load_state_dict(lstm.state_dict())
    x = torch.randn(5, 2, 3)
    hx = torch.randn(2, layers * lstm.directions, 2, 4).unbind()
    mask = mask_from_lengths(torch.tensor([3, 5]))
    output, last = lstm(x, hx, mask)
    transposed, same_last = first(x.transpose(0, 1), hx, mask.t())
    assert torch.equal(transposed.transpose(0, 1), output)
    identical(same_last, last)
    identical(first.states(x.transpose(0, 1), hx, mask.t()), lstm.states(x, hx, mask))


def test_one_sequence_without_a_batch_has_states_and_a_mask_without_one():
    lstm = LSTM(3, 4, 2, bidirectional=True, batch_first=True)
    x, hx = torch.randn(5, 3), torch.randn(2, 4, 4).unbind()
    h, c = lstm.states(x)
    assert h.shape == c.shape == (4, 5, 4)
    mask = torch.tensor([True, True, True, False, False])
    torch.testing.assert_close(lstm(x, hx, mask)[1], lstm(x[:3], hx)[1])


def test_a_cells_parameters_are_the_lstms_own():
    lstm = LSTM(3, 4, 2, bidirectional=True)
    cells = dict(lstm.cells())
    assert list(cells) == ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    for suffix, cell in cells.items():
        for name, parameter in cell.named_parameters():
            assert parameter is lstm.get_parameter(name + suffix)
    with pytest.raises(AttributeError, match="weight_hh_l2"):
        _ = lstm.weight_hh_l2


def test_a_whole_batch_of_none_gives_none():
    output, (h, c) = LSTM(3, 4)(torch.randn(5, 0, 3))
    assert output.shape == (5, 0, 4)
    assert h.shape == c.shape == (1, 0, 4)


def test_only_the_state_may_be_learnt():
    lstm = LSTM(3, 4).requires_grad_(False)
    h = torch.zeros(1, 2, 4, requires_grad=True)
    lstm(torch.randn(5, 2, 3), (h, torch.zeros(1, 2, 4)))[0].sum().backward()
    assert h.grad.all()


X, Z = torch.randn, torch.zeros
TRUE = functools.partial(torch.ones, dtype=torch.bool)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((X(5, 2, 3), None, TRUE(2, 5)), r"one bool for each step and sequence, \(5, 2\)"),
        ((X(5, 2, 3), None, torch.ones(5, 2)), "of torch.float32"),
        ((pack_sequence([X(5, 3)]), None, TRUE(5, 1)), "no mask"),
        ((pack_sequence([X(5, 7)]),), "7 features"),  # PyTorch gives numbers
    ],
)
def test_a_mask_or_packed_batch_that_does_not_fit_is_refused_in_one_clear_sentence(
    arguments, match
):
    with pytest.raises(ShapeError, match=match) as raised:
        LSTM(3, 4, 2)(*arguments)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: LSTM(3, 4, biases=3), "1 or 2"),
        (lambda: LSTM(3, 4, cell="peephole", proj_size=2), "no projection"),
        (lambda: LSTMCell(3, 4)(X(2, 3), (Z(2, 4), Z(2, 5))), r"each of shape \(2, 4\)"),
    ],
)
def test_what_cannot_be_is_refused_in_one_clear_sentence(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_cell_options_reach_the_cell():
    lstm = LSTM(3, 4, cell="mogrifier", cell_options={"rounds": 2})
    names = list(lstm.state_dict())
    assert names == ["weight_ih_l0", "weight_hh_l0", "bias_l0", "weight_q1_l0", "weight_r2_l0"]
