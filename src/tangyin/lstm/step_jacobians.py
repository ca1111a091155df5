"""The Jacobians of one step's results, as chain-rule products of the local ones.

Each function writes the path through the computational graph from h_t back to one quantity, one
factor an edge (`local_jacobians.py`). Where several paths lead there, they are summed.
"""

from collections.abc import Sequence

import numpy as np

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.local_jacobians import (
    dc_dc_prev,
    dc_df,
    dc_dg,
    dc_di,
    dh_dc,
    dh_do,
    dsigmoid_dy,
    dtanh_dy,
    dy_db,
    dy_dW,
    dy_dz,
    dz_dh_prev,
    dz_dx,
)
from tangyin.lstm.parameters import Parameters
from tangyin.lstm.step import Step, step_forward


def jacobians(
    parameters: Parameters, x: FloatArray, h_prev: FloatArray, c_prev: FloatArray
) -> dict[str, FloatArray]:
    """The derivative of the h_t of one step by every quantity, by name.

    x is (E,), h_prev and c_prev are (H,). Rows are the components of h_t.

    - `f`, `i`, `g`: (H, H), with the other gates and c_prev fixed; c_t and h_t follow.
    - `o`: (H, H), with c_t fixed. `c`: (H, H), with o fixed.
    - `c_prev`: (H, H), along its only path, through c_t: the gates do not read c_prev.
    - `h_prev`: (H, H), and `x`: (H, E), summed over the paths through all four gates, with c_prev
      fixed (and x, or h_prev, fixed).
    - `W_f`, `W_i`, `W_g`, `W_o`: (H, H, H+E), ∂h_k/∂W[j, m] at [k, j, m], the columns m over
      z = [h_prev, x]; `b_f`, `b_i`, `b_g`, `b_o`: (H, H). Of this step alone: h_prev and c_prev are
      fixed, although in a sequence they depend on the parameters too.

    Raises:
        ValueError: a shape does not fit the layer, or the step is batched.
    """
    if x.ndim != 1:
        raise ValueError(f"x has shape {x.shape}; give one step alone, of shape (E,)")
    step = step_forward(parameters, x, h_prev, c_prev)
    return {
        "f": dh_df(step),
        "i": dh_di(step),
        "g": dh_dg(step),
        "c": dh_dc(step.o, step.c),
        "c_prev": dh_dc_prev(step),
        "o": dh_do(step.c),
        "h_prev": dh_dh_prev(parameters, step),
        "x": dh_dx(parameters, step),
        **{f"W_{gate}": dh_dW(step, gate) for gate in "figo"},
        **{f"b_{gate}": dh_db(step, gate) for gate in "figo"},
    }


def dh_df(step: Step) -> FloatArray:
    """∂h/∂f, (H, H)."""
    return dh_dc(step.o, step.c) @ dc_df(step.c_prev)


def dh_di(step: Step) -> FloatArray:
    """∂h/∂i, (H, H)."""
    return dh_dc(step.o, step.c) @ dc_di(step.g)


def dh_dg(step: Step) -> FloatArray:
    """∂h/∂g, (H, H)."""
    return dh_dc(step.o, step.c) @ dc_dg(step.i)


def dh_dc_prev(step: Step) -> FloatArray:
    """∂h/∂c_prev, (H, H)."""
    return dh_dc(step.o, step.c) @ dc_dc_prev(step.f)


def dc_dz(parameters: Parameters, step: Step) -> FloatArray:
    """∂c/∂z, (H, H+E): the sum of the paths through f, i and g."""
    return (
        dc_df(step.c_prev) @ dsigmoid_dy(step.y_f) @ dy_dz(parameters.W_f)
        + dc_di(step.g) @ dsigmoid_dy(step.y_i) @ dy_dz(parameters.W_i)
        + dc_dg(step.i) @ dtanh_dy(step.y_g) @ dy_dz(parameters.W_g)
    )


def dh_dz(parameters: Parameters, step: Step) -> FloatArray:
    """∂h/∂z, (H, H+E): the sum of the paths through c and through o."""
    return dh_dc(step.o, step.c) @ dc_dz(parameters, step) + dh_do(step.c) @ dsigmoid_dy(
        step.y_o
    ) @ dy_dz(parameters.W_o)


def dc_dh_prev(parameters: Parameters, step: Step) -> FloatArray:
    """∂c/∂h_prev, (H, H), along z, with c_prev held fixed."""
    return dc_dz(parameters, step) @ _dz_dh_prev(parameters)


def dh_dh_prev(parameters: Parameters, step: Step) -> FloatArray:
    """∂h/∂h_prev, (H, H), along z, with c_prev held fixed."""
    return dh_dz(parameters, step) @ _dz_dh_prev(parameters)


def dc_dx(parameters: Parameters, step: Step) -> FloatArray:
    """∂c/∂x, (H, E)."""
    return dc_dz(parameters, step) @ _dz_dx(parameters)


def dh_dx(parameters: Parameters, step: Step) -> FloatArray:
    """∂h/∂x, (H, E)."""
    return dh_dz(parameters, step) @ _dz_dx(parameters)


def dh_dy(step: Step, gate: str) -> FloatArray:
    """∂h/∂y_λ, (H, H), of gate "f", "i", "g" or "o"."""
    if gate == "o":
        return dh_do(step.c) @ dsigmoid_dy(step.y_o)
    if gate == "g":
        return dh_dg(step) @ dtanh_dy(step.y_g)
    if gate == "i":
        return dh_di(step) @ dsigmoid_dy(step.y_i)
    return dh_df(step) @ dsigmoid_dy(step.y_f)


def dh_dW(step: Step, gate: str) -> FloatArray:
    """∂h/∂W_λ, (H, H, H+E)."""
    return np.tensordot(dh_dy(step, gate), dy_dW(step.z, step.h.shape[-1]), axes=1)


def dh_db(step: Step, gate: str) -> FloatArray:
    """∂h/∂b_λ, (H, H)."""
    return dh_dy(step, gate) @ dy_db(step.h.shape[-1], step.h.dtype)


def transition_jacobian(parameters: Parameters, step: Step) -> FloatArray:
    """∂(h_t, c_t)/∂(h_{t−1}, c_{t−1}), the whole derivative of a single step's state by the last.

    It is (2H, 2H), in the blocks [[∂h/∂h_prev, ∂h/∂c_prev], [∂c/∂h_prev, ∂c/∂c_prev]].
    """
    return np.block(
        [
            [dh_dh_prev(parameters, step), dh_dc_prev(step)],
            [dc_dh_prev(parameters, step), dc_dc_prev(step.f)],
        ]
    )


def state_jacobians(parameters: Parameters, steps: Sequence[Step]) -> FloatArray:
    """∂(h_T, c_T)/∂(h_t, c_t) for every t, the products of the transitions between.

    `steps` are T single steps, each from the state after the one before it. The result is
    (T+1, 2H, 2H); at [t] the derivative by the state after t steps, at [T] the identity. The block
    [:H, :H] is ∂h_T/∂h_t with c_t held fixed, [H:, H:] is ∂c_T/∂c_t with h_t held fixed.
    """
    size = 2 * parameters.hidden_size
    products = np.empty((len(steps) + 1, size, size), parameters.b.dtype)
    products[-1] = np.eye(size)
    for t in reversed(range(len(steps))):
        products[t] = products[t + 1] @ transition_jacobian(parameters, steps[t])
    return products


def _dz_dh_prev(parameters: Parameters) -> FloatArray:
    return dz_dh_prev(parameters.hidden_size, parameters.input_size, parameters.b.dtype)


def _dz_dx(parameters: Parameters) -> FloatArray:
    return dz_dx(parameters.hidden_size, parameters.input_size, parameters.b.dtype)
