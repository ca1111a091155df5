"""Output layer and cross-entropy in one: against torch's, whole, in float64."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from tangyin.nn import cross_entropy as module
from tangyin.nn import linear_cross_entropy
from tangyin.nn.cross_entropy import Echo
from tangyin.nn.torch_kernel import TorchKernel

float32, bfloat16, float64 = torch.float32, torch.bfloat16, torch.float64
BF16 = torch.finfo(bfloat16).eps


@pytest.fixture(params=["kernel", "torch"])
def path(request, monkeypatch):
    """Takes the products' rest once by the kernel and once by torch's own operations."""
    if request.param == "torch":
        monkeypatch.setattr(module, "kernel_for", lambda *_: TorchKernel())
    else:
        request.getfixturevalue("kernel")


def draw(N, V, H, K=0, L=0, scale=1.0):
    """hidden, weight, bias and echo values, and (targets, scale, ids, classes)."""
    leaves = [scale * torch.randn(N, H), torch.randn(V, H), torch.randn(V)]
    fixed = [torch.randint(V, (N,)), torch.rand(N) / N]
    if K:
        leaves.append(torch.randn(N, K))
        fixed.append(torch.randint(V, (N, L), dtype=torch.int32))
        fixed.append(torch.randint(-1, K, (N, L), dtype=torch.int8))
    return leaves, fixed


def whole(leaves, fixed):
    """The same loss from all logits at once."""
    hidden, weight, bias, *values = leaves
    targets, scale, *echo = fixed
    logits = hidden @ weight.t() + bias
    if values:
        ids, classes = echo
        rows, places = torch.nonzero(classes >= 0, as_tuple=True)
        gains = values[0][rows, classes[rows, places].long()]
        logits = logits.index_put((rows, ids[rows, places].long()), gains, accumulate=True)
    return (F.cross_entropy(logits, targets, reduction="none") * scale.to(logits.dtype)).sum()


def ours(leaves, fixed):
    hidden, weight, bias, *values = leaves
    targets, scale, *echo = fixed
    counted = Echo(values[0], *echo) if values else None
    return linear_cross_entropy(hidden, weight, bias, targets, scale, counted)


def loss_and_gradients(function, leaves, fixed, dtype):
    given_ = [leaf.to(dtype, copy=True).requires_grad_() for leaf in leaves]
    loss = function(given_, fixed)
    return [loss.detach(), *torch.autograd.grad(loss, given_)]


@given(
    N=st.integers(1, 90),
    V=st.integers(2, 40),
    H=st.integers(1, 9),
    K=st.integers(0, 5),
    L=st.integers(1, 12),
    rows=st.integers(1, 40),
    together=st.integers(1, 4),
    seed=st.integers(0, 2**31),
)
def test_in_float64_loss_and_gradients_are_those_of_all_logits_whatever_the_chunks(
    N, V, H, K, L, rows, together, seed
):
    torch.manual_seed(seed)
    leaves, fixed = draw(N, V, H, K, L)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_BYTES", rows * V * 8)
        patch.setattr(module, "CHUNKS_TOGETHER", together)
        found = loss_and_gradients(ours, leaves, fixed, float64)
    for one, other in zip(found, loss_and_gradients(whole, leaves, fixed, float64), strict=True):
        assert (one - other).norm() <= 1e-12 * (1 + other.norm())


@pytest.mark.parametrize("K", [0, 5], ids=["plain", "echo"])
@pytest.mark.parametrize("rows", [16, 48, 1000])
def test_in_float32_it_errs_by_rounding_alone(K, rows, path, monkeypatch, relative_error):
    leaves, fixed = draw(131, 83, 24, K, 20)
    monkeypatch.setattr(module, "CHUNK_BYTES", rows * 83 * 4)
    exact = loss_and_gradients(whole, leaves, fixed, float64)
    found = loss_and_gradients(ours, leaves, fixed, float32)
    for one, other in zip(found, exact, strict=True):
        assert one.dtype == float32
        assert relative_error(one, other) < 2e-6


@pytest.mark.parametrize("K", [0, 5], ids=["plain", "echo"])
@pytest.mark.parametrize("rows", [16, 1000])
def test_in_bfloat16_it_errs_by_its_rounding_and_no_more_than_autocast_of_all_logits(
    K, rows, path, monkeypatch, relative_error
):
    leaves, fixed = draw(131, 83, 24, K, 20, scale=0.3)
    monkeypatch.setattr(module, "CHUNK_BYTES", rows * 83 * 2)
    exact = loss_and_gradients(whole, leaves, fixed, float64)

    def under_autocast(function):
        def call(*given_):
            with torch.autocast("cpu", bfloat16):
                return function(*given_)

        return loss_and_gradients(call, leaves, fixed, float32)

    found, usual = under_autocast(ours), under_autocast(whole)
    for one, other, reference in zip(found, usual, exact, strict=True):
        assert one.dtype == float32
        assert relative_error(one, reference) < BF16
        assert relative_error(one, reference) < 1.5 * relative_error(other, reference) + 1e-4


def test_left_out_the_scale_makes_the_mean(path, relative_error):
    (hidden, weight, bias), (targets, _) = draw(40, 11, 5)
    expected = F.cross_entropy(hidden @ weight.t() + bias, targets)
    found = linear_cross_entropy(hidden, weight, bias, targets)
    assert relative_error(found, expected) < 1e-6


def test_without_gradients_it_gives_the_same_loss(path):
    leaves, fixed = draw(40, 11, 5, 3, 4)
    with torch.no_grad():
        alone = ours(leaves, fixed)
    assert not alone.requires_grad
    assert torch.equal(alone, loss_and_gradients(ours, leaves, fixed, float32)[0])


def test_the_gradient_is_scaled_by_what_comes_from_outside_and_adds_up(path):
    leaves, fixed = draw(40, 11, 5, 3, 4)
    once = loss_and_gradients(ours, leaves, fixed, float32)
    given_ = [leaf.clone().requires_grad_() for leaf in leaves]
    loss = ours(given_, fixed)
    loss.backward(retain_graph=True)
    loss.backward()
    torch.testing.assert_close([leaf.grad for leaf in given_], [2 * g for g in once[1:]])
    for factor in (-2.5, 0.0):
        scaled = loss_and_gradients(lambda *a, f=factor: f * ours(*a), leaves, fixed, float32)
        torch.testing.assert_close(scaled[1:], [factor * gradient for gradient in once[1:]])


def test_a_class_below_zero_adds_nothing_whatever_id_stands_there(path):
    leaves, fixed = draw(20, 11, 5, 3, 4)
    found = loss_and_gradients(ours, leaves, fixed, float32)
    targets, scale, ids, classes = fixed
    others = torch.where(classes < 0, (ids + 1) % 11, ids)
    again = loss_and_gradients(ours, leaves, [targets, scale, others, classes], float32)
    torch.testing.assert_close(again, found, rtol=0, atol=0)
    silent = [targets, scale, ids, torch.full_like(classes, -1)]
    plain = loss_and_gradients(ours, leaves[:3], fixed[:2], float32)
    *same, by_values = loss_and_gradients(ours, leaves, silent, float32)
    assert not by_values.any()
    torch.testing.assert_close(same, plain, rtol=0, atol=0)


def test_logits_far_apart_cost_what_they_do_in_torch(path, relative_error):
    V = 40
    hidden, weight = torch.ones(4, 1), 0.1 * torch.randn(V, 1)
    bias = torch.zeros(V)
    bias[:3] = torch.tensor([200.0, 110.0, -1000.0])
    targets = torch.tensor([0, 1, 2, 5])
    # the largest logit is echoed away in the last two rows
    values = torch.tensor([[0.0], [50.0], [-300.0], [-400.0]])
    leaves = [hidden, weight, bias, values]
    ids, classes = torch.zeros(4, 1, dtype=torch.int32), torch.zeros(4, 1, dtype=torch.int8)
    fixed = [targets, torch.full((4,), 0.25), ids, classes]
    exact = loss_and_gradients(whole, leaves, fixed, float64)
    for one, other in zip(loss_and_gradients(ours, leaves, fixed, float32), exact, strict=True):
        assert relative_error(one, other) < 1e-5


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("dtype", [float32, bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("where", range(4))
def test_nan_and_infinity_stay_visible(where, dtype, value, path):
    leaves, fixed = draw(20, 11, 5, 3, 4)
    leaves[where].view(-1)[0] = value
    fixed[3].fill_(0)  # every echo value of class 0 is used
    with torch.autocast("cpu", bfloat16, enabled=dtype == bfloat16):
        loss = ours(leaves, fixed)
    assert not loss.isfinite()


def test_a_half_precision_weight_is_summed_in_float32(path, relative_error):
    leaves, fixed = draw(131, 83, 24, scale=0.3)
    hidden, weight, bias = (leaf.to(bfloat16).requires_grad_() for leaf in leaves)
    loss = linear_cross_entropy(hidden, weight, bias, *fixed)
    assert loss.dtype == float32
    rounded = [leaf.detach().float() for leaf in (hidden, weight, bias)]
    exact = loss_and_gradients(whole, rounded, fixed, float64)
    assert relative_error(loss.detach(), exact[0]) < BF16
    gradients = torch.autograd.grad(loss, (hidden, weight, bias))
    for found, reference in zip(gradients, exact[1:], strict=True):
        assert found.dtype == bfloat16
        assert relative_error(found, reference) < BF16


class Largest(TorchDispatchMode):
    """Notes the largest memory that any operation's result lies in, in bytes."""

    def __init__(self):
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for one in result if isinstance(result, tuple | list) else [result]:
            if isinstance(one, torch.Tensor):
                self.bytes = max(self.bytes, one.untyped_storage().nbytes())
        return result


@pytest.mark.parametrize("autocast", [False, True], ids=["float32", "bfloat16"])
def test_the_logits_of_a_batch_are_never_held(autocast, path, monkeypatch):
    N, V = 2000, 300
    leaves, fixed = draw(N, V, 4, 5, 6)
    monkeypatch.setattr(module, "CHUNK_BYTES", 32 * V * 4)

    def largest(function):
        with Largest() as mode, torch.autocast("cpu", bfloat16, enabled=autocast):
            loss_and_gradients(function, leaves, fixed, float32)
        return mode.bytes

    assert largest(whole) >= N * V * 2
    assert largest(ours) <= 2 * 64 * V * 4  # two chunks; in bfloat16 they have twice the rows


@pytest.mark.parametrize("weighted", [False, True])
def test_second_derivatives_are_refused(weighted):
    leaves, fixed = draw(20, 11, 5, 3, 4)
    given_ = [leaf.clone().requires_grad_() for leaf in leaves]
    factor = torch.ones((), requires_grad=weighted)
    loss = factor * ours(given_, fixed)
    with pytest.raises(RuntimeError, match="linear_cross_entropy has no second derivatives"):
        torch.autograd.grad(loss, given_, create_graph=True)


@pytest.mark.parametrize(("place", "value"), [(0, 11), (0, -1), (2, 11), (2, -1), (3, 3)], ids=str)
def test_a_number_that_is_no_row_is_refused_and_reaches_no_memory(place, value, path):
    leaves, fixed = draw(20, 11, 5, 3, 4)
    fixed[3].fill_(0)
    fixed[place].view(-1)[7] = value
    with pytest.raises((IndexError, RuntimeError), match=r"out of (range|bounds)"):
        ours(leaves, fixed)


def test_numbers_may_be_of_any_integer_type(path):
    leaves, fixed = draw(20, 11, 5, 3, 4)
    expected = ours(leaves, fixed)
    targets, scale, ids, classes = fixed
    for dtype in (torch.int64, torch.int16):
        other = [targets.to(dtype), scale.double(), ids.to(dtype), classes.to(dtype)]
        assert torch.equal(ours(leaves, other), expected)


def test_no_rows_are_refused_in_a_sentence(path):
    nothing, weight = torch.empty(0, 3), torch.randn(5, 3)
    with pytest.raises(ValueError, match="no rows"):
        linear_cross_entropy(nothing, weight, torch.zeros(5), torch.empty(0, dtype=torch.int64))
