"""The native kernel's LSTM: against torch's own operations, and both against float64."""

import re
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from tangyin.nn import LSTMState, lstm_sequence
from tangyin.nn.native import gates_dtype
from tangyin.nn.torch_kernel import TorchKernel

float32, bfloat16, float64 = torch.float32, torch.bfloat16, torch.float64
BF16 = torch.finfo(bfloat16).eps
# T, B, E, H: the smallest; rows that fill no vector; enough of them for several threads
SHAPES = [(1, 1, 1, 1), (9, 5, 7, 6), (3, 33, 20, 130)]
OUTSIDE = {"h and c": (True, True), "h alone": (True, False), "c alone": (False, True)}
POISONED = ["x", "h_0", "c_0", "w_ih", "w_hh", "bias"]


@pytest.fixture
def without_kernel(monkeypatch):
    """Takes a function and calls it where no kernel can be had."""

    def call(function, *given):
        with monkeypatch.context() as patch:
            patch.setattr("tangyin.nn.closed_form.kernel_for", lambda *_: TorchKernel())
            return function(*given)

    return call


def draw(shape, scale=0.5, bias=True):
    T, B, E, H = shape
    sizes = {"x": (T, B, E), "h_0": (B, H), "c_0": (B, H), "w_ih": (4 * H, E), "w_hh": (4 * H, H)}
    if bias:
        sizes["bias"] = (4 * H,)
    return {name: scale * torch.randn(size) for name, size in sizes.items()}


def mask_of(shape):
    """One row whole, the others with holes at their beginning, middle and end."""
    mask = torch.rand(shape[:2]) < 0.6
    mask[:, 0] = True
    return mask


def outside_of(shape, h=True, c=True):
    T, B, _, H = shape
    return tuple(torch.randn(T, B, H) if wanted else None for wanted in (h, c))


def results(given, mask, outside, dtype=float32, autocast=False):
    """h, c and the gradients of all that is given."""
    leaves = {name: t.to(dtype, copy=True).requires_grad_() for name, t in given.items()}
    start = LSTMState(leaves["h_0"], leaves["c_0"])
    with torch.autocast("cpu", bfloat16, enabled=autocast):
        h, c = lstm_sequence(
            leaves["x"], start, leaves["w_ih"], leaves["w_hh"], leaves.get("bias"), mask
        )
    pairs = [(s, g.to(s.dtype)) for s, g in zip((h, c), outside, strict=True) if g is not None]
    gradients = torch.autograd.grad(
        [s for s, _ in pairs], list(leaves.values()), [g for _, g in pairs]
    )
    found = {"h": h.detach(), "c": c.detach()}
    return found | {f"d {name}": g for name, g in zip(leaves, gradients, strict=True)}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
@pytest.mark.parametrize("which", OUTSIDE)
def test_in_float32_kernel_and_torch_agree_to_rounding(
    shape, bias, masked, which, kernel, without_kernel
):
    mask = mask_of(shape) if masked else None
    given, outside = draw(shape, bias=bias), outside_of(shape, *OUTSIDE[which])
    exact = results(given, mask, outside, float64)
    ours = results(given, mask, outside)
    torchs = without_kernel(results, given, mask, outside)
    for name, value in exact.items():
        assert ours[name].dtype == torchs[name].dtype == float32
        for found in (ours[name], torchs[name]):
            assert (found.double() - value).norm() < 1e-6 * (1 + value.norm()), name


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 0.05, 5.0, 50.0])
def test_in_float32_small_and_saturated_gates_lose_no_more_than_in_torch(
    scale, kernel, without_kernel, relative_error
):
    shape = (9, 5, 7, 6)
    given, mask, outside = draw(shape, scale), mask_of(shape), outside_of(shape)
    exact = results(given, mask, outside, float64)
    ours = results(given, mask, outside)
    torchs = without_kernel(results, given, mask, outside)
    for name, value in exact.items():
        bound = 3 * relative_error(torchs[name], value) + 1e-6
        assert relative_error(ours[name], value) < bound, name


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
@pytest.mark.parametrize("which", OUTSIDE)
def test_in_bfloat16_the_kernel_errs_by_bfloat16s_rounding_and_no_more_than_torch(
    bias, masked, which, kernel, without_kernel, relative_error
):
    shape = (9, 16, 24, 32)
    mask = mask_of(shape) if masked else None
    given, outside = draw(shape, 0.3, bias), outside_of(shape, *OUTSIDE[which])
    exact = results(given, mask, outside, float64)
    ours = results(given, mask, outside, autocast=True)
    torchs = without_kernel(results, given, mask, outside, float32, True)
    assert ours["h"].dtype == bfloat16
    assert ours["c"].dtype == float32
    for name, value in exact.items():
        error = relative_error(ours[name], value)
        assert error < BF16, name
        assert error < 1.2 * relative_error(torchs[name], value), name


@pytest.mark.parametrize("scale", [1e-3, 0.1, 1.0, 4.0])
def test_gates_kept_in_16_bits_lose_less_than_the_products_of_bfloat16(
    scale, kernel, relative_error
):
    B, H = 64, 48
    y = (scale * torch.randn(B, 4 * H)).to(bfloat16)
    c_0, dh, dc = torch.randn(B, H), torch.randn(B, H).to(bfloat16), torch.randn(B, H)
    h, c = torch.empty(B, H, dtype=bfloat16), torch.empty(B, H)
    gates = torch.empty(B, 4 * H, dtype=gates_dtype(bfloat16))
    kernel.lstm_forward(y, None, None, (torch.zeros_like(h), c_0), None, gates, (h, c))
    dy = torch.empty_like(y)
    kernel.lstm_backward(gates, (c, c_0), None, (dh, None), None, None, dc.clone(), dy)

    leaf = y.double().requires_grad_()
    i, f, g, o = leaf.chunk(4, dim=1)
    exact_c = f.sigmoid() * c_0.double() + i.sigmoid() * g.tanh()
    exact_h = o.sigmoid() * exact_c.tanh()
    (exact,) = torch.autograd.grad((exact_h, exact_c), leaf, (dh.double(), dc.double()))
    rounding = relative_error(exact.to(bfloat16), exact)
    assert relative_error(dy, exact) < 1.1 * rounding
    assert relative_error(h, exact_h) < 1.1 * relative_error(exact_h.to(bfloat16), exact_h)


@pytest.mark.parametrize("autocast", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("where", POISONED)
@pytest.mark.parametrize("T", [1, 4])
def test_nan_and_infinity_stay_as_visible_as_in_torch(
    T, where, value, autocast, kernel, without_kernel
):
    shape = (T, 3, 5, 4)
    given, outside = draw(shape), outside_of(shape)
    given[where].view(-1)[-1] = value  # of the output gate, where it is a weight or a bias
    ours = results(given, None, outside, float32, autocast)
    torchs = without_kernel(results, given, None, outside, float32, autocast)
    for name in ours:
        assert torch.equal(ours[name].isfinite(), torchs[name].isfinite()), name
    saturated = where == "bias" and value == value  # an infinite bias makes o 0 or 1
    assert saturated == all(t.isfinite().all() for t in ours.values())


@pytest.mark.parametrize("autocast", [False, True], ids=["float32", "bfloat16"])
def test_masked_steps_are_carried_bit_for_bit(autocast, kernel):
    shape = (6, 4, 5, 3)
    given, mask = draw(shape), torch.rand(6, 4) < 0.5
    mask[0] = False
    found = results(given, mask, outside_of(shape), float32, autocast)
    for name in ("h", "c"):
        start = given[f"{name}_0"].to(found[name].dtype)
        states = torch.cat((start.unsqueeze(0), found[name]))
        for t in range(6):
            stayed = ~mask[t]
            assert torch.equal(states[t + 1][stayed], states[t][stayed])


def test_states_and_gradients_may_lie_in_memory_in_any_order(kernel, relative_error):
    shape = (6, 4, 5, 3)
    given, mask, outside = draw(shape), mask_of(shape), outside_of(shape)
    expected = results(given, mask, outside)
    scattered = {
        name: t.transpose(0, 1).contiguous().transpose(0, 1) if t.dim() > 1 else t
        for name, t in given.items()
    }
    assert not any(t.is_contiguous() for t in scattered.values() if t.dim() > 1)
    turned = tuple(g.transpose(0, 2).contiguous().transpose(0, 2) for g in outside)
    for masks in (mask, mask.t().contiguous().t()):
        found = results(scattered, masks, turned)
        for name, value in expected.items():
            assert relative_error(found[name], value) < 1e-6, name


def same_on_any_number_of_threads(function):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = function()
        for threads in (2, 3, 5):
            torch.set_num_threads(threads)
            torch.testing.assert_close(function(), alone, rtol=0, atol=0)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", [float32, bfloat16], ids=["float32", "bfloat16"])
def test_a_step_comes_out_the_same_to_the_bit_on_any_number_of_threads(dtype, kernel):
    B, H = 37, 130
    y, recurrent = (torch.randn(B, 4 * H).to(dtype) for _ in range(2))
    h_0, later, dh = (torch.randn(B, H).to(dtype) for _ in range(3))
    c_0, dc_0, carried_0, dc_out = (torch.randn(B, H) for _ in range(4))
    bias, keep = torch.randn(4 * H), torch.rand(B) < 0.8

    def step():
        gates = torch.zeros(B, 4 * H, dtype=gates_dtype(dtype))
        h, c = torch.empty_like(h_0), torch.empty_like(c_0)
        kernel.lstm_forward(y, recurrent, bias, (h_0, c_0), keep, gates, (h, c))
        dc, carried, dy = dc_0.clone(), carried_0.clone(), torch.empty_like(y)
        kernel.lstm_backward(gates, (c, c_0), later, (dh, dc_out), keep, carried, dc, dy)
        return gates, h, c, dc, carried, dy

    same_on_any_number_of_threads(step)


@pytest.mark.parametrize("dtype", [float32, bfloat16], ids=["float32", "bfloat16"])
def test_the_cross_entropy_comes_out_the_same_to_the_bit_on_any_number_of_threads(dtype, kernel):
    N, V, K, L = 53, 301, 5, 9
    logits, bias, targets = torch.randn(N, V).to(dtype), torch.randn(V), torch.randint(V, (N,))
    values = torch.randn(N, K)
    ids = torch.randint(V, (N, L), dtype=torch.int32)
    classes = torch.randint(-1, K, (N, L), dtype=torch.int8)
    scale = torch.rand(N)

    def loss():
        z, nll, dbias, decho = logits.clone(), torch.empty(N), torch.zeros(V), torch.empty(N, K)
        echo = (values, ids, classes)
        kernel.cross_entropy(z, bias, targets, scale, echo, nll, dbias, decho)
        return z, nll, dbias, decho

    same_on_any_number_of_threads(loss)


@pytest.mark.parametrize("kind", ["fake", "meta"])
def test_a_tensor_without_memory_is_refused_and_does_not_end_the_process(kind, kernel):
    real = torch.zeros(3, 4)
    with FakeTensorMode() if kind == "fake" else torch.device("meta"):
        unreal = torch.zeros(4, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, that a fake tensor has no address
        with pytest.raises(RuntimeError, match=r"no memory on the CPU"):
            kernel.transpose(real, unreal)


def test_nothing_is_called_for_tensors_without_rows(kernel, monkeypatch):
    monkeypatch.setattr(kernel, "_functions", {})
    kernel.transpose(torch.zeros(0, 4), torch.zeros(4, 0))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_torch_and_the_kernel_share_one_openmp(kernel):
    """So torch.set_num_threads rules both, and no two pools of threads wait for each other."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    assert len(set(re.findall(r"\S*lib[gi]?omp\S*", maps))) == 1
