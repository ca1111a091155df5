"""The LSTM cell whose input and hidden state gate each other before each step."""

from dataclasses import dataclass
from typing import Any

from tangyin.lstm.cell import Operations
from tangyin.lstm.cells.lstm import PlainLSTM


@dataclass(frozen=True)
class Mogrifier(PlainLSTM):
    """The Mogrifier LSTM cell (Melis, Kočiský and Blunsom 2020, equations 1 and 2).

    Before the step of the plain LSTM, x = x_t and h = h_{t-1} take turns, for n = 1 … rounds:

        n odd:  x ← 2σ(Q_n h) ⊙ x
        n even: h ← 2σ(R_n x) ⊙ h

    Parameters: `weight_q1` (I, H), `weight_r2` (H, I), `weight_q3`, …; with `rank` = k each is a
    product of two, `weight_q1_left` (I, k) and `weight_q1_right` (k, H), and so on.

    Attributes:
        rounds: how many turns, 0 or more; 0 is the plain LSTM, the paper's best are 5 and 6.
        rank: k, at least 1; None for full matrices.

    Raises:
        ValueError: one of them is too small.
    """

    rounds: int = 5
    rank: int | None = None

    def __post_init__(self) -> None:
        if self.rounds < 0:
            raise ValueError(f"rounds is {self.rounds}; it must be 0 or more")
        if self.rank is not None and self.rank < 1:
            raise ValueError(f"rank is {self.rank}; it must be at least 1, or None")

    def shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter."""
        shapes = super().shapes(input_size, hidden_size)
        for n in range(1, self.rounds + 1):
            rows, columns = (input_size, hidden_size) if n % 2 else (hidden_size, input_size)
            if self.rank is None:
                shapes[_name(n)] = (rows, columns)
            else:
                shapes[f"{_name(n)}_left"] = (rows, self.rank)
                shapes[f"{_name(n)}_right"] = (self.rank, columns)
        return shapes

    def project(self, ops: Operations, weights: Any, x: Any) -> Any:  # noqa: ARG002
        """The input itself: h changes it before it is projected."""
        return x

    def step(self, ops: Operations, weights: Any, inputs: Any, h: Any, c: Any) -> tuple[Any, Any]:
        """One step; inputs is the input, (B, I)."""
        x = inputs
        for n in range(1, self.rounds + 1):
            if n % 2:
                x = 2.0 * ops.sigmoid(self._gate(ops, weights, n, h)) * x
            else:
                h = 2.0 * ops.sigmoid(self._gate(ops, weights, n, x)) * h
        return super().step(ops, weights, super().project(ops, weights, x), h, c)

    def _gate(self, ops: Operations, weights: Any, n: int, other: Any) -> Any:
        """Q_n h or R_n x."""
        if self.rank is None:
            return ops.linear(other, getattr(weights, _name(n)))
        right = ops.linear(other, getattr(weights, f"{_name(n)}_right"))
        return ops.linear(right, getattr(weights, f"{_name(n)}_left"))


def _name(n: int) -> str:
    return f"weight_{'q' if n % 2 else 'r'}{n}"
