import numpy as np
import pytest
import torch

from tangyin import lstm
from tangyin.lstm import Parameters, jacobians, step_backward, step_forward

NAMES = ["f", "i", "g", "c", "c_prev", "o", "h_prev", "x"] + [
    f"{k}_{g}" for k in "Wb" for g in "figo"
]
SIZES = [(5, 3), (1, 1), (3, 6)]


def h_of(v, xp):
    """The step written once more, from its definition; a gate or c given in `v` is held there."""
    z = xp.concatenate([v["h_prev"], v["x"]])

    def gate(name):
        if name in v:
            return v[name]
        y = v[f"W_{name}"] @ z + v[f"b_{name}"]
        return xp.tanh(y) if name == "g" else 1 / (1 + xp.exp(-y))

    c = v["c"] if "c" in v else gate("f") * v["c_prev"] + gate("i") * gate("g")
    return gate("o") * xp.tanh(c)


def drawn(generator, parameters):
    """The values a step reads, and those on its way."""
    H, E = parameters.hidden_size, parameters.input_size
    sizes = {"x": E, "h_prev": H, "c_prev": H}
    read = {name: generator.standard_normal(size) for name, size in sizes.items()}
    step = step_forward(parameters, **read)
    weights = {name: getattr(parameters, name).copy() for name in NAMES if name[0] in "Wb"}
    return read | weights, {name: getattr(step, name) for name in "ifgoc"}


def test_jacobians_have_exactly_the_documented_names(generator, random_parameters):
    parameters = random_parameters(generator, 3, 2)
    assert list(jacobians(parameters, np.ones(2), np.ones(3), np.ones(3))) == NAMES


@pytest.mark.parametrize(("scale", "floor"), [(0.7, 1e-300), (20.0, 1e-2)])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_jacobian_is_that_of_autograd_and_of_central_differences(
    name, size, scale, floor, generator, random_parameters, central_differences, relative_error
):
    parameters = random_parameters(generator, *size, scale=scale)
    values, on_the_way = drawn(generator, parameters)
    ours = jacobians(parameters, values["x"], values["h_prev"], values["c_prev"])[name]
    tensors = {key: torch.from_numpy(value) for key, value in values.items()}
    at = (values | on_the_way)[name].copy()
    reference = torch.autograd.functional.jacobian(
        lambda v: h_of(tensors | {name: v}, torch), torch.from_numpy(at)
    )
    assert relative_error(ours, reference, floor) <= 1e-12
    if scale < 1:  # saturated gates are beyond the reach of differences
        reference = central_differences(lambda v: h_of(values | {name: v}, np), at)
        assert relative_error(ours, reference) <= 1e-7


def test_c_has_no_derivative_by_o(generator, random_parameters):
    parameters = random_parameters(generator, 3, 2)
    values, _ = drawn(generator, parameters)
    read = [values[name] for name in ("x", "h_prev", "c_prev")]
    before = step_forward(parameters, *read)
    changed = {name: value for name, value in values.items() if name[0] in "Wb"}
    after = step_forward(Parameters.from_gates(**changed | {"b_o": values["b_o"] + 1}), *read)
    assert not np.allclose(before.o, after.o)
    np.testing.assert_array_equal(before.c, after.c)


def test_backward_is_the_adjoint_times_the_jacobian(generator, random_parameters, relative_error):
    H = 4
    parameters = random_parameters(generator, H, 3)
    values, _ = drawn(generator, parameters)
    step = step_forward(parameters, values["x"], values["h_prev"], values["c_prev"])
    dh = generator.standard_normal(H)
    gradients = step_backward(parameters, step, dh, np.zeros(H))
    matrices = jacobians(parameters, step.x, step.h_prev, step.c_prev)
    by_gate = Parameters(gradients.W_ih, gradients.W_hh, gradients.b)
    for name in NAMES[4:]:
        if name != "o":
            array = getattr(by_gate if name[0] in "Wb" else gradients, name)
            expected = np.tensordot(dh, matrices[name], axes=1)
            assert relative_error(array, expected) <= 1e-12, name


def test_jacobians_of_c_are_those_of_autograd(
    generator, random_parameters, torch_cell, relative_error
):
    parameters = random_parameters(generator, 4, 3)
    values, _ = drawn(generator, parameters)
    step = step_forward(parameters, values["x"], values["h_prev"], values["c_prev"])
    cell = torch_cell(parameters)
    x, h, c = (torch.from_numpy(values[name]) for name in ("x", "h_prev", "c_prev"))
    by_h = torch.autograd.functional.jacobian(lambda v: cell(x, (v, c))[1], h)
    by_x = torch.autograd.functional.jacobian(lambda v: cell(v, (h, c))[1], x)
    assert relative_error(lstm.dc_dh_prev(parameters, step), by_h) <= 1e-12
    assert relative_error(lstm.dc_dx(parameters, step), by_x) <= 1e-12


def test_jacobians_keep_float32(generator, random_parameters, relative_error):
    double = random_parameters(generator, 4, 3)
    single = Parameters(*(a.astype(np.float32) for a in (double.W_ih, double.W_hh, double.b)))
    values, _ = drawn(generator, double)
    read = [values[name] for name in ("x", "h_prev", "c_prev")]
    ours = jacobians(single, *(value.astype(np.float32) for value in read))
    for name, reference in jacobians(double, *read).items():
        assert ours[name].dtype == np.float32, name
        assert relative_error(ours[name], reference) <= 1e-5, name


def test_batch_is_refused(generator, random_parameters):
    parameters = random_parameters(generator, 3, 2)
    with pytest.raises(ValueError, match="one step alone"):
        jacobians(parameters, np.ones((1, 2)), np.ones((1, 3)), np.ones((1, 3)))


H, E, T = 4, 3, 6


def walk(generator, parameters):
    h, c = generator.standard_normal((2, H))
    steps = []
    for x in generator.standard_normal((T, E)):
        steps.append(step_forward(parameters, x, h, c))
        h, c = steps[-1].h, steps[-1].c
    return steps


def torch_run(cell, xs, state):
    h, c = state.chunk(2)
    for x in torch.from_numpy(xs):
        h, c = cell(x, (h, c))
    return torch.cat([h, c])


def test_state_jacobian_is_autograd_through_all_the_steps_between(
    generator, random_parameters, torch_cell, relative_error
):
    parameters = random_parameters(generator, H, E)
    cell = torch_cell(parameters)
    steps = walk(generator, parameters)
    xs = np.stack([step.x for step in steps])
    ours = lstm.state_jacobians(parameters, steps)
    assert ours.shape == (T + 1, 2 * H, 2 * H)
    for t, step in enumerate(steps):
        state = torch.from_numpy(np.concatenate([step.h_prev, step.c_prev]))
        reference = torch.autograd.functional.jacobian(
            lambda s, t=t: torch_run(cell, xs[t:], s), state
        )
        assert relative_error(ours[t], reference) <= 1e-12
    np.testing.assert_array_equal(ours[T], np.eye(2 * H))


def test_without_recurrent_weights_the_cell_carries_the_product_of_the_forget_gates(
    generator, random_parameters
):
    parameters = random_parameters(generator, H, E)
    parameters.W_hh[:] = 0
    steps = walk(generator, parameters)
    ours = lstm.state_jacobians(parameters, steps)[0][H:, H:]
    expected = np.diag(np.prod([step.f for step in steps], axis=0))
    np.testing.assert_allclose(ours, expected, rtol=1e-13, atol=0)
