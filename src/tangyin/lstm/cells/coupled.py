"""The LSTM cell whose input gate is 1 minus its forget gate."""

from typing import Any

from tangyin.lstm.cell import Cell, Operations


class Coupled(Cell):
    """The LSTM cell with coupled input and forget gate (Greff et al. 2017, variant CIFG).

        f, o = σ(y_f), σ(y_o);  g = tanh(y_g);  y = W_ih x_t + W_hh h_{t-1} + b
        c_t = f ⊙ c_{t-1} + (1 - f) ⊙ g
        h_t = o ⊙ tanh(c_t)

    c_t is a weighted mean of c_{t-1} and g, so |c| stays below 1. There are three gates, and a
    quarter fewer weights.
    """

    gates = "fgo"

    def step(self, ops: Operations, weights: Any, inputs: Any, h: Any, c: Any) -> tuple[Any, Any]:
        """One step; inputs is (B, 3H)."""
        y_f, y_g, y_o = self.preactivations(ops, weights, inputs, h)
        f = ops.sigmoid(y_f)
        c = f * c + (1.0 - f) * ops.tanh(y_g)
        return ops.sigmoid(y_o) * ops.tanh(c), c
