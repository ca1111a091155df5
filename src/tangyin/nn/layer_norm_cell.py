"""The LSTM cell with layer normalisation, in its two published forms."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tangyin.nn.cell import RecurrentCell
from tangyin.nn.state import LSTMState


class LayerNormLSTMCell(RecurrentCell, name="layer-norm"):
    """The layer-normalised LSTM cell of Ba, Kiros and Hinton 2016, equations 20 to 22.

        y = LN(W_ih x_t; gain_ih) + LN(W_hh h_{t-1}; gain_hh) + b
        c_t = f ⊙ c_{t-1} + i ⊙ g
        h_t = o ⊙ tanh(LN(c_t; gain_c, bias_c))

    Each LN runs over all units at once, the 4H of the stacked gates or the H of the cell. The cell
    state is carried raw and normalised only on its way to h. The offsets that the paper gives to
    the first two LNs are one with b, so they are not parameters of their own. The variance has
    `eps` added, so that a row of one constant gives zeros and a finite gradient.

    Parameters beside `RecurrentCell`'s: gain_ih (4H,), gain_hh (4H,), gain_c (H,), bias_c (H,).
    """

    gates = "ifgo"
    eps = 1e-5
    gain_ih: Tensor
    gain_hh: Tensor
    gain_c: Tensor
    bias_c: Tensor | None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name every parameter with its shape."""
        H = self.hidden_size
        own = {"gain_ih": (4 * H,), "gain_hh": (4 * H,), "gain_c": (H,), "bias_c": (H,)}
        return {**super().shapes(), **own}

    def project(self, input: Tensor) -> Tensor:
        """Compute LN(W_ih x) + b: (…, I) → (…, 4H)."""
        product = F.linear(input, self.weight_ih)
        return F.layer_norm(product, product.shape[-1:], self.gain_ih, self.bias, self.eps)

    def step(self, projected: Tensor, state: LSTMState) -> LSTMState:
        """Take one step; projected is (B, 4H)."""
        o, c = self.output_gate_and_cell(projected, state)
        return LSTMState(o * torch.tanh(self.normalise_cell(c)), c)

    def output_gate_and_cell(self, projected: Tensor, state: LSTMState) -> tuple[Tensor, Tensor]:
        """Compute o_t and the raw c_t, each (B, H)."""
        product = F.linear(state.h, self.weight_hh)
        y = projected + F.layer_norm(product, product.shape[-1:], self.gain_hh, None, self.eps)
        y_i, y_f, y_g, y_o = y.chunk(4, dim=-1)
        c = torch.sigmoid(y_f) * state.c + torch.sigmoid(y_i) * torch.tanh(y_g)
        return torch.sigmoid(y_o), c

    def normalise_cell(self, c: Tensor) -> Tensor:
        """Compute LN(c; gain_c, bias_c), (B, H)."""
        return F.layer_norm(c, c.shape[-1:], self.gain_c, self.bias_c, self.eps)


class NormalisedCarryLSTMCell(LayerNormLSTMCell, name="layer-norm-carried"):
    """The layer-normalised LSTM cell of PyTorch's benchmark `custom_lstms.py`.

        c_t = LN(f ⊙ c_{t-1} + i ⊙ g; gain_c, bias_c)
        h_t = o ⊙ tanh(c_t)

    It carries the normalised cell state on to the next step, so what a cell has gathered is scaled
    anew at every step; otherwise it is `LayerNormLSTMCell`.
    """

    def step(self, projected: Tensor, state: LSTMState) -> LSTMState:
        """Take one step; projected is (B, 4H)."""
        o, raw = self.output_gate_and_cell(projected, state)
        c = self.normalise_cell(raw)
        return LSTMState(o * torch.tanh(c), c)
