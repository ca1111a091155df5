"""The LSTM cell with layer normalisation, as published."""

from typing import Any

from tangyin.lstm.cell import Cell, Operations


class LayerNorm(Cell):
    """The layer-normalised LSTM cell of Ba, Kiros and Hinton 2016, equations 20 to 22.

        y = LN(W_ih x_t; gain_ih) + LN(W_hh h_{t-1}; gain_hh) + b
        c_t = f ⊙ c_{t-1} + i ⊙ g
        h_t = o ⊙ tanh(LN(c_t; gain_c, bias_c))

    Each LN runs over all units at once, the 4H of the stacked gates or the H of the cell. The cell
    state is carried unnormalised. The paper's offsets of the first two LNs would only add to b.
    """

    def shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter."""
        H = hidden_size
        own = {"gain_ih": (4 * H,), "gain_hh": (4 * H,), "gain_c": (H,), "bias_c": (H,)}
        return {**super().shapes(input_size, hidden_size), **own}

    def project(self, ops: Operations, weights: Any, x: Any) -> Any:
        """LN(W_ih x) + b: (…, I) → (…, 4H)."""
        return ops.layer_norm(ops.linear(x, weights.weight_ih), weights.gain_ih, weights.bias)

    def step(self, ops: Operations, weights: Any, inputs: Any, h: Any, c: Any) -> tuple[Any, Any]:
        """One step; inputs is (B, 4H)."""
        o, c = self.output_gate_and_cell(ops, weights, inputs, h, c)
        return o * ops.tanh(ops.layer_norm(c, weights.gain_c, weights.bias_c)), c

    def output_gate_and_cell(
        self, ops: Operations, weights: Any, inputs: Any, h: Any, c: Any
    ) -> tuple[Any, Any]:
        """o_t and the unnormalised c_t, each (B, H)."""
        y = inputs + ops.layer_norm(ops.linear(h, weights.weight_hh), weights.gain_hh)
        y_i, y_f, y_g, y_o = ops.split(y, 4)
        return ops.sigmoid(y_o), ops.sigmoid(y_f) * c + ops.sigmoid(y_i) * ops.tanh(y_g)
