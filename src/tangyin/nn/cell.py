"""What every recurrent cell is: parameters, a projection of its input, and one step."""

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tangyin.nn.sequence import product_dtype
from tangyin.nn.shape_error import ShapeError
from tangyin.nn.state import LSTMState, run_steps


class RecurrentCell(nn.Module, ABC):
    """A recurrent cell with a hidden state h and a cell state c.

    A new kind of cell is one class: it gives `gates`, says in `shapes` which parameters it has
    beside those below, and computes one `step`. Layers, stacks, both directions, masks, conversion
    of names, initialization and the tests then come with it. A class keyword enters it in the
    registry: `class PeepholeLSTMCell(RecurrentCell, name="peephole")`.

    A cell is called as `torch.nn.LSTMCell` is: `h, c = cell(input, (h, c))`. The cells of PyTorch's
    `custom_lstms.py` return `h, (h, c)` instead, as their layers need an output beside the state;
    here the output of a cell is always its h, so saying it twice would tell nothing, and code
    written for `torch.nn.LSTMCell` runs unchanged.

    Parameters (G gates, input size I, hidden size H); every one has a name that tells what it is,
    `weight…`, `bias…` or `gain…`, which the initializations go by:
        weight_ih: (G·H, I), the gates stacked in the order of `gates`.
        weight_hh: (G·H, H), likewise.
        bias: (G·H,), one bias per gate, or None.

    Args:
        input_size: I, at least 1.
        hidden_size: H, at least 1.
        bias: whether there are biases; without, every parameter named `bias…` is None.
        device: where the parameters live.
        dtype: their floating-point type.

    Raises:
        ValueError: a size is below 1.
    """

    gates: ClassVar[str]
    registry: ClassVar[dict[str, type["RecurrentCell"]]] = {}

    weight_ih: nn.Parameter
    weight_hh: nn.Parameter
    bias: nn.Parameter | None

    def __init_subclass__(cls, name: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if name is not None:
            RecurrentCell.registry[name] = cls

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        for what, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise ValueError(f"{what} is {size}; it must be at least 1")
        self.input_size = input_size
        self.hidden_size = hidden_size
        for parameter, shape in self.shapes().items():
            if parameter.startswith("bias") and not bias:
                self.register_parameter(parameter, None)
            else:
                empty = torch.empty(shape, device=device, dtype=dtype)
                self.register_parameter(parameter, nn.Parameter(empty))
        self.reset_parameters()

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name every parameter with its shape; a subclass adds its own to these."""
        rows = len(self.gates) * self.hidden_size
        return {
            "weight_ih": (rows, self.input_size),
            "weight_hh": (rows, self.hidden_size),
            "bias": (rows,),
        }

    def rows(self, gate: str) -> slice:
        """Say which rows of the stacked weights and bias a gate, a letter of `gates`, has."""
        start = self.gates.index(gate) * self.hidden_size
        return slice(start, start + self.hidden_size)

    def reset_parameters(self) -> None:
        """Draw the parameters anew as the report does.

        Weights and the gates' biases come from U(±1/√H), as in torch.nn.LSTM; then the forget bias
        is set to 1 (Jozefowicz, Zaremba and Sutskever 2015, "An empirical exploration of recurrent
        network architectures"). Gains start at 1 and other biases at 0.
        """
        bound = 1.0 / math.sqrt(self.hidden_size)
        with torch.no_grad():
            for name, parameter in self.named_parameters(recurse=False):
                if name.startswith("weight") or name == "bias":
                    parameter.uniform_(-bound, bound)
                else:
                    parameter.fill_(1.0 if name.startswith("gain") else 0.0)
        self.set_forget_bias(1.0)

    def set_forget_bias(self, value: float) -> None:
        """Set the bias of the forget gate, and of no other; without biases, do nothing."""
        if self.bias is not None:
            with torch.no_grad():
                self.bias[self.rows("f")] = value

    def project(self, input: Tensor) -> Tensor:
        """Compute what steps take from their input alone, all at once: (…, I) → (…, G·H)."""
        return F.linear(input, self.weight_ih, self.bias)

    @abstractmethod
    def step(self, projected: Tensor, state: LSTMState) -> LSTMState:
        """Take one step: its share of `project`, (B, ·), and the state before → the state after."""

    def sequence(
        self,
        input: Tensor,
        state: LSTMState,
        mask: Tensor | None = None,
    ) -> LSTMState:
        """Take all steps: input (T, B, I), mask (T, B) of bool → h and c, each (T, B, H).

        Under autocast h comes in autocast's dtype and c in float32, as in `lstm_sequence`.
        """
        h, c = run_steps(self.step, self.project(input), state, mask)
        return LSTMState(h.to(product_dtype(self.weight_hh)), c)

    def initial_state(self, batch: int) -> LSTMState:
        """Give the state before the first step: zeros, each (B, H)."""
        zeros = self.weight_hh.new_zeros(batch, self.hidden_size)
        return LSTMState(zeros, zeros)

    def check_state(self, state: tuple[Tensor, Tensor], batch: int) -> LSTMState:
        """Refuse a state that is not two tensors of (B, H).

        Raises:
            ShapeError: it is something else.
        """
        wanted = (batch, self.hidden_size)
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

    def forward(
        self,
        input: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
    ) -> LSTMState:
        """Take one step from a batch of inputs, or from one input alone.

        Args:
            input: (B, I), or (I,).
            state: h and c before the step, each (B, H), or (H,) for one input; zeros if None.

        Returns:
            h and c after the step, of the same shapes.

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
        if state is None:
            before = self.initial_state(len(input))
        else:
            before = self.check_state(state, len(input))
        return self.step(self.project(input), before)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.input_size}, {self.hidden_size}, bias={self.bias is not None}"
