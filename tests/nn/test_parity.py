"""Our LSTM against torch.nn.LSTM.

Torch runs float64 natively, and float32 and bfloat16 in oneDNN where that can.
"""

import pytest
import torch

from tangyin.nn import LSTM, LSTMCell

float32, float64, bfloat16 = torch.float32, torch.float64, torch.bfloat16
SHAPES = [(1, False, True), (1, True, True), (2, True, True), (3, False, True), (2, True, False)]


def results(lstm, given, dtype, autocast):
    """Outputs, then gradients by name."""
    x, h_0, c_0, *outer = (t.to(dtype, copy=True) for t in given)
    leaves = {"x": x, "h_0": h_0, "c_0": c_0}
    with torch.autocast("cpu", bfloat16, enabled=autocast):
        output, (h_n, c_n) = lstm(x.requires_grad_(), (h_0.requires_grad_(), c_0.requires_grad_()))
        found = {"output": output, "h_n": h_n, "c_n": c_n}
        sum(
            (t.double() * g.double()).sum() for t, g in zip(found.values(), outer, strict=True)
        ).backward()
    leaves |= lstm.named_parameters()
    return found | {f"d {name}": leaf.grad for name, leaf in leaves.items()}


def compared(shape, dtype, autocast):
    """A float64 LSTM, a function that runs another with its weights, and what it gives exactly."""
    layers, bidirectional, bias = shape
    options = {"num_layers": layers, "bias": bias, "bidirectional": bidirectional}
    exact = torch.nn.LSTM(24, 16, **options, dtype=float64)
    for parameter in exact.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.15 if autocast else 0.3)
    rows = layers * (1 + bidirectional)
    shapes = [(12, 8, 24), (rows, 8, 16), (rows, 8, 16), (12, 8, 16 * (1 + bidirectional))]
    given = [torch.randn(shape, dtype=float64) for shape in (*shapes, *shapes[1:3])]

    def run(kind):
        lstm = kind(24, 16, **options, dtype=dtype)
        lstm.load_state_dict(exact.state_dict())
        return results(lstm, given, dtype, autocast)

    return run, results(exact, given, float64, autocast=False)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dtype", "autocast", "bound"),
    [
        (float32, False, 1e-5),
        (float64, False, 1e-13),
        (float32, True, 2 * torch.finfo(bfloat16).eps),
    ],
    ids=["float32", "float64", "autocast"],
)
def test_outputs_and_gradients_err_by_rounding(shape, dtype, autocast, bound, relative_error):
    run, expected = compared(shape, dtype, autocast)
    found = run(LSTM)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == (bfloat16 if autocast and name in ("output", "h_n") else dtype)
        assert relative_error(found[name], value) <= bound, name


@pytest.mark.parametrize("shape", SHAPES)
def test_under_autocast_they_err_little_more_than_torchs(shape, relative_error):
    run, expected = compared(shape, float32, autocast=True)
    try:
        usual = run(torch.nn.LSTM)
    except RuntimeError as error:  # oneDNN has no LSTM in bfloat16 for this processor
        if "could not create a primitive" not in str(error):
            raise
        mkldnn = torch.backends.mkldnn
        with mkldnn.flags(enabled=False, allow_tf32=mkldnn.allow_tf32):
            usual = run(torch.nn.LSTM)
    found = run(LSTM)
    for name, value in expected.items():
        error = relative_error(found[name], value)
        assert error <= 1.5 * relative_error(usual[name], value), name


@pytest.mark.parametrize("forward_inside", [False, True])
def test_backward_inside_autocast_equals_backward_outside(forward_inside):
    lstm = LSTM(5, 4)
    x = torch.randn(3, 2, 5, requires_grad=True)
    grads = []
    for inside in (True, False):
        with torch.autocast("cpu", bfloat16, enabled=forward_inside):
            loss = lstm(x)[0].float().square().sum()
        with torch.autocast("cpu", bfloat16, enabled=inside):
            grads.append(torch.autograd.grad(loss, [x, *lstm.parameters()]))
    torch.testing.assert_close(*grads, rtol=0, atol=0)


def test_second_derivatives_under_autocast_err_by_its_rounding(relative_error):
    exact = LSTM(24, 16, 2, dtype=float64)
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
    with torch.autocast("cpu", bfloat16):
        found = penalty(lstm, x)
    for a, b in zip(found, expected, strict=True):
        assert relative_error(a, b) < 8 * torch.finfo(bfloat16).eps


def test_float64_is_left_alone_by_autocast():
    lstm = LSTM(5, 4, dtype=float64)
    x = torch.randn(3, 2, 5, dtype=float64)
    with torch.autocast("cpu", bfloat16):
        inside, _ = lstm(x)
    assert torch.equal(inside, lstm(x)[0])


@pytest.mark.parametrize("dtype", [bfloat16, torch.float16])
def test_half_precision_weights_give_half_precision_states_near_the_exact_ones(
    dtype, relative_error
):
    lstm = LSTM(24, 16, dtype=float32)
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
    ours, theirs = (kind(5, 4, dtype=float64) for kind in (LSTMCell, torch.nn.LSTMCell))
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(3, 5, dtype=float64)
    state = tuple(torch.randn(3, 4, dtype=float64) for _ in range(2))
    for given in ((x, state), (x,), (x[0],)):
        for a, b in zip(ours(*given), theirs(*given), strict=True):
            assert relative_error(a, b) < 1e-14
