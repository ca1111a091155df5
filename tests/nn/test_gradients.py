import pytest
import torch

from tangyin.lstm.cells import names
from tangyin.nn import LSTM, LSTMCell, LSTMState, RecurrentCell, lstm_sequence
from tangyin.nn.cell import run_sequence
from tangyin.nn.state import run_steps

CELLS = names()
MASK = torch.tensor([[True, True], [True, True], [False, True]])
per_cell = pytest.mark.parametrize("name", CELLS)
full_and_masked = pytest.mark.parametrize("mask", [None, MASK], ids=["full", "masked"])
float64 = torch.float64


def make(name, *args, **options):
    return LSTM(*args, cell=name, dtype=float64, **options)


def draw(*shape):
    return torch.randn(*shape, dtype=float64)


def everything(layer, x, h, c):
    output, last = layer(x, (h, c))
    return output, *last


READ = {
    "everything": everything,
    "masked h_n": lambda m, x, h, c: m(x, (h, c), MASK)[1][0],
    "masked c_n": lambda m, x, h, c: m(x, (h, c), MASK)[1][1],
    "masked states": lambda m, x, h, c: tuple(m.states(x, (h, c), MASK)),
}


@per_cell
@pytest.mark.parametrize("read", READ)
def test_gradients_of_a_layer_through_all_or_some_of_its_results(name, read, randomise, gradcheck):
    tensors = [draw(3, 2, 3), draw(1, 2, 2), draw(1, 2, 2)]
    gradcheck(randomise(make(name, 3, 2)), tensors, READ[read])


@per_cell
def test_first_and_second_derivatives_of_a_masked_stack_in_both_directions(
    name, randomise, gradcheck
):
    lstm = randomise(make(name, 2, 2, 2, bias=False, bidirectional=True))

    def call(module, x):
        output, last = module(x, None, MASK)
        return output, *last

    gradcheck(lstm, [draw(3, 2, 2)], call, fast=True)


@per_cell
@pytest.mark.parametrize(
    ("T", "B", "H", "scale"),
    [(1, 2, 2, 0.5), (1, 1, 1, 0.5), (3, 2, 2, 500.0)],
    ids=["one step", "one unit", "saturated"],
)
def test_gradients_at_the_smallest_sizes_and_of_saturated_gates(
    name, T, B, H, scale, randomise, gradcheck
):
    tensors = [draw(T, B, 2), draw(1, B, H), draw(1, B, H)]
    gradcheck(randomise(make(name, 2, H), scale=scale), tensors, everything)


@pytest.mark.parametrize("name", [n for n in CELLS if n.startswith("layer-norm")])
def test_gradients_of_a_constant_row_into_layer_norm(name, randomise, gradcheck):
    cell = randomise(RecurrentCell(name, 3, 3, dtype=float64))
    # W_ih x and W_hh h are rows of zeros, and so is c: their variance is 0
    x, h, c = (torch.zeros(2, 3, dtype=float64) for _ in range(3))
    gradcheck(cell, [x, h, c], lambda m, x, h, c: m(x, (h, c)))
    assert all(s.isfinite().all() for s in cell(x, (h, c)))


def test_gradients_of_a_low_rank_mogrifier(randomise, gradcheck):
    lstm = randomise(make("mogrifier", 3, 2, cell_options={"rounds": 4, "rank": 1}))
    gradcheck(lstm, [draw(3, 2, 3), draw(1, 2, 2), draw(1, 2, 2)], everything)


@pytest.mark.parametrize(("bias", "proj_size"), [(True, 0), (False, 0), (True, 3), (False, 3)])
@full_and_masked
def test_closed_form_equals_autograd_through_the_steps(
    bias, proj_size, mask, randomise, relative_error
):
    cell = randomise(LSTMCell(5, 4, bias=bias, proj_size=proj_size, dtype=float64))
    x, P = draw(3, 2, 5).requires_grad_(), proj_size or 4
    start = LSTMState(draw(2, P).requires_grad_(), draw(2, 4).requires_grad_())
    wanted = [x, *start, *cell.parameters()]
    outer = [draw(3, 2, P), draw(3, 2, 4)]
    closed = run_sequence(cell.kind, cell.weights(), x, start, mask)
    stepped = run_steps(cell.step, cell.project(x), start, mask)
    for a, b in zip(closed, stepped, strict=True):
        assert relative_error(a, b) < 1e-14
    for read in (slice(2), slice(1), slice(1, 2)):  # h and c, h alone, c alone
        ours, stepwise = (
            torch.autograd.grad(states[read], wanted, outer[read], retain_graph=True)
            for states in (closed, stepped)
        )
        for a, b in zip(ours, stepwise, strict=True):
            assert relative_error(a, b) < 1e-12


@full_and_masked
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
def test_first_and_second_derivatives_of_a_projection(mask, bias, randomise, gradcheck):
    lstm = randomise(make("lstm", 3, 4, bias=bias, proj_size=2))
    states = [draw(3, 2, 3), draw(1, 2, 2), draw(1, 2, 4)]
    gradcheck(lstm, states, lambda m, x, h, c: tuple(m.states(x, (h, c), mask)), fast=True)


def test_one_tensor_in_two_places_gets_both_gradients():
    w = draw(8, 2)

    def call(x):
        return tuple(lstm_sequence(x, (x[0], x[0]), w, w))

    x = draw(3, 2, 2).requires_grad_()
    assert torch.autograd.gradcheck(call, (x,))
    assert torch.autograd.gradgradcheck(call, (x,), fast_mode=True)
    same = draw(2, 2).requires_grad_()
    states = lstm_sequence(x, LSTMState(same, same), w, w)
    (first,) = torch.autograd.grad(states.h.sum(), same, retain_graph=True)
    (again,) = torch.autograd.grad(states.h.sum(), same, create_graph=True)
    torch.testing.assert_close(first, again)


def test_frozen_parameters_get_no_gradient_and_change_no_other(randomise, relative_error):
    lstm = randomise(make("lstm", 3, 4))
    x = draw(3, 2, 3)

    def gradients():
        lstm.zero_grad()
        lstm(x)[0].square().sum().backward()
        return {n: p.grad for n, p in lstm.named_parameters()}

    before = gradients()
    lstm.weight_hh_l0.requires_grad_(False)
    after = gradients()
    assert after["weight_hh_l0"] is None
    for name in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
        assert relative_error(after[name], before[name]) < 1e-15
