"""The LSTM cell whose gates read the cell state."""

from typing import Any

from tangyin.lstm.cell import Cell, Operations


class Peephole(Cell):
    """The LSTM cell with peepholes (Gers and Schmidhuber 2000; Gers, Schraudolph et al. 2002).

        i, f = σ(y_i + p_i ⊙ c_{t-1}), σ(y_f + p_f ⊙ c_{t-1});  g = tanh(y_g)
        c_t = f ⊙ c_{t-1} + i ⊙ g
        o = σ(y_o + p_o ⊙ c_t)
        h_t = o ⊙ tanh(c_t)

    with y = W_ih x_t + W_hh h_{t-1} + b. Input and forget gate read the cell state before the step,
    the output gate the one after it. `weight_peephole` (3H,) is p of the gates i, f, o.
    """

    def shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter."""
        return {**super().shapes(input_size, hidden_size), "weight_peephole": (3 * hidden_size,)}

    def step(self, ops: Operations, weights: Any, inputs: Any, h: Any, c: Any) -> tuple[Any, Any]:
        """One step; inputs is (B, 4H)."""
        p_i, p_f, p_o = ops.split(weights.weight_peephole, 3)
        y_i, y_f, y_g, y_o = self.preactivations(ops, weights, inputs, h)
        i, f = ops.sigmoid(y_i + p_i * c), ops.sigmoid(y_f + p_f * c)
        c = f * c + i * ops.tanh(y_g)
        return ops.sigmoid(y_o + p_o * c) * ops.tanh(c), c
