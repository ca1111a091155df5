import pytest
import torch

from tangyin.lstm.cell import Cell
from tangyin.nn import LSTM
from tangyin.nn.dropout import character_dropout, locked_dropout, weight_dropout


class Copy(Cell):
    """Its h is its input, so that what a stack does between layers can be seen."""

    gates = "f"

    def project(self, ops, weights, x):
        return x

    def step(self, ops, weights, inputs, h, c):
        return inputs, inputs


def test_dropout_stands_between_layers_and_nowhere_else():
    x = torch.rand(20, 10, 50) + 1.0
    lstm = LSTM(50, 50, 3, cell=Copy(), dropout=0.5)
    inputs = lstm.states(x).h
    assert torch.equal(inputs[0], x)  # none before the lowest layer
    assert 0.4 < (inputs[1] == 0).float().mean() < 0.6
    assert 0.7 < (inputs[2] == 0).float().mean() < 0.8  # two draws, one upon the other
    output, (h, _) = lstm(x)
    assert torch.equal(h[-1], output[-1])  # none after the topmost


def test_dropout_is_off_outside_training():
    lstm = LSTM(3, 4, 2, dropout=0.5)
    x = torch.randn(5, 2, 3)
    training, _ = lstm(x)
    assert not torch.equal(training, lstm(x)[0])
    lstm.eval()
    plain = LSTM(3, 4, 2)
    plain.load_state_dict(lstm.state_dict())
    assert torch.equal(lstm(x)[0], plain(x)[0])


def test_dropout_on_a_single_layer_warns_that_it_does_nothing():
    with pytest.warns(UserWarning, match="does nothing"):
        LSTM(3, 4, 1, dropout=0.5)


def test_locked_dropout_has_one_mask_for_all_steps_and_another_for_each_sequence():
    x = torch.rand(7, 6, 50) + 1.0
    kept = locked_dropout(x, 0.4) != 0
    assert torch.equal(kept, kept[:1].expand_as(kept))
    assert not torch.equal(kept[0, 0], kept[0, 1])


def test_character_dropout_drops_whole_rows():
    kept = character_dropout(torch.rand(400, 5) + 1.0, 0.3) != 0
    assert torch.equal(kept, kept[:, :1].expand_as(kept))


def test_weight_dropout_drops_single_weights():
    kept = weight_dropout(torch.rand(40, 10) + 1.0, 0.3) != 0
    assert not torch.equal(kept, kept[:1].expand_as(kept))
    assert not torch.equal(kept, kept[:, :1].expand_as(kept))


@pytest.mark.parametrize("drop", [locked_dropout, character_dropout, weight_dropout])
@pytest.mark.parametrize("p", [0.1, 0.6])
def test_what_these_keep_is_scaled_so_that_the_expectation_stays(drop, p):
    x = torch.rand((400, 3, 50) if drop is locked_dropout else (400, 50)) + 1.0
    dropped = drop(x.requires_grad_(), p)
    kept = dropped != 0
    assert drop(x, 0.0) is x
    assert kept.float().mean().item() == pytest.approx(1 - p, abs=0.1)
    torch.testing.assert_close(dropped[kept], x[kept] / (1 - p))
    (gradient,) = torch.autograd.grad(dropped.sum(), x)
    torch.testing.assert_close(gradient, kept / (1 - p))
    total = sum(drop(x, p).mean().item() for _ in range(60)) / 60
    assert total == pytest.approx(x.mean().item(), rel=0.05)
