"""The native kernel: against torch's own operations, and both against float64."""

import re
import sys
import warnings
from pathlib import Path

import pytest
import torch
from hypothesis import given as generated
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from tangyin.nn import LSTMState, lstm_sequence
from tangyin.nn.closed_form import WIDE, weight_gradient
from tangyin.nn.native import gates_dtype
from tangyin.nn.torch_kernel import TorchKernel

float32, bfloat16, float64 = torch.float32, torch.bfloat16, torch.float64
BF16 = torch.finfo(bfloat16).eps
# T, B, E, H, P, where P is H without a projection: the smallest; rows that fill no vector; with a
# projection; enough rows for several threads
SHAPES = [(1, 1, 1, 1, 1), (9, 5, 7, 6, 6), (9, 5, 7, 6, 2), (3, 33, 20, 130, 130)]
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
    T, B, E, H, P = shape
    sizes = {"x": (T, B, E), "h_0": (B, P), "c_0": (B, H), "w_ih": (4 * H, E), "w_hh": (4 * H, P)}
    if bias:
        sizes["bias"] = (4 * H,)
    if P < H:
        sizes["w_hr"] = (P, H)
    return {name: scale * torch.randn(size) for name, size in sizes.items()}


def mask_of(shape):
    """One row whole, the others with holes at their beginning, middle and end."""
    mask = torch.rand(shape[:2]) < 0.6
    mask[:, 0] = True
    return mask


def outside_of(shape, h=True, c=True):
    T, B, _, H, P = shape
    return torch.randn(T, B, P) if h else None, torch.randn(T, B, H) if c else None


def results(given, mask, outside, dtype=float32, autocast=False):
    """h, c and the gradients of all that is given."""
    leaves = {name: t.to(dtype, copy=True).requires_grad_() for name, t in given.items()}
    start = LSTMState(leaves["h_0"], leaves["c_0"])
    weights = [leaves.get(name) for name in ("w_ih", "w_hh", "bias")]
    with torch.autocast("cpu", bfloat16, enabled=autocast):
        h, c = lstm_sequence(leaves["x"], start, *weights, mask, leaves.get("w_hr"))
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
    shape = (9, 5, 7, 6, 6)
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
@pytest.mark.parametrize("P", [32, 8], ids=["plain", "projection"])
def test_in_bfloat16_the_kernel_errs_by_bfloat16s_rounding_and_no_more_than_torch(
    bias, masked, which, P, kernel, without_kernel, relative_error
):
    shape = (9, 16, 24, 32, P)
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


@pytest.mark.parametrize("autocast", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("where", POISONED)
def test_nan_and_infinity_stay_as_visible_as_in_torch(
    where, value, autocast, kernel, without_kernel
):
    shape = (4, 3, 5, 4, 4)
    given, outside = draw(shape), outside_of(shape)
    given[where].view(-1)[-1] = value  # of the output gate, where it is a weight or a bias
    ours = results(given, None, outside, float32, autocast)
    torchs = without_kernel(results, given, None, outside, float32, autocast)
    for name in ours:
        assert torch.equal(ours[name].isfinite(), torchs[name].isfinite()), name
    saturated = where == "bias" and value == value  # an infinite bias makes o 0 or 1
    assert saturated == all(t.isfinite().all() for t in ours.values())


def test_states_and_gradients_may_lie_in_memory_in_any_order(kernel, relative_error):
    shape = (6, 4, 5, 3, 3)
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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_torch_and_the_kernel_share_one_openmp(kernel):
    """So torch.set_num_threads rules both, and no two pools of threads wait for each other."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    assert len(set(re.findall(r"\S*lib[gi]?omp\S*", maps))) == 1


EPS = {bfloat16: torch.finfo(bfloat16).eps, float32: 1e-5, float64: 1e-13}
sizes = st.integers(1, 70)


@generated(N=sizes, inward=sizes, back=sizes.map(lambda n: n + WIDE - 35), add=st.booleans(),
       dtype=st.sampled_from(list(EPS)), seed=st.integers(0, 99))  # fmt: skip
def test_it_is_the_product_of_both_to_the_rounding_of_their_dtype(
    kernel, N, inward, back, add, dtype, seed
):
    torch.manual_seed(seed)
    d, x = torch.randn(N, back).to(dtype), torch.randn(N, inward).to(dtype)
    before = torch.randn(back, inward, dtype=float64 if dtype == float64 else float32)
    wanted = d.double().t() @ x.double() + (before.double() if add else 0)
    bound = EPS[dtype] * (d.double().abs().t() @ x.double().abs() + before.double().abs())
    for with_kernel in (kernel, TorchKernel()):
        to = before.clone()
        if not add:
            to[0, 0] = torch.nan  # what was there does not matter
        assert weight_gradient(with_kernel, d, x, to, add=add) is to
        assert ((to.double() - wanted).abs() <= bound).all()


STRIDED = {  # (40, 33) that do not lie in memory row by row
    "columns of a wider one": lambda: torch.randn(40, 36, dtype=bfloat16)[:, :33],
    "turned": lambda: torch.randn(33, 40, dtype=bfloat16).t(),
    "one row everywhere": lambda: torch.randn(1, 33, dtype=bfloat16).expand(40, 33),
}


@pytest.mark.parametrize("kind", STRIDED)
def test_operands_may_lie_in_memory_as_they_like(kernel, kind):
    torch.manual_seed(1)
    d, x = torch.randn(40, WIDE).bfloat16(), STRIDED[kind]()
    assert not x.is_contiguous()
    to, same = torch.empty(WIDE, 33), torch.empty(WIDE, 33)
    weight_gradient(kernel, d, x, to)
    weight_gradient(kernel, d, x.contiguous(), same)
    assert torch.equal(to, same)
