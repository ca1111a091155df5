import numpy as np
import pytest
import torch

from tangyin.errors import TangyinError
from tangyin.lstm import GATES, Parameters

H, E = 4, 3


def state_dict(bias=True):
    layer = torch.nn.LSTM(E, H, bias=bias, dtype=torch.float64)
    return {name: tensor.numpy() for name, tensor in layer.state_dict().items()}


@pytest.fixture
def parameters(generator, random_parameters):
    return random_parameters(generator, H, E)


def assert_same(found, W_ih, W_hh, b):
    np.testing.assert_array_equal(found.W_ih, W_ih)
    np.testing.assert_array_equal(found.W_hh, W_hh)
    np.testing.assert_array_equal(found.b, b)


def test_gates_stand_in_the_order_of_torch(parameters):
    assert GATES == ("i", "f", "g", "o")
    for place, gate in enumerate(GATES):
        rows = slice(place * H, (place + 1) * H)
        weight = getattr(parameters, f"W_{gate}")
        np.testing.assert_array_equal(weight[:, :H], parameters.W_hh[rows])
        np.testing.assert_array_equal(weight[:, H:], parameters.W_ih[rows])
        np.testing.assert_array_equal(getattr(parameters, f"b_{gate}"), parameters.b[rows])


def test_a_joined_weight_is_read_only_and_the_bias_of_a_gate_a_view(parameters):
    with pytest.raises(ValueError, match="read-only"):
        parameters.W_f[0, 0] = 1
    parameters.b_f[:] = 1
    np.testing.assert_array_equal(parameters.b[H : 2 * H], 1)


def test_stacking_the_gates_round_trips(parameters):
    gates = {f"{kind}_{g}": getattr(parameters, f"{kind}_{g}") for g in "ogfi" for kind in "bW"}
    again = Parameters.from_gates(**gates)
    assert_same(again, parameters.W_ih, parameters.W_hh, parameters.b)
    with pytest.raises(ValueError, match="b_o"):
        Parameters.from_gates(**{name: gates[name] for name in gates if name != "b_o"})


def test_state_dict_of_torch_loads_with_its_biases_summed():
    state = state_dict()
    parameters = Parameters.from_state_dict({f"lstm.{k}": v for k, v in state.items()}, "lstm.")
    summed = state["bias_ih_l0"] + state["bias_hh_l0"]
    assert_same(parameters, state["weight_ih_l0"], state["weight_hh_l0"], summed)


def test_saved_state_dict_loads_into_torch(parameters):
    layer = torch.nn.LSTM(E, H, dtype=torch.float64)
    saved = parameters.state_dict()
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in saved.items()})
    np.testing.assert_array_equal(layer.bias_hh_l0.detach().numpy(), 0)
    again = Parameters.from_state_dict({n: t.numpy() for n, t in layer.state_dict().items()})
    assert_same(again, parameters.W_ih, parameters.W_hh, parameters.b)


def test_layer_without_bias_loads_with_zeros():
    np.testing.assert_array_equal(Parameters.from_state_dict(state_dict(bias=False)).b, 0)


def test_missing_weight_is_named():
    state = state_dict()
    del state["weight_hh_l0"]
    with pytest.raises(TangyinError) as refused:
        Parameters.from_state_dict(state)
    assert refused.value.code == "nn.weight_missing"
    assert refused.value.params == {"name": "weight_hh_l0"}


@pytest.mark.parametrize(
    ("W_ih", "W_hh", "b"),
    [
        ((16, 3), (16, 3), (16,)),
        ((12, 3), (16, 4), (16,)),
        ((16, 3), (16, 4), (4,)),
        ((16,), (16, 4), (16,)),
        ((16, 3), (16,), (16,)),
    ],
)
def test_shapes_of_no_layer_are_refused(W_ih, W_hh, b):
    with pytest.raises(ValueError, match="give it the shape"):
        Parameters(np.zeros(W_ih), np.zeros(W_hh), np.zeros(b))


@pytest.mark.parametrize("dtypes", [(np.float64, np.float32, np.float64), (int, int, int)])
def test_dtypes_of_no_layer_are_refused(dtypes):
    shapes = ((16, 3), (16, 4), (16,))
    with pytest.raises(ValueError, match="one floating dtype"):
        Parameters(*(np.zeros(s, d) for s, d in zip(shapes, dtypes, strict=True)))
