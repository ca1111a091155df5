import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.lstm import sequence_backward, sequence_forward, step_backward, step_forward

SIZES = [(7, 4, 5, 3), (1, 1, 1, 1)]  # T, B, H, E
REACHED = ["all", "outputs", "h_n", "c_n"]
sizes = st.tuples(*(st.integers(1, top) for top in (6, 4, 5, 4)))
seeds = st.integers(0, 2**32 - 1)


def torch_loop(W_ih, W_hh, b, x, h, c, mask=None):
    """The same sequence in plain torch operations, for autograd to differentiate."""
    outputs = []
    for t in range(len(x)):
        i, f, g, o = (x[t] @ W_ih.T + h @ W_hh.T + b).chunk(4, dim=-1)
        new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        new_h = torch.sigmoid(o) * torch.tanh(new_c)
        if mask is not None:
            new_h = torch.where(mask[t][:, None], new_h, h)
            new_c = torch.where(mask[t][:, None], new_c, c)
        h, c = new_h, new_c
        outputs.append(h)
    return torch.stack(outputs), h, c


def draw(generator, size, dtype, reached):
    """The inputs x, h_0, c_0, and the adjoints of outputs, h_n, c_n, zero where not reached."""
    T, B, H, E = size
    inputs = [generator.standard_normal(s).astype(dtype) for s in ((T, B, E), (B, H), (B, H))]
    adjoints = [generator.standard_normal(s).astype(dtype) for s in ((T, B, H), (B, H), (B, H))]
    for name, adjoint in zip(REACHED[1:], adjoints, strict=True):
        adjoint *= reached in ("all", name)
    return inputs, adjoints


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize(
    ("dtype", "scale", "bound"),
    [(np.float64, 0.7, 1e-12), (np.float64, 20.0, 1e-12), (np.float32, 0.7, 1e-5)],
    ids=["ordinary", "saturated", "float32"],
)
@pytest.mark.parametrize("reached", REACHED)
@pytest.mark.parametrize("size", SIZES)
def test_backward_through_time_is_autograd_of_a_plain_loop(
    size, reached, dtype, scale, bound, masked, generator, random_parameters, relative_error
):
    T, B, H, E = size
    parameters = random_parameters(generator, H, E, scale, dtype)
    inputs, adjoints = draw(generator, size, dtype, reached)
    mask = generator.random((T, B)) < 0.6 if masked else None
    leaves = [
        torch.from_numpy(array).requires_grad_()
        for array in (parameters.W_ih, parameters.W_hh, parameters.b, *inputs)
    ]
    references = torch_loop(*leaves, None if mask is None else torch.from_numpy(mask))
    torch.autograd.backward(references, [torch.from_numpy(a) for a in adjoints])

    trace = sequence_forward(parameters, *inputs, mask)
    gradients = sequence_backward(parameters, trace, *adjoints)
    found = [trace.outputs, trace.h_n, trace.c_n, *gradients]
    for ours, reference in zip(found, [*references, *(x.grad for x in leaves)], strict=True):
        assert ours.dtype == dtype
        assert relative_error(ours, reference) <= bound


@settings(max_examples=30)
@given(size=sizes, seed=seeds)
def test_steps_one_by_one_are_the_sequence(random_parameters, size, seed):
    generator = np.random.default_rng(seed)
    parameters = random_parameters(generator, *size[2:])
    (x, h, c), (dh, dh_n, dc_n) = draw(generator, size, np.float64, "all")
    trace = sequence_forward(parameters, x, h, c)
    steps = []
    for x_t in x:
        steps.append(step_forward(parameters, x_t, h, c))
        h, c = steps[-1].h, steps[-1].c
    np.testing.assert_allclose(trace.outputs, [step.h for step in steps], atol=1e-13)
    np.testing.assert_allclose(trace.c_n, c, atol=1e-13)

    whole = sequence_backward(parameters, trace, dh, dh_n, dc_n)
    W_hh = np.zeros_like(parameters.W_hh)
    for t in reversed(range(len(x))):
        gradients = step_backward(parameters, steps[t], dh[t] + dh_n, dc_n)
        dh_n, dc_n = gradients.h_prev, gradients.c_prev
        W_hh += gradients.W_hh
        np.testing.assert_allclose(whole.x[t], gradients.x, atol=1e-12)
    np.testing.assert_allclose(whole.W_hh, W_hh, atol=1e-12)
    np.testing.assert_allclose(whole.h_0, dh_n, atol=1e-12)
    np.testing.assert_allclose(whole.c_0, dc_n, atol=1e-12)


def test_state_starts_at_zero_and_absent_adjoints_are_zero(generator, random_parameters):
    T, B, H, E = 4, 3, 5, 2
    parameters = random_parameters(generator, H, E)
    (x, _, _), (dh, _, _) = draw(generator, (T, B, H, E), np.float64, "all")
    zeros = np.zeros((B, H))
    trace = sequence_forward(parameters, x)
    np.testing.assert_array_equal(trace.h, sequence_forward(parameters, x, zeros, zeros).h)
    left_out = sequence_backward(parameters, trace, dh)
    given_zeros = sequence_backward(parameters, trace, dh, zeros, zeros)
    for ours, reference in zip(left_out, given_zeros, strict=True):
        np.testing.assert_array_equal(ours, reference)
    only_c = sequence_backward(parameters, trace, dc_n=np.ones((B, H)))
    assert np.abs(only_c.W_hh).max() > 0


def test_backward_leaves_the_trace_and_the_adjoints_alone(generator, random_parameters):
    size = (5, 3, 4, 2)
    parameters = random_parameters(generator, *size[2:])
    inputs, adjoints = draw(generator, size, np.float64, "all")
    mask = generator.random(size[:2]) < 0.5
    trace = sequence_forward(parameters, *inputs, mask)
    before = [array.copy() for array in (*trace, *adjoints)]
    sequence_backward(parameters, trace, *adjoints)
    for array, copy in zip((*trace, *adjoints), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("wrong", "shape"),
    [("x", (5, 2)), ("x", (5, 3, 3)), ("h_0", (1, 4)), ("c_0", (3, 1)), ("mask", (5, 1))],
)
def test_input_that_would_broadcast_is_refused(wrong, shape, generator, random_parameters):
    parameters = random_parameters(generator, 4, 2)
    shapes = {"x": (5, 3, 2), "h_0": (3, 4), "c_0": (3, 4), "mask": (5, 3)} | {wrong: shape}
    x, h_0, c_0, mask = map(np.ones, shapes.values())
    with pytest.raises(ValueError, match=wrong):
        sequence_forward(parameters, x, h_0, c_0, mask > 0)


@pytest.mark.parametrize("wrong", ["dh", "dh_n", "dc_n"])
def test_adjoint_that_would_broadcast_is_refused(wrong, generator, random_parameters):
    parameters = random_parameters(generator, 4, 2)
    trace = sequence_forward(parameters, np.ones((5, 3, 2)))
    with pytest.raises(ValueError, match=wrong):
        sequence_backward(parameters, trace, **{wrong: np.ones((1, 4))})
