import functools
import pickle

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence

from tangyin.nn import (
    LSTM,
    BidirectionalLSTMLayer,
    LSTMCell,
    LSTMLayer,
    LSTMState,
    ShapeError,
    StackedLSTM,
    mask_from_lengths,
)

FACES = [(1, False), (2, True)]
per_face = pytest.mark.parametrize(("layers", "bidirectional"), FACES)


def rows(layers, bidirectional):
    return layers * (2 if bidirectional else 1)


def pair(layers, **options):
    ours, theirs = LSTM(3, 4, layers, **options), torch.nn.LSTM(3, 4, layers, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


@per_face
def test_batch_first_lays_out_input_output_and_mask_but_not_states(layers, bidirectional):
    lstm = LSTM(3, 4, layers, bidirectional=bidirectional)
    first = LSTM(3, 4, layers, bidirectional=bidirectional, batch_first=True)
    first.load_state_dict(lstm.state_dict())
    x = torch.randn(5, 2, 3)
    hx = tuple(torch.randn(rows(layers, bidirectional), 2, 4) for _ in range(2))
    mask = mask_from_lengths(torch.tensor([3, 5]))
    output, last = lstm(x, hx, mask)
    transposed, same_last = first(x.transpose(0, 1), hx, mask.t())
    assert torch.equal(transposed.transpose(0, 1), output)
    identical = functools.partial(torch.testing.assert_close, rtol=0, atol=0)
    identical(same_last, last)
    identical(first.states(x.transpose(0, 1), hx, mask.t()), lstm.states(x, hx, mask))


@per_face
@pytest.mark.parametrize("batch_first", [False, True])
def test_one_sequence_without_a_batch_is_taken_as_torch_takes_it(
    layers, bidirectional, batch_first
):
    ours, theirs = pair(layers, bidirectional=bidirectional, batch_first=batch_first)
    x = torch.randn(5, 3)
    hx = tuple(torch.randn(rows(layers, bidirectional), 4) for _ in range(2))
    for given in (hx, None):
        torch.testing.assert_close(ours(x, given), theirs(x, given))
    h, c = ours.states(x)
    assert h.shape == c.shape == (rows(layers, bidirectional), 5, 4)
    mask = torch.tensor([True, True, True, False, False])
    torch.testing.assert_close(ours(x, hx, mask)[1], ours(x[:3], hx)[1])


@per_face
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("is_sorted", [False, True])
def test_a_packed_batch_is_taken_and_given_back_as_torch_does(
    layers, bidirectional, batch_first, is_sorted
):
    ours, theirs = pair(layers, bidirectional=bidirectional, batch_first=batch_first)
    lengths = [5, 3, 2, 1] if is_sorted else [2, 5, 1, 3]
    packed = pack_sequence([torch.randn(n, 3) for n in lengths], enforce_sorted=is_sorted)
    hx = tuple(torch.randn(rows(layers, bidirectional), 4, 4) for _ in range(2))
    output, last = ours(packed, hx)
    expected, expected_last = theirs(packed, hx)
    torch.testing.assert_close(output.data, expected.data)
    torch.testing.assert_close(last, expected_last)
    assert torch.equal(output.batch_sizes, expected.batch_sizes)
    torch.testing.assert_close(pad_packed_sequence(output), pad_packed_sequence(expected))


def test_the_masked_output_is_what_torch_gives_for_the_packed_batch():
    ours, theirs = pair(2, bidirectional=True)
    x, lengths = torch.randn(5, 4, 3), torch.tensor([2, 5, 1, 3])
    output, last = ours(x, mask=mask_from_lengths(lengths))
    packed, expected_last = theirs(pack_padded_sequence(x, lengths, enforce_sorted=False))
    torch.testing.assert_close(output, pad_packed_sequence(packed)[0])
    torch.testing.assert_close(last, expected_last)


def test_the_positional_arguments_are_torchs():
    for arguments in ((3, 4), (3, 4, 2, False, True, 0.5, True)):
        ours, theirs = LSTM(*arguments), torch.nn.LSTM(*arguments)
        for name in ("input_size", "hidden_size", "num_layers", "batch_first", "bidirectional"):
            assert getattr(ours, name) == getattr(theirs, name)
        x = torch.randn(5, 2, 3)
        (y, (h, c)), (y_theirs, (h_theirs, _)) = ours(x), theirs(x)
        assert y.shape == y_theirs.shape
        assert h.shape == c.shape == h_theirs.shape


def test_a_cells_parameters_are_the_lstms_own():
    lstm = LSTM(3, 4, 2, bidirectional=True)
    cells = dict(lstm.cells())
    assert list(cells) == ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    for suffix, cell in cells.items():
        for name, parameter in cell.named_parameters():
            assert parameter is lstm.get_parameter(name + suffix)
    with pytest.raises(AttributeError, match="weight_hh_l2"):
        _ = lstm.weight_hh_l2


def test_the_lstm_can_be_pickled():
    lstm = LSTM(3, 4, cell="peephole")
    x = torch.randn(5, 2, 3)
    assert torch.equal(pickle.loads(pickle.dumps(lstm))(x)[0], lstm(x)[0])


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
        ((X(5, 2, 7),), "7 features .* input_size=3"),
        ((X(5, 2, 3, 1),), "give 3 dimensions"),
        ((X(3),), "give 3 dimensions"),
        ((X(0, 2, 3),), "at least one step"),
        ((X(5, 2, 3).double(),), "convert one to the other"),
        ((X(5, 2, 3), (Z(1, 2, 4), Z(1, 2, 4))), r"each of shape \(2, 2, 4\)"),
        ((X(5, 2, 3), (Z(2, 2, 4), Z(2, 3, 4))), r"each of shape \(2, 2, 4\)"),
        ((X(5, 3), (Z(2, 1, 4), Z(2, 1, 4))), r"of shape \(2, 4\)"),
        ((X(5, 2, 3), None, TRUE(2, 5)), r"one bool for each step and sequence, \(5, 2\)"),
        ((X(5, 2, 3), None, torch.ones(5, 2)), "of torch.float32"),
        ((pack_sequence([X(5, 3)]), None, TRUE(5, 1)), "no mask"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_clear_sentence(arguments, match):
    with pytest.raises(ShapeError, match=match) as raised:
        LSTM(3, 4, 2)(*arguments)
    assert "\n" not in str(raised.value)


def test_a_shape_error_is_caught_as_numpys_and_as_torchs_error():
    assert issubclass(ShapeError, ValueError)
    with pytest.raises(RuntimeError) as raised:
        torch.nn.LSTM(3, 4)(torch.randn(5, 2, 7))
    assert issubclass(ShapeError, raised.type)


STACK = functools.partial(StackedLSTM, 2, LSTMLayer, [LSTMCell, 3, 4], [LSTMCell, 4, 4])
BOTH = functools.partial(BidirectionalLSTMLayer, LSTMCell, 3, 4)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: LSTM(0, 4), "input_size is 0"),
        (lambda: LSTM(3, -1), "hidden_size is -1"),
        (lambda: LSTM(3, 4, 0), "num_layers is 0"),
        (lambda: LSTM(3, 4, biases=3), "1 or 2"),
        (lambda: LSTMCell(3, 4)(X(2, 2, 3)), "not"),
        (lambda: LSTMCell(3, 4)(X(2, 5)), "input_size=3"),
        (lambda: LSTMCell(3, 4)(X(2, 3), (Z(2, 4), Z(2, 5))), r"each of shape \(2, 4\)"),
        (lambda: BOTH()(X(5, 2, 3), [None]), "give two"),
        (lambda: STACK()(X(5, 2, 3), [None]), "one for each of 2 layers"),
    ],
)
def test_what_cannot_be_is_refused_in_one_clear_sentence(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_cell_options_reach_the_cell():
    lstm = LSTM(3, 4, cell="mogrifier", cell_options={"rounds": 2})
    names = list(lstm.state_dict())
    assert names == ["weight_ih_l0", "weight_hh_l0", "bias_l0", "weight_q1_l0", "weight_r2_l0"]


def test_layers_and_stacks_are_called_as_in_custom_lstms():
    x = torch.randn(5, 2, 3)
    state = LSTMState(torch.randn(2, 4), torch.randn(2, 4))
    output, states = STACK()(x, [state, state])
    assert torch.equal(output[-1], states[1].h)
    both = StackedLSTM(2, BidirectionalLSTMLayer, [LSTMCell, 3, 4], [LSTMCell, 8, 4])
    output, states = both(x, [[state, state], [state, state]])
    assert output.shape == (5, 2, 8)
    assert torch.equal(output[-1, :, :4], states[1][0].h)
    assert torch.equal(output[0, :, 4:], states[1][1].h)
