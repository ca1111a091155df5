"""The LSTM cell whose input and hidden state gate each other before each step."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tangyin.nn.cell import RecurrentCell
from tangyin.nn.sequence import lstm_step
from tangyin.nn.state import LSTMState


class MogrifierLSTMCell(RecurrentCell, name="mogrifier"):
    """The Mogrifier LSTM cell (Melis, Kočiský and Blunsom 2020, equations 1 and 2).

    Before the step of the plain LSTM, x = x_t and h = h_{t-1} take turns, for n = 1 … rounds:

        n odd:  x ← 2σ(Q_n h) ⊙ x
        n even: h ← 2σ(R_n x) ⊙ h

    With `rank` = k each matrix is a product of two, (·, k) and (k, ·).

    Parameters beside `RecurrentCell`'s: weight_q1 (I, H), weight_r2 (H, I), weight_q3, …; with a
    rank weight_q1_left (I, k) and weight_q1_right (k, H), and so on.

    Args:
        input_size: I.
        hidden_size: H.
        bias: whether there are biases.
        rounds: how many turns are taken, 0 or more; 0 is the plain LSTM, the paper's best are 5
            and 6.
        rank: k, at least 1; None for full matrices.
        device: where the parameters live.
        dtype: their floating-point type.

    Raises:
        ValueError: a size, `rounds` or `rank` is below its least.
    """

    gates = "ifgo"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        rounds: int = 5,
        rank: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if rounds < 0:
            raise ValueError(f"rounds is {rounds}; it must be 0 or more")
        if rank is not None and rank < 1:
            raise ValueError(f"rank is {rank}; it must be at least 1, or None for full matrices")
        # before the parent makes the parameters, whose shapes depend on them
        self.rounds = rounds
        self.rank = rank
        super().__init__(input_size, hidden_size, bias, device=device, dtype=dtype)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name every parameter with its shape."""
        shapes = super().shapes()
        for n in range(1, self.rounds + 1):
            rows, columns = self.hidden_size, self.input_size
            if n % 2:
                rows, columns = columns, rows
            if self.rank is None:
                shapes[_name(n)] = (rows, columns)
            else:
                shapes[f"{_name(n)}_left"] = (rows, self.rank)
                shapes[f"{_name(n)}_right"] = (self.rank, columns)
        return shapes

    def project(self, input: Tensor) -> Tensor:
        """Hand the input on as it is: h has a say in it before it is projected."""
        return input

    def step(self, projected: Tensor, state: LSTMState) -> LSTMState:
        """Take one step; projected is the input, (B, I)."""
        x, h = self.mogrify(projected, state.h)
        y = F.linear(x, self.weight_ih, self.bias)
        return lstm_step(y, LSTMState(h, state.c), self.weight_hh)

    def mogrify(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Let x (B, I) and h (B, H) gate each other in turn; the same shapes come back."""
        for n in range(1, self.rounds + 1):
            if n % 2:
                x = 2.0 * torch.sigmoid(self._gate(n, h)) * x
            else:
                h = 2.0 * torch.sigmoid(self._gate(n, x)) * h
        return x, h

    def _gate(self, n: int, other: Tensor) -> Tensor:
        """Compute Q_n h or R_n x."""
        if self.rank is None:
            return F.linear(other, getattr(self, _name(n)))
        right = F.linear(other, getattr(self, f"{_name(n)}_right"))
        return F.linear(right, getattr(self, f"{_name(n)}_left"))

    def extra_repr(self) -> str:
        """Show the sizes, the rounds and the rank."""
        return f"{super().extra_repr()}, rounds={self.rounds}, rank={self.rank}"


def _name(n: int) -> str:
    return f"weight_{'q' if n % 2 else 'r'}{n}"
