"""Our LSTM against torch.nn.LSTM, whose float32 and bfloat16 run in oneDNN, float64 natively."""

import pytest
import torch

from tangyin.nn import LSTM, LSTMCell

SHAPES = [(1, False, True), (1, True, True), (2, True, True), (3, False, True), (2, True, False)]


def pair(layers, bidirectional, bias, dtype, scale=0.3):
    options = {"bias": bias, "bidirectional": bidirectional, "dtype": dtype}
    ours, theirs = (kind(24, 16, layers, **options) for kind in (LSTM, torch.nn.LSTM))
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(0.0, scale)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def gradients(lstm, x, state, outer):
    """Outputs, then gradients by name."""
    leaves = {"x": x, "h_0": state[0], "c_0": state[1]}
    leaves = {n: t.clone().requires_grad_() for n, t in leaves.items()}
    output, last = lstm(leaves["x"], (leaves["h_0"], leaves["c_0"]))
    found = {"output": output, "h_n": last[0], "c_n": last[1]}
    total = sum((t.double() * g.double()).sum() for t, g in zip(found.values(), outer, strict=True))
    lstm.zero_grad()
    total.backward()
    grads = {n: t.grad for n, t in leaves.items()}
    return found, grads | {n: p.grad for n, p in lstm.named_parameters()}


def draw(layers, bidirectional, dtype):
    directions = 2 if bidirectional else 1
    of_state = (layers * directions, 8, 16)
    shapes = [(12, 8, 24), of_state, of_state, (12, 8, 16 * directions), of_state, of_state]
    x, h, c, *outer = (torch.randn(shape, dtype=dtype) for shape in shapes)
    return x, (h, c), outer


@pytest.mark.parametrize(("layers", "bidirectional", "bias"), SHAPES)
@pytest.mark.parametrize(
    ("dtype", "bound"), [(torch.float32, 1e-5), (torch.float64, 1e-13)], ids=["float32", "float64"]
)
def test_outputs_and_gradients_equal_torchs(
    layers, bidirectional, bias, dtype, bound, relative_error
):
    ours, theirs = pair(layers, bidirectional, bias, dtype)
    given = draw(layers, bidirectional, dtype)
    found, grads = gradients(ours, *given)
    expected, expected_grads = gradients(theirs, *given)
    assert grads.keys() == expected_grads.keys()
    for name, value in (expected | expected_grads).items():
        assert relative_error((found | grads)[name], value) <= bound, name


@pytest.mark.parametrize(("layers", "bidirectional", "bias"), SHAPES)
def test_bfloat16_autocast_errs_by_its_own_rounding_and_no_more_than_torchs(
    layers, bidirectional, bias, relative_error
):
    ours, theirs = pair(layers, bidirectional, bias, torch.float32, scale=0.15)
    exact, _ = pair(layers, bidirectional, bias, torch.float64)
    exact.load_state_dict(ours.state_dict())
    given = draw(layers, bidirectional, torch.float32)
    x, state, outer = given
    doubles = (x.double(), tuple(s.double() for s in state), [g.double() for g in outer])
    expected, expected_grads = gradients(exact, *doubles)
    with torch.autocast("cpu", torch.bfloat16):
        found, grads = gradients(ours, *given)
        torchs, torchs_grads = gradients(theirs, *given)
    assert found["output"].dtype == found["h_n"].dtype == torch.bfloat16
    assert {t.dtype for t in (found["c_n"], *grads.values())} == {torch.float32}
    rounding = torch.finfo(torch.bfloat16).eps
    for name, value in (expected | expected_grads).items():
        error = relative_error((found | grads)[name], value)
        assert error <= 2 * rounding, name
        assert error <= 1.5 * relative_error((torchs | torchs_grads)[name], value), name


@pytest.mark.parametrize("forward_inside", [False, True])
def test_backward_inside_autocast_equals_backward_outside(forward_inside):
    lstm = LSTM(5, 4)
    x = torch.randn(3, 2, 5, requires_grad=True)
    grads = []
    for inside in (True, False):
        with torch.autocast("cpu", torch.bfloat16, enabled=forward_inside):
            loss = lstm(x)[0].float().square().sum()
        with torch.autocast("cpu", torch.bfloat16, enabled=inside):
            grads.append(torch.autograd.grad(loss, [x, *lstm.parameters()]))
    torch.testing.assert_close(*grads, rtol=0, atol=0)


def test_second_derivatives_under_autocast_err_by_its_rounding(relative_error):
    exact = LSTM(24, 16, 2, dtype=torch.float64)
    lstm = LSTM(24, 16, 2)
    lstm.load_state_dict(exact.state_dict())
    x = torch.randn(6, 4, 24)

    def penalty(module, given):
        given = given.clone().requires_grad_()
        output, (_, c) = module(given)
        loss = output.to(c.dtype).square().sum() + c.square().sum()
        (gradient,) = torch.autograd.grad(loss, given, create_graph=True)
        return torch.autograd.grad(gradient.square().sum(), list(module.parameters()))

    expected = penalty(exact, x.double())
    with torch.autocast("cpu", torch.bfloat16):
        found = penalty(lstm, x)
    for a, b in zip(found, expected, strict=True):
        assert relative_error(a, b) < 8 * torch.finfo(torch.bfloat16).eps


def test_float64_is_left_alone_by_autocast():
    lstm = LSTM(5, 4, dtype=torch.float64)
    x = torch.randn(3, 2, 5, dtype=torch.float64)
    with torch.autocast("cpu", torch.bfloat16):
        inside, _ = lstm(x)
    assert torch.equal(inside, lstm(x)[0])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_weights_give_half_precision_states_near_the_exact_ones(
    dtype, relative_error
):
    lstm = LSTM(24, 16, dtype=torch.float32)
    x = torch.randn(12, 8, 24)
    expected, _ = lstm(x)
    half = LSTM(24, 16, dtype=dtype)
    half.load_state_dict(lstm.state_dict())
    output, (h, c) = half(x.to(dtype))
    assert output.dtype == h.dtype == c.dtype == dtype
    assert relative_error(output, expected) < 2 * torch.finfo(dtype).eps
    output.float().square().sum().backward()
    assert all(p.grad.dtype == dtype for p in half.parameters())


def test_a_cell_equals_torchs_cell(relative_error):
    ours, theirs = (kind(5, 4, dtype=torch.float64) for kind in (LSTMCell, torch.nn.LSTMCell))
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(3, 5, dtype=torch.float64)
    state = tuple(torch.randn(3, 4, dtype=torch.float64) for _ in range(2))
    for given in ((x, state), (x,), (x[0],)):
        for a, b in zip(ours(*given), theirs(*given), strict=True):
            assert relative_error(a, b) < 1e-14
