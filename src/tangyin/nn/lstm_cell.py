"""The LSTM cell of the derivation."""

from torch import Tensor

from tangyin.nn.cell import RecurrentCell
from tangyin.nn.dropout import weight_dropout
from tangyin.nn.sequence import lstm_sequence, lstm_step
from tangyin.nn.state import LSTMState


class LSTMCell(RecurrentCell, name="lstm"):
    """The LSTM cell with a forget gate (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

        i, f, o = σ(y_i), σ(y_f), σ(y_o);  g = tanh(y_g);  y = W_ih x_t + W_hh h_{t-1} + b
        c_t = f ⊙ c_{t-1} + i ⊙ g
        h_t = o ⊙ tanh(c_t)

    Over a sequence its gradients are computed in closed form (`tangyin.nn.sequence`). Arguments,
    parameters and the way to call it are `RecurrentCell`'s.

    Attributes:
        weight_drop: the probability with which single weights of `weight_hh` are dropped, anew for
            each sequence, while training over one.
    """

    gates = "ifgo"
    weight_drop = 0.0

    def step(self, projected: Tensor, state: LSTMState) -> LSTMState:
        """Take one step; projected is (B, 4H)."""
        return lstm_step(projected, state, self.weight_hh)

    def sequence(
        self,
        input: Tensor,
        state: LSTMState,
        mask: Tensor | None = None,
    ) -> LSTMState:
        """Take all steps, with the backward in closed form."""
        recurrent = weight_dropout(self.weight_hh, self.weight_drop if self.training else 0.0)
        return lstm_sequence(input, state, self.weight_ih, recurrent, self.bias, mask)
