"""How a step carries the state on: the Jacobian that backward through time multiplies."""

from collections.abc import Sequence

import numpy as np

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.local_jacobians import dc_dc_prev
from tangyin.lstm.parameters import Parameters
from tangyin.lstm.step import Step
from tangyin.lstm.step_jacobians import dc_dh_prev, dh_dc_prev, dh_dh_prev


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

    Args:
        parameters: the layer the steps were taken with.
        steps: T single steps, each from the state after the one before it.

    Returns:
        (T+1, 2H, 2H); at [t] the derivative by the state after t steps, at [T] the identity. The
        block [:H, :H] is ∂h_T/∂h_t with c_t held fixed, [H:, H:] is ∂c_T/∂c_t with h_t held fixed.
    """
    size = 2 * parameters.hidden_size
    products = np.empty((len(steps) + 1, size, size), parameters.b.dtype)
    products[-1] = np.eye(size)
    for t in reversed(range(len(steps))):
        products[t] = products[t + 1] @ transition_jacobian(parameters, steps[t])
    return products
