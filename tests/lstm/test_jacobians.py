import numpy as np
import pytest
import torch

from tangyin import lstm
from tangyin.lstm import Parameters, jacobians, step_backward, step_forward
from tangyin.studies.gradient_errors import jacobian_errors, steps_of

NAMES = ["f", "i", "g", "c", "c_prev", "o", "h_prev", "x"] + [
    f"{k}_{g}" for k in "Wb" for g in "figo"
]


def drawn(generator, parameters):
    """The values a step reads, its weights among them."""
    H, E = parameters.hidden_size, parameters.input_size
    sizes = {"x": E, "h_prev": H, "c_prev": H}
    read = {name: generator.standard_normal(size) for name, size in sizes.items()}
    return read | {name: getattr(parameters, name).copy() for name in NAMES if name[0] in "Wb"}


def test_jacobians_have_exactly_the_documented_names(generator, random_parameters):
    parameters = random_parameters(generator, 3, 2)
    assert list(jacobians(parameters, np.ones(2), np.ones(3), np.ones(3))) == NAMES


@pytest.mark.parametrize(("hidden", "inputs"), [(6, 5), (1, 1), (3, 6)])
def test_every_jacobian_is_that_of_autograd_and_of_central_differences(hidden, inputs):
    for line in jacobian_errors(3, hidden, inputs):
        assert line["autograd"] <= 1e-12, line
        assert line["differences"] <= 1e-7, line


def test_jacobians_of_z_are_not_square():
    assert lstm.dz_dh_prev(4, 3).shape == (7, 4)
    assert lstm.dz_dx(4, 3).shape == (7, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_neither_overflows_nor_loses_its_tail(dtype):
    y = np.array([-1e4, -40, -1, 0, 1, 40, 1e4], dtype)
    value = lstm.sigmoid(y)
    assert value.dtype == dtype
    np.testing.assert_allclose(value, torch.sigmoid(torch.from_numpy(y)).numpy(), rtol=1e-6)
    assert value[1] == pytest.approx(np.exp(-40), rel=1e-5)
    assert value[0] == 0
    assert value[-1] == 1


def test_c_has_no_derivative_by_o(generator, random_parameters):
    parameters = random_parameters(generator, 3, 2)
    values = drawn(generator, parameters)
    read = [values[name] for name in ("x", "h_prev", "c_prev")]
    before = step_forward(parameters, *read)
    changed = {name: value for name, value in values.items() if name[0] in "Wb"}
    after = step_forward(Parameters.from_gates(**changed | {"b_o": values["b_o"] + 1}), *read)
    assert not np.allclose(before.o, after.o)
    np.testing.assert_array_equal(before.c, after.c)


@pytest.mark.parametrize(("scale", "floor"), [(0.7, 1e-300), (20.0, 1e-2)])
def test_backward_is_the_adjoint_times_the_jacobian(
    scale, floor, generator, random_parameters, relative_error
):
    H = 4
    parameters = random_parameters(generator, H, 3, scale)
    values = drawn(generator, parameters)
    step = step_forward(parameters, values["x"], values["h_prev"], values["c_prev"])
    dh = generator.standard_normal(H)
    gradients = step_backward(parameters, step, dh, np.zeros(H))
    matrices = jacobians(parameters, step.x, step.h_prev, step.c_prev)
    by_gate = Parameters(gradients.W_ih, gradients.W_hh, gradients.b)
    for name in NAMES[4:]:
        if name != "o":
            array = getattr(by_gate if name[0] in "Wb" else gradients, name)
            expected = np.tensordot(dh, matrices[name], axes=1)
            assert relative_error(array, expected, floor) <= 1e-12, name


def test_jacobians_keep_float32(generator, random_parameters, relative_error):
    double = random_parameters(generator, 4, 3)
    single = Parameters(*(a.astype(np.float32) for a in (double.W_ih, double.W_hh, double.b)))
    values = drawn(generator, double)
    read = [values[name] for name in ("x", "h_prev", "c_prev")]
    ours = jacobians(single, *(value.astype(np.float32) for value in read))
    for name, reference in jacobians(double, *read).items():
        assert ours[name].dtype == np.float32, name
        assert relative_error(ours[name], reference) <= 1e-5, name


def test_batch_is_refused(generator, random_parameters):
    parameters = random_parameters(generator, 3, 2)
    with pytest.raises(ValueError, match="one step alone"):
        jacobians(parameters, np.ones((1, 2)), np.ones((1, 3)), np.ones((1, 3)))


def test_without_recurrent_weights_the_cell_carries_the_product_of_the_forget_gates(
    generator, random_parameters
):
    H, E = 4, 3
    parameters = random_parameters(generator, H, E)
    parameters.W_hh[:] = 0
    steps = steps_of(parameters, generator.standard_normal((6, E)), *np.zeros((2, H)))
    ours = lstm.state_jacobians(parameters, steps)[0][H:, H:]
    expected = np.diag(np.prod([step.f for step in steps], axis=0))
    np.testing.assert_allclose(ours, expected, rtol=1e-13, atol=0)
