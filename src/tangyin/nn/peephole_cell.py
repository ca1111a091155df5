"""The LSTM cell whose gates look at the cell state."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tangyin.nn.cell import RecurrentCell
from tangyin.nn.state import LSTMState


class PeepholeLSTMCell(RecurrentCell, name="peephole"):
    """The LSTM cell with peepholes (Gers and Schmidhuber 2000; Gers, Schraudolph et al. 2002).

        i, f = σ(y_i + p_i ⊙ c_{t-1}), σ(y_f + p_f ⊙ c_{t-1});  g = tanh(y_g)
        c_t = f ⊙ c_{t-1} + i ⊙ g
        o = σ(y_o + p_o ⊙ c_t)
        h_t = o ⊙ tanh(c_t)

    with y = W_ih x_t + W_hh h_{t-1} + b. The input and forget gates see the cell state before the
    step and the output gate the one after it, each unit its own.

    Parameters beside `RecurrentCell`'s: weight_peephole (3H,), p of the gates i, f, o.
    """

    gates = "ifgo"
    weight_peephole: Tensor

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name every parameter with its shape."""
        return {**super().shapes(), "weight_peephole": (3 * self.hidden_size,)}

    def step(self, projected: Tensor, state: LSTMState) -> LSTMState:
        """Take one step; projected is (B, 4H)."""
        p_i, p_f, p_o = self.weight_peephole.chunk(3)
        y_i, y_f, y_g, y_o = (projected + F.linear(state.h, self.weight_hh)).chunk(4, dim=-1)
        i = torch.sigmoid(y_i + p_i * state.c)
        f = torch.sigmoid(y_f + p_f * state.c)
        c = f * state.c + i * torch.tanh(y_g)
        return LSTMState(torch.sigmoid(y_o + p_o * c) * torch.tanh(c), c)
