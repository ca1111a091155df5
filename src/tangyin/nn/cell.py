"""The cells of `tangyin.lstm.cells` as PyTorch modules."""

import math
from functools import partialmethod
from typing import Any

import torch
from torch import Tensor, nn

from tangyin.lstm.cell import Cell, cell_named
from tangyin.lstm.cells.lstm import PlainLSTM
from tangyin.nn.dropout import weight_dropout
from tangyin.nn.operations import TORCH
from tangyin.nn.sequence import lstm_sequence, product_dtype
from tangyin.nn.state import LSTMState, ShapeError, Start, run_steps


class RecurrentCell(nn.Module):
    """A recurrent cell, whose parameters are attributes as in `tangyin.lstm.cell.Cell.shapes`.

    It is called as `torch.nn.LSTMCell` is: `h, c = cell(input, (h, c))`. `LSTMCell(…)` is
    `RecurrentCell("lstm", …)`, and likewise `CoupledLSTMCell`, `LayerNormLSTMCell`,
    `MogrifierLSTMCell`, `NormalisedCarryLSTMCell` and `PeepholeLSTMCell`. The plain cell's
    gradients over a sequence are computed in closed form (`tangyin.nn.sequence`), those of all
    other cells by autograd.

    Args:
        kind: the name of a cell, or the cell itself.
        input_size: I, at least 1.
        hidden_size: H, at least 1.
        bias: whether there are biases; without, every parameter named `bias…` is None.
        options: what the cell of that name takes, such as the Mogrifier's `rounds`.

    Attributes:
        weight_drop: of the plain cell, the probability with which single weights of `weight_hh` are
            dropped while training, drawn anew for each sequence.

    Raises:
        UsageError: no cell has this name.
        ValueError: a size is below 1.
    """

    weight_ih: nn.Parameter
    weight_hh: nn.Parameter
    bias: nn.Parameter | None
    weight_drop = 0.0

    def __init__(
        self,
        kind: str | Cell,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        for what, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise ValueError(f"{what} is {size}; it must be at least 1")
        self.kind = cell_named(kind, **options) if isinstance(kind, str) else kind
        self.gates = self.kind.gates
        self.input_size, self.hidden_size = input_size, hidden_size
        for name, shape in self.kind.shapes(input_size, hidden_size).items():
            absent = name.startswith("bias") and not bias
            empty = None if absent else torch.empty(shape, device=device, dtype=dtype)
            self.register_parameter(name, None if empty is None else nn.Parameter(empty))
        self.reset_parameters()

    def rows(self, gate: str) -> slice:
        """The rows of the stacked weights and bias that belong to a gate, a letter of `gates`."""
        start = self.gates.index(gate) * self.hidden_size
        return slice(start, start + self.hidden_size)

    def reset_parameters(self) -> None:
        """Draw the parameters as `initialization.report` does; gains are 1, other biases 0."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        with torch.no_grad():
            for name, parameter in self.named_parameters(recurse=False):
                if name.startswith("weight") or name == "bias":
                    parameter.uniform_(-bound, bound)
                else:
                    parameter.fill_(1.0 if name.startswith("gain") else 0.0)
        self.set_forget_bias(1.0)

    def set_forget_bias(self, value: float) -> None:
        """Set the bias of the forget gate alone; without biases, do nothing."""
        if self.bias is not None:
            with torch.no_grad():
                self.bias[self.rows("f")] = value

    def project(self, input: Tensor) -> Tensor:
        """Compute what steps take from their input alone, all at once: (…, I) → (…, ·)."""
        projected: Tensor = self.kind.project(TORCH, self, input)
        return projected

    def step(self, inputs: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Take one step: inputs (B, ·) from `project`, and the state → the state after."""
        return self.kind.step(TORCH, self, inputs, h, c)

    def sequence(
        self, input: Tensor, state: tuple[Tensor, Tensor], mask: Tensor | None = None
    ) -> LSTMState:
        """Take all steps: input (T, B, I), mask (T, B) of bool → h and c, each (T, B, H).

        Under autocast h comes in autocast's dtype and c in float32, as in `lstm_sequence`.
        """
        if type(self.kind) is PlainLSTM:
            recurrent = weight_dropout(self.weight_hh, self.weight_drop if self.training else 0.0)
            return lstm_sequence(input, state, self.weight_ih, recurrent, self.bias, mask)
        h, c = run_steps(self.step, self.project(input), state, mask)
        return LSTMState(h.to(product_dtype(self.weight_hh)), c)

    def start(self, state: Start, batch: int) -> LSTMState:
        """The state before the first step: the one given, or zeros, each (B, H).

        Raises:
            ShapeError: it is not two tensors of (B, H).
        """
        wanted = (batch, self.hidden_size)
        if state is None:
            zeros = self.weight_hh.new_zeros(wanted)
            return LSTMState(zeros, zeros)
        if len(state) != 2 or any(s.shape != wanted for s in state):
            found = " and ".join(str(tuple(s.shape)) for s in state)
            raise ShapeError(f"the state is {found}; give h and c, each of shape {wanted}")
        return LSTMState(*state)

    def check_input(self, input: Tensor) -> None:
        """Refuse an input whose last dimension is not the input size, or of another dtype.

        Under autocast dtypes may differ, as they do for PyTorch's own layers.

        Raises:
            ShapeError: it is such an input.
        """
        if input.shape[-1] != self.input_size:
            raise ShapeError(
                f"the input has {input.shape[-1]} features at each step; "
                f"this cell was made for input_size={self.input_size}"
            )
        dtype = self.weight_ih.dtype
        if input.dtype != dtype and not torch.is_autocast_enabled(input.device.type):
            raise ShapeError(
                f"the input is {input.dtype} and the weights are {dtype}; convert one to the other"
            )

    def forward(self, input: Tensor, state: Start = None) -> LSTMState:
        """Take one step from a batch of inputs (B, I), or from a single input (I,).

        h and c before and after the step are each (B, H), or (H,) for a single input.

        Raises:
            ShapeError: a shape does not fit.
        """
        if input.dim() not in (1, 2):
            raise ShapeError(f"the input of a cell is (B, I) or (I,), not {tuple(input.shape)}")
        self.check_input(input)
        if input.dim() == 1:
            one = None if state is None else (state[0].unsqueeze(0), state[1].unsqueeze(0))
            h, c = self(input.unsqueeze(0), one)
            return LSTMState(h.squeeze(0), c.squeeze(0))
        return LSTMState(*self.step(self.project(input), *self.start(state, len(input))))

    def extra_repr(self) -> str:
        """Show the cell and the sizes."""
        kind, bias = type(self.kind).__name__, self.bias is not None
        return f"{kind}, {self.input_size}, {self.hidden_size}, bias={bias}"


class LSTMCell(RecurrentCell):
    """The plain LSTM cell."""

    __init__ = partialmethod(RecurrentCell.__init__, "lstm")


class CoupledLSTMCell(RecurrentCell):
    """The cell whose input gate is one minus its forget gate."""

    __init__ = partialmethod(RecurrentCell.__init__, "coupled")


class LayerNormLSTMCell(RecurrentCell):
    """The LayerNorm cell that carries c as it is."""

    __init__ = partialmethod(RecurrentCell.__init__, "layer-norm")


class MogrifierLSTMCell(RecurrentCell):
    """The Mogrifier cell."""

    __init__ = partialmethod(RecurrentCell.__init__, "mogrifier")


class NormalisedCarryLSTMCell(RecurrentCell):
    """The LayerNorm cell that carries the normalised c."""

    __init__ = partialmethod(RecurrentCell.__init__, "layer-norm-carried")


class PeepholeLSTMCell(RecurrentCell):
    """The cell with peepholes."""

    __init__ = partialmethod(RecurrentCell.__init__, "peephole")
