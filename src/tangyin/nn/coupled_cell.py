"""The LSTM cell whose input gate is what its forget gate leaves."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tangyin.nn.cell import RecurrentCell
from tangyin.nn.state import LSTMState


class CoupledLSTMCell(RecurrentCell, name="coupled"):
    """The LSTM cell with coupled input and forget gate (Greff et al. 2017, variant CIFG).

        f, o = σ(y_f), σ(y_o);  g = tanh(y_g);  y = W_ih x_t + W_hh h_{t-1} + b
        c_t = f ⊙ c_{t-1} + (1 - f) ⊙ g
        h_t = o ⊙ tanh(c_t)

    A unit takes in as much as it forgets, so |c| never passes 1 once it starts below; there are
    three gates, f, g, o, and a quarter fewer weights.
    """

    gates = "fgo"

    def step(self, projected: Tensor, state: LSTMState) -> LSTMState:
        """Take one step; projected is (B, 3H)."""
        y_f, y_g, y_o = (projected + F.linear(state.h, self.weight_hh)).chunk(3, dim=-1)
        f = torch.sigmoid(y_f)
        c = f * state.c + (1.0 - f) * torch.tanh(y_g)
        return LSTMState(torch.sigmoid(y_o) * torch.tanh(c), c)
