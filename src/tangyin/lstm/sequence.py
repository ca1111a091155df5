"""A whole sequence through one LSTM layer, and backward through time (Werbos 1990)."""

from typing import NamedTuple

import numpy as np

from tangyin.lstm.arrays import BoolArray, FloatArray, check_shape
from tangyin.lstm.parameters import Parameters
from tangyin.lstm.step import gate_gradients, sigmoid


class Trace(NamedTuple):
    """All that the forward pass computed and the backward pass needs.

    Attributes:
        x: (T, B, E), the inputs.
        mask: (T, B), True where a step was taken, or None where all were.
        gates: (T, B, 4H), the gates after their nonlinearities, stacked i, f, g, o.
        tanh_c: (T, B, H), tanh of the cell state each step computed.
        h: (T+1, B, H), the hidden states, the initial one first.
        c: (T+1, B, H), the cell states, the initial one first.
    """

    x: FloatArray
    mask: BoolArray | None
    gates: FloatArray
    tanh_c: FloatArray
    h: FloatArray
    c: FloatArray

    @property
    def outputs(self) -> FloatArray:
        """(T, B, H): h_1 … h_T; where the mask is False, the state that was carried on."""
        return self.h[1:]

    @property
    def h_n(self) -> FloatArray:
        """(B, H): the hidden state after the last step of each sequence."""
        return self.h[-1]  # type: ignore[no-any-return]

    @property
    def c_n(self) -> FloatArray:
        """(B, H): the cell state after the last step of each sequence."""
        return self.c[-1]  # type: ignore[no-any-return]


class SequenceGradients(NamedTuple):
    """The gradients of a loss by every input of a sequence, each with the shape of that input.

    The gradient by x (T, B, E) is 0 where no step was taken.
    """

    W_ih: FloatArray
    W_hh: FloatArray
    b: FloatArray
    x: FloatArray
    h_0: FloatArray
    c_0: FloatArray


def sequence_forward(
    parameters: Parameters,
    x: FloatArray,
    h_0: FloatArray | None = None,
    c_0: FloatArray | None = None,
    mask: BoolArray | None = None,
) -> Trace:
    """Run a batch of sequences through the layer.

    Args:
        parameters: the layer.
        x: (T, B, E), finite even where the mask is False.
        h_0: (B, H), the initial hidden state, zero by default.
        c_0: (B, H), the initial cell state, zero by default.
        mask: (T, B), False at padding, where h and c are carried on unchanged; all True by default.

    Raises:
        ValueError: a shape does not fit the layer or the batch.
    """
    if x.ndim != 3:
        raise ValueError(f"x has shape {x.shape}; give it the shape (T, B, E)")
    T, B, E = x.shape
    H = parameters.hidden_size
    check_shape("x", x, (T, B, parameters.input_size))
    if mask is not None:
        check_shape("mask", mask, (T, B))
    # One product projects the inputs of all steps; only h W_hhᵀ must wait for the loop.
    gates = (x.reshape(T * B, E) @ parameters.W_ih.T + parameters.b).reshape(T, B, 4 * H)
    h = np.zeros((T + 1, B, H), gates.dtype)
    c = np.zeros((T + 1, B, H), gates.dtype)
    for name, states, initial in (("h_0", h, h_0), ("c_0", c, c_0)):
        if initial is not None:
            check_shape(name, initial, (B, H))
            states[0] = initial
    tanh_c = np.empty((T, B, H), gates.dtype)
    for t in range(T):
        y = gates[t]  # (B, 4H), replaced by the gates
        y += h[t] @ parameters.W_hh.T
        y[:, : 2 * H] = sigmoid(y[:, : 2 * H])
        y[:, 2 * H : 3 * H] = np.tanh(y[:, 2 * H : 3 * H])
        y[:, 3 * H :] = sigmoid(y[:, 3 * H :])
        i, f, g, o = np.split(y, 4, axis=-1)  # (B, H) each
        c[t + 1] = f * c[t] + i * g
        tanh_c[t] = np.tanh(c[t + 1])
        h[t + 1] = o * tanh_c[t]
        if mask is not None:
            padding = ~mask[t]  # (B,)
            c[t + 1, padding] = c[t, padding]
            h[t + 1, padding] = h[t, padding]
    return Trace(x, mask, gates, tanh_c, h, c)


def sequence_backward(
    parameters: Parameters,
    trace: Trace,
    dh: FloatArray | None = None,
    dh_n: FloatArray | None = None,
    dc_n: FloatArray | None = None,
) -> SequenceGradients:
    """Backward through time.

    Args:
        parameters: the layer the sequence was run through.
        trace: what `sequence_forward` returned.
        dh: (T, B, H), ∂L/∂h_t as far as L reads the output of step t itself; zero by default.
        dh_n: (B, H), the gradient by the final hidden state beyond that in dh; zero by default.
        dc_n: (B, H), the gradient by the final cell state; zero by default.

    Raises:
        ValueError: the shape of an adjoint is not that of its state.
    """
    T, B, E = trace.x.shape
    H = parameters.hidden_size
    dh_next = np.zeros_like(trace.h[0]) if dh_n is None else dh_n  # (B, H)
    dc_next = np.zeros_like(trace.c[0]) if dc_n is None else dc_n  # (B, H)
    check_shape("dh_n", dh_next, (B, H))
    check_shape("dc_n", dc_next, (B, H))
    if dh is not None:
        check_shape("dh", dh, (T, B, H))
    dy = np.empty_like(trace.gates)  # (T, B, 4H)
    for t in reversed(range(T)):
        dh_t = dh_next if dh is None else dh[t] + dh_next
        i, f, g, o = np.split(trace.gates[t], 4, axis=-1)
        dy[t], dc_prev = gate_gradients(i, f, g, o, trace.c[t], trace.tanh_c[t], dh_t, dc_next)
        dh_prev = dy[t] @ parameters.W_hh
        if trace.mask is not None:
            # A step that was not taken passes its adjoints on, as it passed its state on.
            padding = ~trace.mask[t]  # (B,)
            dy[t, padding] = 0
            dh_prev[padding] = dh_t[padding]
            dc_prev[padding] = dc_next[padding]
        dh_next, dc_next = dh_prev, dc_prev

    rows = dy.reshape(T * B, 4 * H)
    return SequenceGradients(
        W_ih=rows.T @ trace.x.reshape(T * B, E),
        W_hh=rows.T @ trace.h[:-1].reshape(T * B, H),
        b=rows.sum(axis=0),
        x=(rows @ parameters.W_ih).reshape(T, B, E),
        h_0=dh_next,
        c_0=dc_next,
    )
