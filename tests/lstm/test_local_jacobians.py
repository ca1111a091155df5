import numpy as np
import pytest
import torch

from tangyin import lstm

H, E = 4, 3
VECTORS = dict.fromkeys(("i", "f", "g", "o", "c", "c_prev", "y", "h_prev", "b"), H) | {"x": E}


def z(v, xp):
    return xp.concatenate([v["h_prev"], v["x"]])


def y(v, xp):
    return v["W"] @ v["z"] + v["b"]


def c(v, xp):
    return v["f"] * v["c_prev"] + v["i"] * v["g"]


def h(v, xp):
    return v["o"] * xp.tanh(v["c"])


# (our Jacobian of the drawn values, the quantity varied, the function it is the Jacobian of)
CASES = {
    "dz_dh_prev": (lambda v: lstm.dz_dh_prev(H, E), "h_prev", z),
    "dz_dx": (lambda v: lstm.dz_dx(H, E), "x", z),
    "dy_dz": (lambda v: lstm.dy_dz(v["W"]), "z", y),
    "dy_dW": (lambda v: lstm.dy_dW(v["z"], H), "W", y),
    "dy_db": (lambda v: lstm.dy_db(H), "b", y),
    "dsigmoid_dy": (
        lambda v: lstm.dsigmoid_dy(v["y"]),
        "y",
        lambda v, xp: 1 / (1 + xp.exp(-v["y"])),
    ),
    "dtanh_dy": (lambda v: lstm.dtanh_dy(v["y"]), "y", lambda v, xp: xp.tanh(v["y"])),
    "dc_df": (lambda v: lstm.dc_df(v["c_prev"]), "f", c),
    "dc_dc_prev": (lambda v: lstm.dc_dc_prev(v["f"]), "c_prev", c),
    "dc_di": (lambda v: lstm.dc_di(v["g"]), "i", c),
    "dc_dg": (lambda v: lstm.dc_dg(v["i"]), "g", c),
    "dh_do": (lambda v: lstm.dh_do(v["c"]), "o", h),
    "dh_dc": (lambda v: lstm.dh_dc(v["o"], v["c"]), "c", h),
    "softmax_jacobian": (
        lambda v: lstm.softmax_jacobian(v["y"]),
        "y",
        lambda v, xp: xp.exp(v["y"]) / xp.exp(v["y"]).sum(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_local_jacobian_is_that_of_autograd_and_of_central_differences(
    name, generator, central_differences, relative_error
):
    values = {name: generator.standard_normal(size) for name, size in VECTORS.items()}
    values |= {"z": generator.standard_normal(H + E), "W": generator.standard_normal((H, H + E))}
    ours, varied, function = CASES[name]
    tensors = {key: torch.from_numpy(value) for key, value in values.items()}
    autograd = torch.autograd.functional.jacobian(
        lambda v: function(tensors | {varied: v}, torch), tensors[varied]
    )
    assert relative_error(ours(values), autograd) <= 1e-12
    differences = central_differences(lambda v: function(values | {varied: v}, np), values[varied])
    assert relative_error(ours(values), differences) <= 1e-7


def test_jacobians_of_z_are_not_square():
    assert lstm.dz_dh_prev(H, E).shape == (H + E, H)
    assert lstm.dz_dx(H, E).shape == (H + E, E)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_neither_overflows_nor_loses_its_tail(dtype):
    y = np.array([-1e4, -40, -1, 0, 1, 40, 1e4], dtype)
    value = lstm.sigmoid(y)
    assert value.dtype == dtype
    np.testing.assert_allclose(value, torch.sigmoid(torch.from_numpy(y)).numpy(), rtol=1e-6)
    assert value[1] == pytest.approx(np.exp(-40), rel=1e-5)
    assert value[0] == 0
    assert value[-1] == 1
