import numpy as np
import pytest

from tangyin.lstm import GATES, Parameters

H, E = 4, 3


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
