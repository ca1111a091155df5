"""The cells of `tangyin.lstm.cells` as PyTorch modules."""

import math
from collections.abc import Iterator
from functools import partial, partialmethod
from typing import Any

import torch
from torch import Tensor, nn

from tangyin.lstm.cell import Cell, cell_named
from tangyin.lstm.cells.lstm import PlainLSTM
from tangyin.nn.conversion import load_either_biases
from tangyin.nn.dropout import weight_dropout
from tangyin.nn.operations import TORCH, Weights, take_step
from tangyin.nn.sequence import lstm_sequence, product_dtype
from tangyin.nn.state import LSTMState, ShapeError, Start, autocasts, run_steps, without_padding


class HoldsCells(nn.Module):
    """A module with recurrent cells that are not its submodules."""

    def cells(self) -> Iterator[tuple[str, "RecurrentCell"]]:
        """Yield each cell with the suffix of its parameters' names here.

        The cell's parameters are the module's own: changing one in place changes the other.
        """
        raise NotImplementedError


def run_sequence(
    kind: Cell,
    weights: Weights,
    input: Tensor,
    state: tuple[Tensor, Tensor],
    mask: Tensor | None = None,
    weight_drop: float = 0.0,
) -> LSTMState:
    """Take all steps of a cell: input (T, B, I), mask (T, B) of bool → h (T, B, P) and c (T, B, H).

    Under autocast h comes in autocast's dtype and c in float32, as in `lstm_sequence`.
    """
    if type(kind) is PlainLSTM:
        w, recurrent = weights, weight_dropout(weights.weight_hh, weight_drop)
        return lstm_sequence(input, state, w.weight_ih, recurrent, w.bias, mask, w.weight_hr)
    inputs = kind.project(TORCH, weights, without_padding(input, mask))
    h, c = run_steps(partial(take_step, kind, weights), inputs, state, mask)
    return LSTMState(h.to(product_dtype(weights.weight_hh)), c)


class RecurrentCell(nn.Module):
    """A recurrent cell, whose parameters are attributes as in `tangyin.lstm.cell.Cell.shapes`.

    It is called like `torch.nn.LSTMCell`: `h, c = cell(input, (h, c))`. `LSTMCell(…)` is
    `RecurrentCell("lstm", …)` with the two biases of `torch.nn.LSTMCell`. Over a sequence, the
    gradients of the plain cell have a closed form (`tangyin.nn.closed_form`); those of all other
    cells are computed by autograd.

    A state dict with one bias loads into a cell with two, and the other way round.

    Args:
        kind: the name of a cell, or the cell itself.
        input_size: I, at least 1.
        hidden_size: H, at least 1.
        bias: whether there are biases; if not, every parameter named `bias…` is None.
        biases: the number of biases per gate of the plain cell: 1 (`bias`) or 2 (`bias_ih` and
            `bias_hh`, which are added). With two, `bias` is a bool, as in PyTorch.
        proj_size: P, the size of h after the projection `weight_hr` (plain cell only); 0 for no
            projection, and then P = H.
        options: keyword arguments of the named cell, such as the Mogrifier's `rounds`.

    Raises:
        UsageError: no cell has this name.
        TypeError: a size is not an integer, or `bias` no bool.
        ValueError: a size is below 1, `biases` is not 1 or 2, the projection is not smaller than H,
            or a cell other than the plain one gets a projection or two biases.
    """

    weight_ih: nn.Parameter
    weight_hh: nn.Parameter
    bias: Any  # nn.Parameter | bool | None

    def __init__(
        self,
        kind: str | Cell,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        biases: int = 1,
        proj_size: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.kind = cell_named(kind, **options) if isinstance(kind, str) else kind
        check_sizes(bias=bias, input_size=input_size, hidden_size=hidden_size)
        check_projection(proj_size, hidden_size)
        if biases not in (1, 2):
            raise ValueError(f"biases is {biases}; a gate has 1 or 2")
        if (proj_size or biases == 2) and type(self.kind) is not PlainLSTM:
            name = type(self.kind).__name__
            raise ValueError(f"{name} has one bias and no projection; only the plain LSTM has them")
        self.gates = self.kind.gates
        self.input_size, self.hidden_size, self.proj_size = input_size, hidden_size, proj_size
        shapes = dict(self.kind.shapes(input_size, hidden_size))
        if biases == 2:
            self.bias = bias
            shapes["bias_ih"] = shapes["bias_hh"] = shapes.pop("bias")
        if proj_size:
            shapes["weight_hh"] = (shapes["weight_hh"][0], proj_size)
            shapes["weight_hr"] = (proj_size, hidden_size)
        self.parameter_names = tuple(shapes)
        for name, shape in shapes.items():
            absent = name.startswith("bias") and not bias
            empty = None if absent else torch.empty(shape, device=device, dtype=dtype)
            self.register_parameter(name, None if empty is None else nn.Parameter(empty))
        self.register_load_state_dict_pre_hook(load_either_biases)  # type: ignore[no-untyped-call]
        self.reset_parameters()

    def rows(self, gate: str) -> slice:
        """The rows of the stacked weights and bias that belong to a gate, a letter of `gates`."""
        start = self.gates.index(gate) * self.hidden_size
        return slice(start, start + self.hidden_size)

    def gate_biases(self) -> list[nn.Parameter]:
        """The biases of the gates: none, one or two, each (G·H,)."""
        found = (getattr(self, name, None) for name in ("bias", "bias_ih", "bias_hh"))
        return [bias for bias in found if isinstance(bias, nn.Parameter)]

    def reset_parameters(self) -> None:
        """Draw the parameters as `initialization.report` does; gains are 1, other biases 0."""
        self.draw_uniformly()
        self.set_forget_bias(1.0)

    def draw_uniformly(self) -> None:
        """Draw weights and gates' biases from U(±1/√H), in the order of PyTorch's LSTM."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        drawn = ("bias", "bias_ih", "bias_hh")
        with torch.no_grad():
            for name, parameter in self.named_parameters(recurse=False):
                if name.startswith("weight") or name in drawn:
                    parameter.uniform_(-bound, bound)
                else:
                    parameter.fill_(1.0 if name.startswith("gain") else 0.0)

    def set_forget_bias(self, value: float) -> None:
        """Set the bias of the forget gate alone, a second one to 0; without them, do nothing."""
        with torch.no_grad():
            for n, bias in enumerate(self.gate_biases() if "f" in self.gates else []):
                bias[self.rows("f")] = 0.0 if n else value

    def weights(self) -> Weights:
        """The parameters as `Cell` reads them."""
        return Weights({name: getattr(self, name) for name in self.parameter_names})

    def project(self, input: Tensor) -> Tensor:
        """Compute the part of all steps that depends on their input alone: (…, I) → (…, ·)."""
        projected: Tensor = self.kind.project(TORCH, self.weights(), input)
        return projected

    def step(self, inputs: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Take one step: inputs (B, ·) from `project`, and the state → the state after."""
        return take_step(self.kind, self.weights(), inputs, h, c)

    def forward(self, input: Tensor, state: Start = None) -> LSTMState:
        """Take one step from a batch of inputs (B, I), or from a single input (I,).

        h (B, P) and c (B, H) before and after the step have no B for a single input.

        Raises:
            ShapeError: a shape or dtype does not fit.
        """
        if input.dim() not in (1, 2):
            raise ShapeError(f"the input of a cell is (B, I) or (I,), not {tuple(input.shape)}")
        check_features(input, self.input_size, self.weight_ih)
        if input.dim() == 1:
            one = None if state is None else (state[0].unsqueeze(0), state[1].unsqueeze(0))
            h, c = self(input.unsqueeze(0), one)
            return LSTMState(h.squeeze(0), c.squeeze(0))
        sizes = self.proj_size or self.hidden_size, self.hidden_size
        wanted = tuple((len(input), size) for size in sizes)
        if state is None:
            state = LSTMState(*(self.weight_hh.new_zeros(shape) for shape in wanted))
        check_state("the state", state, wanted, self.weight_hh)
        return LSTMState(*self.step(self.project(input), *state))

    def extra_repr(self) -> str:
        """Show the constructor's arguments, as PyTorch's LSTMCell does."""
        kind = f"{type(self.kind).__name__}, " if type(self) is RecurrentCell else ""
        bias = "" if self.gate_biases() else ", bias=False"
        projected = f", proj_size={self.proj_size}" if self.proj_size else ""
        return f"{kind}{self.input_size}, {self.hidden_size}{bias}{projected}"


def check_sizes(*, bias: bool, **sizes: int) -> None:
    """Check that `bias` is a bool and that all sizes are integers ≥ 1."""
    if not isinstance(bias, bool):
        raise TypeError(f"bias is {bias!r}; give True or False")
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool):
            raise TypeError(f"{name} is {size!r}; it must be an integer")
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be at least 1")


def check_projection(proj_size: int, hidden_size: int) -> None:
    """Check that a projection makes h smaller; 0 means no projection."""
    if not 0 <= proj_size < hidden_size:
        raise ValueError(
            f"proj_size is {proj_size}; give 0 for no projection, "
            f"or less than hidden_size={hidden_size}"
        )


def check_features(input: Tensor, size: int, weight: Tensor) -> None:
    """Check the last dimension, the dtype and the device of an input.

    Under autocast dtypes may differ, as they do for PyTorch's own layers.

    Raises:
        ShapeError: one of them differs.
    """
    if input.shape[-1] != size:
        raise ShapeError(
            f"the input has {input.shape[-1]} features at each step; "
            f"this cell was made for input_size={size}"
        )
    _check_kind("the input", input, weight)


def check_state(
    what: str, state: tuple[Tensor, Tensor], wanted: tuple[tuple[int, ...], ...], weight: Tensor
) -> None:
    """Check the shapes, the dtype and the device of a state.

    Raises:
        ShapeError: one of them differs.
    """
    if len(state) != 2 or any(s.shape != shape for s, shape in zip(state, wanted, strict=True)):
        found = " and ".join(str(tuple(s.shape)) for s in state)
        shapes = " and ".join(map(str, dict.fromkeys(wanted)))
        each = "each of shape" if wanted[0] == wanted[1] else "of shapes"
        raise ShapeError(f"{what} is {found}; give h and c, {each} {shapes}")
    for tensor in state:
        _check_kind(what, tensor, weight)


def _check_kind(what: str, tensor: Tensor, weight: Tensor) -> None:
    if tensor.device != weight.device:
        raise ShapeError(
            f"{what} is on {tensor.device} and the weights are on {weight.device}; "
            "move one to the other"
        )
    if tensor.dtype != weight.dtype and not autocasts(tensor.device):
        raise ShapeError(
            f"{what} is {tensor.dtype} and the weights are {weight.dtype}; convert one to the other"
        )


class LSTMCell(RecurrentCell):
    """The plain LSTM cell, with the arguments, names and state dict of `torch.nn.LSTMCell`."""

    __init__ = partialmethod(RecurrentCell.__init__, "lstm", biases=2)
