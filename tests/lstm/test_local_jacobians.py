from collections.abc import Callable

import numpy as np
import pytest
import torch

from tangyin import lstm

H, E = 4, 3
VECTORS = dict.fromkeys(("i", "f", "g", "o", "c", "c_prev", "y", "h_prev", "b"), H) | {"x": E}


def sigmoid(y, xp):
    return 1 / (1 + xp.exp(-y))


# (our Jacobian of the drawn values, the quantity varied, the function it is the Jacobian of)
CASES = {
    "dz_dh_prev": (
        lambda v: lstm.dz_dh_prev(H, E),
        "h_prev",
        lambda v, xp: xp.concatenate([v["h_prev"], v["x"]]),
    ),
    "dz_dx": (
        lambda v: lstm.dz_dx(H, E),
        "x",
        lambda v, xp: xp.concatenate([v["h_prev"], v["x"]]),
    ),
    "dy_dz": (lambda v: lstm.dy_dz(v["W"]), "z", lambda v, xp: v["W"] @ v["z"] + v["b"]),
    "dy_dW": (lambda v: lstm.dy_dW(v["z"], H), "W", lambda v, xp: v["W"] @ v["z"] + v["b"]),
    "dy_db": (lambda v: lstm.dy_db(H), "b", lambda v, xp: v["W"] @ v["z"] + v["b"]),
    "dsigmoid_dy": (lambda v: lstm.dsigmoid_dy(v["y"]), "y", lambda v, xp: sigmoid(v["y"], xp)),
    "dtanh_dy": (lambda v: lstm.dtanh_dy(v["y"]), "y", lambda v, xp: xp.tanh(v["y"])),
    "dc_df": (
        lambda v: lstm.dc_df(v["c_prev"]),
        "f",
        lambda v, xp: v["f"] * v["c_prev"] + v["i"] * v["g"],
    ),
    "dc_dc_prev": (
        lambda v: lstm.dc_dc_prev(v["f"]),
        "c_prev",
        lambda v, xp: v["f"] * v["c_prev"] + v["i"] * v["g"],
    ),
    "dc_di": (
        lambda v: lstm.dc_di(v["g"]),
        "i",
        lambda v, xp: v["f"] * v["c_prev"] + v["i"] * v["g"],
    ),
    "dc_dg": (
        lambda v: lstm.dc_dg(v["i"]),
        "g",
        lambda v, xp: v["f"] * v["c_prev"] + v["i"] * v["g"],
    ),
    "dh_do": (lambda v: lstm.dh_do(v["c"]), "o", lambda v, xp: v["o"] * xp.tanh(v["c"])),
    "dh_dc": (lambda v: lstm.dh_dc(v["o"], v["c"]), "c", lambda v, xp: v["o"] * xp.tanh(v["c"])),
    "softmax_jacobian": (
        lambda v: lstm.softmax_jacobian(v["y"]),
        "y",
        lambda v, xp: xp.exp(v["y"]) / xp.exp(v["y"]).sum(),
    ),
}


@pytest.fixture
def values(generator: np.random.Generator) -> dict[str, np.ndarray]:
    drawn = {name: generator.standard_normal(size) for name, size in VECTORS.items()}
    return drawn | {
        "z": generator.standard_normal(H + E),
        "W": generator.standard_normal((H, H + E)),
    }


@pytest.mark.parametrize("name", CASES)
def test_local_jacobian_is_that_of_central_differences(
    name: str,
    values: dict[str, np.ndarray],
    central_differences: Callable[..., np.ndarray],
    relative_error: Callable[..., float],
) -> None:
    ours, varied, function = CASES[name]
    reference = central_differences(lambda v: function(values | {varied: v}, np), values[varied])
    assert relative_error(ours(values), reference) <= 1e-7


@pytest.mark.parametrize("name", CASES)
def test_local_jacobian_is_that_of_autograd(
    name: str, values: dict[str, np.ndarray], relative_error: Callable[..., float]
) -> None:
    ours, varied, function = CASES[name]
    tensors = {key: torch.from_numpy(value) for key, value in values.items()}
    reference = torch.autograd.functional.jacobian(
        lambda v: function(tensors | {varied: v}, torch), tensors[varied]
    )
    assert relative_error(ours(values), reference) <= 1e-12


def test_jacobians_of_z_are_not_square() -> None:
    assert lstm.dz_dh_prev(H, E).shape == (H + E, H)
    assert lstm.dz_dx(H, E).shape == (H + E, E)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_neither_overflows_nor_loses_its_tail(dtype: type) -> None:
    y = np.array([-1e4, -40, -1, 0, 1, 40, 1e4], dtype)
    value = lstm.sigmoid(y)
    assert value.dtype == dtype
    np.testing.assert_allclose(value, torch.sigmoid(torch.from_numpy(y)).numpy(), rtol=1e-6)
    assert value[1] == pytest.approx(np.exp(-40), rel=1e-5)
    assert value[0] == 0
    assert value[-1] == 1
