"""LSTMP: h_t = W_hr (o ⊙ tanh c_t), in closed form, against torch, differences and its formula."""

from functools import partial

import pytest
import torch

from tangyin.nn import LSTM, LSTMCell, LSTMLayer, lstm_sequence, mask_from_lengths, to_onnx
from tangyin.nn.torch_kernel import TorchKernel

float32, bfloat16, float64 = torch.float32, torch.bfloat16, torch.float64
MASK = torch.tensor([[False, True], [True, False], [True, True]])
full_and_masked = pytest.mark.parametrize("mask", [None, MASK], ids=["full", "masked"])
T, B, E, H, P = 3, 2, 3, 4, 2


def draw(dtype=float64, scale=1.0):
    shapes = [(T, B, E), (B, P), (B, H), (4 * H, E), (4 * H, P), (4 * H,), (P, H)]
    return [(scale * torch.randn(s, dtype=float64)).to(dtype).requires_grad_() for s in shapes]


def run(x, h, c, w_ih, w_hh, bias, w_hr, mask=None):
    return lstm_sequence(x, (h, c), w_ih, w_hh, bias, mask, w_hr)


def written_down(x, h, c, w_ih, w_hh, bias, w_hr, mask=None):
    hs, cs = [], []
    for t, step in enumerate(x):
        i, f, g, o = (step @ w_ih.T + h @ w_hh.T + bias).chunk(4, dim=1)
        new_c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        new_h = (o.sigmoid() * new_c.tanh()) @ w_hr.T
        keep = torch.ones(B, 1, dtype=torch.bool) if mask is None else mask[t].unsqueeze(1)
        h, c = torch.where(keep, new_h, h), torch.where(keep, new_c, c)
        hs.append(h)
        cs.append(c)
    return torch.stack(hs), torch.stack(cs)


@full_and_masked
@pytest.mark.parametrize("which", ["h and c", "h", "c"])
def test_states_and_gradients_are_those_of_the_formula(mask, which, relative_error):
    given = draw()
    outer = [torch.randn(T, B, P, dtype=float64), torch.randn(T, B, H, dtype=float64)]
    read = [n for n, name in enumerate("hc") if name in which.split()]
    results = []
    for function in (run, written_down):
        states = function(*given, mask)
        picked = [states[n] for n in read]
        found = torch.autograd.grad(picked, given, [outer[n] for n in read])
        results.append([*states, *found])
    for ours, formula in zip(*results, strict=True):
        assert relative_error(ours, formula) < 1e-13


@full_and_masked
@pytest.mark.parametrize("without", [None, 5], ids=["bias", "no-bias"])
def test_gradients_agree_with_differences_to_second_order(mask, without):
    given = [None if n == without else t for n, t in enumerate(draw())]
    leaves = [t for t in given if t is not None]

    def call(*tensors):
        rest = iter(tensors)
        return tuple(run(*(None if t is None else next(rest) for t in given), mask))

    assert torch.autograd.gradcheck(call, leaves, atol=1e-7, rtol=1e-5)
    torch.manual_seed(1)
    assert torch.autograd.gradgradcheck(call, leaves, atol=1e-6, rtol=1e-4, fast_mode=True)


@full_and_masked
@pytest.mark.parametrize(("dtype", "bound"), [(float32, 1e-6), (bfloat16, 2e-2)])
def test_the_kernel_gives_what_torchs_operations_give(
    mask, dtype, bound, kernel, monkeypatch, relative_error
):
    del kernel
    exact, results = draw(), []
    outer = torch.randn(T, B, P, dtype=float64)
    for native in (True, False):
        if not native:
            monkeypatch.setattr("tangyin.nn.closed_form.kernel_for", lambda *_: TorchKernel())
        given = [t.detach().float().requires_grad_() for t in exact]
        with torch.autocast("cpu", bfloat16, enabled=dtype == bfloat16):
            h, c = run(*given, mask)
        found = torch.autograd.grad([h, c], given, [outer.to(dtype), torch.ones_like(c)])
        assert (h.dtype, c.dtype) == (dtype, float32)
        results.append([h, c, *found])
    h, c = written_down(*exact, mask)
    expected = [h, c, *torch.autograd.grad([h, c], exact, [outer, torch.ones_like(c)])]
    for native, torchs, value in zip(*results, expected, strict=True):
        assert relative_error(native, value) < bound
        assert relative_error(torchs, value) < bound


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("bias", [True, False])
def test_a_stack_equals_torchs_with_its_state_dict(bidirectional, bias, relative_error):
    options = {"proj_size": P, "bias": bias, "bidirectional": bidirectional, "dtype": float64}
    ours, theirs = (kind(E, H, 2, **options) for kind in (LSTM, torch.nn.LSTM))
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    rows = 2 * ours.directions
    x = torch.randn(T, B, E, dtype=float64)
    hx = torch.randn(rows, B, P, dtype=float64), torch.randn(rows, B, H, dtype=float64)
    results = []
    for lstm in (ours, theirs):
        output, last = lstm(x, hx)
        total = output.square().sum() + sum(s.sum() for s in last)
        gradients = torch.autograd.grad(total, list(lstm.parameters()))
        results.append([output, *last, *gradients])
    for found, expected in zip(*results, strict=True):
        assert relative_error(found, expected) < 1e-13
    assert ours.states(x, hx).h.shape == (rows, T, B, P)


def test_padding_carries_the_projected_state():
    lstm = LSTM(E, H, 2, bidirectional=True, proj_size=P, dtype=float64)
    lengths = torch.tensor([3, 1])
    x = torch.randn(T, B, E, dtype=float64)
    output, (h, c) = lstm(x, mask=mask_from_lengths(lengths))
    same = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-13)
    for b, length in enumerate(lengths):
        alone, (h_b, c_b) = lstm(x[:length, b])
        same(output[:length, b], alone)
        same((h[:, b], c[:, b]), (h_b, c_b))


def test_a_cell_steps_as_its_layer_runs():
    cell = LSTMCell(E, H, proj_size=P, dtype=float64)
    x = torch.randn(2, B, E, dtype=float64)
    output, last = LSTMLayer(cell)(x)
    first = cell(x[0])
    torch.testing.assert_close(output, torch.stack([first.h, cell(x[1], first).h]))
    torch.testing.assert_close(last, cell(x[1], first))


@pytest.mark.parametrize("size", [-1, H, H + 1])
def test_a_projection_that_makes_nothing_smaller_is_refused(size):
    for kind in (LSTM, torch.nn.LSTM):
        with pytest.raises(ValueError, match="proj_size"):
            kind(E, H, proj_size=size)


def test_neither_another_cell_nor_onnx_has_a_projection():
    with pytest.raises(ValueError, match="no projection"):
        LSTM(E, H, cell="peephole", proj_size=P)
    with pytest.raises(ValueError, match="no projection"):
        to_onnx(LSTM(E, H, proj_size=P).state_dict())
