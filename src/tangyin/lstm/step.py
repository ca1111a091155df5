"""One step of the LSTM, forward and backward, in the notation of docs/derivation.md."""

from typing import NamedTuple

import numpy as np

from tangyin.lstm.arrays import FloatArray, check_shape
from tangyin.lstm.parameters import Parameters


def sigmoid(y: FloatArray) -> FloatArray:
    """The logistic function σ(y) = 1 / (1 + e^−y), elementwise.

    Shape and dtype stay. No exponential of a positive number is taken, so nothing overflows.
    """
    decay = np.exp(-np.abs(y))
    value: FloatArray = np.where(y >= 0, 1, decay) / (1 + decay)
    return value


class Step(NamedTuple):
    """All that one step computed and the backward pass and the Jacobians need.

    The input is `x`, (B, E) in a batch or (E,); all others are (B, H) or (H,): the state before the
    step, `h_prev` and `c_prev`; the pre-activations `y_i`, `y_f`, `y_g`, `y_o`; the input gate
    i = σ(y_i), the forget gate f = σ(y_f), the candidate g = tanh(y_g) (c̄_t in the course report),
    the output gate o = σ(y_o); and the state after it, c = f⊙c_prev + i⊙g, `tanh_c`, h = o⊙tanh(c).
    """

    x: FloatArray
    h_prev: FloatArray
    c_prev: FloatArray
    y_i: FloatArray
    y_f: FloatArray
    y_g: FloatArray
    y_o: FloatArray
    i: FloatArray
    f: FloatArray
    g: FloatArray
    o: FloatArray
    c: FloatArray
    tanh_c: FloatArray
    h: FloatArray

    @property
    def z(self) -> FloatArray:
        """(B, H+E) or (H+E,): z = [h_prev, x]."""
        return np.concatenate([self.h_prev, self.x], axis=-1)


class StepGradients(NamedTuple):
    """The gradients of a loss by every input of one step, each with the shape of that input.

    The gradients by the parameters are summed over the batch.
    """

    W_ih: FloatArray
    W_hh: FloatArray
    b: FloatArray
    x: FloatArray
    h_prev: FloatArray
    c_prev: FloatArray


def step_forward(
    parameters: Parameters, x: FloatArray, h_prev: FloatArray, c_prev: FloatArray
) -> Step:
    """One step of the LSTM of Hochreiter and Schmidhuber (1997), with a forget gate.

    The forget gate is that of Gers, Schmidhuber and Cummins (2000); no gate reads the cell state.
    x is (B, E), h_prev and c_prev are (B, H), all without B for one step alone.

    Raises:
        ValueError: a shape does not fit the layer or the batch.
    """
    check_shape("x", x, (*x.shape[:-1], parameters.input_size))
    for name, state in (("h_prev", h_prev), ("c_prev", c_prev)):
        check_shape(name, state, (*x.shape[:-1], parameters.hidden_size))
    # W_λ z + b_λ for the four gates at once, z in its two halves.
    y = h_prev @ parameters.W_hh.T + x @ parameters.W_ih.T + parameters.b  # (B, 4H)
    y_i, y_f, y_g, y_o = np.split(y, 4, axis=-1)
    i, f, g, o = sigmoid(y_i), sigmoid(y_f), np.tanh(y_g), sigmoid(y_o)
    c = f * c_prev + i * g
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return Step(x, h_prev, c_prev, y_i, y_f, y_g, y_o, i, f, g, o, c, tanh_c, h)


def gate_gradients(
    i: FloatArray,
    f: FloatArray,
    g: FloatArray,
    o: FloatArray,
    c_prev: FloatArray,
    tanh_c: FloatArray,
    dh: FloatArray,
    dc: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Carry the adjoints of a step's results back to its pre-activations and its old cell state.

    All arguments are (B, H): the gates, the old cell state, tanh of the new one, the whole adjoint
    dh = ∇h_t, and dc, the part of ∇c_t that does not come through h_t, that is f_{t+1}⊙∇c_{t+1}.
    Returned are ∇y_t (B, 4H), stacked i, f, g, o, and f_t⊙∇c_t (B, H), the part of ∇c_{t−1} that
    does not come through h_{t−1}.
    """
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c * tanh_c)
    di, df, dg, dc_prev = dc * g, dc * c_prev, dc * i, dc * f
    dy_i, dy_f, dy_o = di * i * (1 - i), df * f * (1 - f), do * o * (1 - o)
    dy_g = dg * (1 - g * g)
    return np.concatenate([dy_i, dy_f, dy_g, dy_o], axis=-1), dc_prev


def step_backward(
    parameters: Parameters, step: Step, dh: FloatArray, dc: FloatArray
) -> StepGradients:
    """The vector-Jacobian product of one step: no Jacobian is ever formed.

    dh is the adjoint ∇h_t, dc the part of ∇c_t that does not come through h_t, each of the shape of
    its state.

    Raises:
        ValueError: the shape of an adjoint is not that of its state.
    """
    check_shape("dh", dh, step.h.shape)
    check_shape("dc", dc, step.c.shape)
    dy, dc_prev = gate_gradients(
        step.i, step.f, step.g, step.o, step.c_prev, step.tanh_c, dh, dc
    )  # (B, 4H), (B, H)
    rows = np.atleast_2d(dy)  # (B, 4H), B = 1 for one step alone
    return StepGradients(
        W_ih=rows.T @ np.atleast_2d(step.x),
        W_hh=rows.T @ np.atleast_2d(step.h_prev),
        b=rows.sum(axis=0),
        x=dy @ parameters.W_ih,
        h_prev=dy @ parameters.W_hh,
        c_prev=dc_prev,
    )
