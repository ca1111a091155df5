"""The LSTM cell of the derivation."""

from typing import Any

from tangyin.lstm.cell import Cell, Operations


class PlainLSTM(Cell):
    """The LSTM cell with a forget gate (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

    i, f, o = σ(y_i), σ(y_f), σ(y_o);  g = tanh(y_g);  y = W_ih x_t + W_hh h_{t-1} + b
    c_t = f ⊙ c_{t-1} + i ⊙ g
    h_t = o ⊙ tanh(c_t)
    """

    def step(self, ops: Operations, weights: Any, inputs: Any, h: Any, c: Any) -> tuple[Any, Any]:
        """One step; inputs is (B, 4H)."""
        if ops.lstm:
            return ops.lstm(inputs, ops.linear(h, weights.weight_hh), c)
        y_i, y_f, y_g, y_o = self.preactivations(ops, weights, inputs, h)
        c = ops.sigmoid(y_f) * c + ops.sigmoid(y_i) * ops.tanh(y_g)
        return ops.sigmoid(y_o) * ops.tanh(c), c
