"""The LSTM cell with layer normalisation, as in PyTorch's benchmark `custom_lstms.py`."""

from typing import Any

from tangyin.lstm.cell import Operations
from tangyin.lstm.cells.layer_norm import LayerNorm


class LayerNormCarried(LayerNorm):
    """`LayerNorm` which carries the normalised cell state on to the next step.

    c_t = LN(f ⊙ c_{t-1} + i ⊙ g; gain_c, bias_c)
    h_t = o ⊙ tanh(c_t)
    """

    def step(self, ops: Operations, weights: Any, inputs: Any, h: Any, c: Any) -> tuple[Any, Any]:
        """One step; inputs is (B, 4H)."""
        o, c = self.output_gate_and_cell(ops, weights, inputs, h, c)
        c = ops.layer_norm(c, weights.gain_c, weights.bias_c)
        return o * ops.tanh(c), c
