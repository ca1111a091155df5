"""Memory that is used again: never while anything still looks at it."""

import signal
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from tangyin.nn import LSTMState, linear_cross_entropy, lstm_sequence, workspace
from tangyin.nn.native import native_kernel
from tangyin.nn.workspace import SMALLEST

CPU = torch.device("cpu")
LARGE = (SMALLEST // 4 + 1,)


def take(shape=LARGE, dtype=torch.float32):
    return workspace.empty(shape, dtype, CPU)


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch):
    """Start with no memory that other tests have left."""
    workspace._take_back()
    monkeypatch.setattr(workspace, "_waiting", defaultdict(deque))


def test_the_memory_of_a_dead_tensor_serves_the_next_of_its_size_whatever_its_dtype():
    first = take()
    place = first.data_ptr()
    del first
    assert take((2, *LARGE), torch.bfloat16).data_ptr() == place


def test_memory_is_not_given_out_while_a_view_of_it_lives():
    whole = take().fill_(1.0)
    view = whole.view(1, -1)[:, 7:]
    del whole
    take().fill_(2.0)
    assert (view == 1.0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int16, torch.float64])
def test_a_tensor_is_contiguous_aligned_and_of_the_wanted_shape_and_dtype(dtype):
    shape = (3, SMALLEST, 1)
    with torch.device("meta"):  # a default device changes nothing
        made = take(shape, dtype)
    assert (made.shape, made.dtype, made.device) == (shape, dtype, CPU)
    assert made.is_contiguous()
    assert made.data_ptr() % 64 == 0
    assert not made.requires_grad


def test_small_tensors_and_other_devices_are_left_to_torch():
    take((4,))
    assert workspace.empty(LARGE, torch.float32, torch.device("meta")).device.type == "meta"
    assert not workspace._waiting


@pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="needs signals")
def test_an_interruption_while_memory_comes_back_is_not_lost():
    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(take())
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            signal.raise_signal(signal.SIGINT)
            return grad

    x = torch.ones((), requires_grad=True)
    with pytest.raises(KeyboardInterrupt):
        Function.apply(x).backward()
    workspace._take_back()
    assert sum(map(len, workspace._waiting.values())) == 1


def test_threads_never_hold_the_same_memory():
    def holds_what_it_wrote(number):
        return all((take().fill_(number) == number).all() for _ in range(50))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(holds_what_it_wrote, range(4)))


def test_a_graph_that_is_kept_gives_the_same_gradients_after_others_have_come_and_gone():
    T, B, E, H, V = 9, 64, 64, 512, 600  # gates, logits and gradients of over SMALLEST bytes
    torch.manual_seed(1)
    w_ih, w_hh = (0.1 * torch.randn(4 * H, width) for width in (E, H))
    w_out, bias = 0.1 * torch.randn(V, H), torch.zeros(V)
    leaves = [leaf.requires_grad_() for leaf in (w_ih, w_hh, w_out, bias)]
    assert 4 * T * B * H * 2 > SMALLEST
    if native_kernel() is None:
        pytest.skip("needs a compiler")

    def loss_of(seed):
        drawn = torch.Generator().manual_seed(seed)
        x = torch.randn(T, B, E, generator=drawn)
        targets = torch.randint(V, (T * B,), generator=drawn)
        zeros = torch.zeros(B, H)
        with torch.autocast("cpu", torch.bfloat16):
            states = lstm_sequence(x, LSTMState(zeros, zeros), w_ih, w_hh)
            return linear_cross_entropy(states.h.flatten(0, 1), w_out, bias, targets)

    kept = loss_of(1)
    assert workspace._loans
    first = torch.autograd.grad(kept, leaves, retain_graph=True)
    copies = [gradient.clone() for gradient in first]
    for seed in (2, 3):
        torch.autograd.grad(loss_of(seed), leaves)
    second = torch.autograd.grad(kept, leaves)
    torch.testing.assert_close(first, copies, rtol=0, atol=0)
    torch.testing.assert_close(second, copies, rtol=0, atol=0)
