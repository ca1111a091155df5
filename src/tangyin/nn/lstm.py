"""The LSTM with the interface of torch.nn.LSTM, made of our own cells, layers and stack."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from tangyin.lstm.cell import Cell, cell_named
from tangyin.lstm.cells.lstm import PlainLSTM
from tangyin.nn.cell import (
    HoldsCells,
    RecurrentCell,
    check_features,
    check_projection,
    check_sizes,
    check_state,
    run_sequence,
)
from tangyin.nn.conversion import load_either_biases
from tangyin.nn.initialization import initialize
from tangyin.nn.operations import Weights
from tangyin.nn.state import LSTMState, ShapeError, Start, mask_from_lengths


class LSTM(HoldsCells):
    """A recurrent network of any cell with the interface of torch.nn.LSTM; I → H features a step.

    Arguments, attributes, parameters and state dict are those of torch.nn.LSTM: `weight_ih_l0`,
    `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_ih_l0_reverse`, `weight_ih_l1`, …, so state
    dicts load both ways. Other cells than the plain one have the parameters of
    `tangyin.lstm.cell.Cell.shapes`, named in the same manner: one bias, `bias_l0`, …

    Args:
        batch_first: whether inputs, outputs and masks are (B, T, …) and not (T, B, …); states are
            not affected.
        dropout: the probability of dropout between layers.
        bidirectional: whether each layer runs in both directions.
        proj_size: P, the size of h after the projection `weight_hr_l0`, … (LSTMP; plain cell only);
            0 for no projection, and then P = H.
        cell: a name in `tangyin.lstm.cells` ("lstm", "peephole", …), or a cell.
        cell_options: keyword arguments of the named cell.
        initialization: a name in `tangyin.nn.INITIALIZATIONS`, or a function that fills one cell.
            PyTorch's is "uniform".
        biases: the number of biases per gate of the plain cell: 2, as in torch.nn.LSTM, or 1, as in
            the model files. State dicts with one or two load into either.

    Attributes:
        weight_drop: the probability of dropping single recurrent weights of the plain cell while
            training, drawn again for each sequence.

    Raises:
        UsageError: no cell or initialization has this name.
        TypeError: a size is not an integer, or `bias` or `batch_first` no bool.
        ValueError: a size or the dropout is invalid, or the cell has no projection.
    """

    mode = "LSTM"
    weight_drop = 0.0

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        cell: str | Cell = "lstm",
        cell_options: Mapping[str, Any] | None = None,
        initialization: str | Callable[[RecurrentCell], None] = "report",
        biases: int = 2,
    ) -> None:
        super().__init__()
        check_sizes(bias=bias, input_size=input_size, hidden_size=hidden_size)
        check_sizes(bias=batch_first)
        check_projection(proj_size, hidden_size)
        _check_dropout(num_layers, dropout)
        if dropout and num_layers == 1:
            warnings.warn(
                f"dropout={dropout} does nothing: it applies between layers and there is one; "
                "give num_layers=2 or more, or no dropout",
                stacklevel=2,
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self.initialization = initialization
        # The suffix of a cell's parameters here, and the cell, with parameters on "meta".
        self._cells: list[tuple[str, RecurrentCell]] = []
        kind = cell_named(cell, **(cell_options or {})) if isinstance(cell, str) else cell
        sizes = {"biases": biases if type(kind) is PlainLSTM else 1, "proj_size": proj_size}
        for layer in range(num_layers):
            size = self.directions * (proj_size or hidden_size) if layer else input_size
            for direction in ("", "_reverse")[: self.directions]:
                made = RecurrentCell(kind, size, hidden_size, bias, "meta", dtype, **sizes)
                made.to_empty(device=device or torch.get_default_device())
                suffix = f"_l{layer}{direction}"
                for name in made.parameter_names:
                    self.register_parameter(name + suffix, getattr(made, name))
                self._cells.append((suffix, deepcopy(made).to("meta")))
        self.reset_parameters()
        self.register_load_state_dict_pre_hook(load_either_biases)  # type: ignore[no-untyped-call]

    @property
    def directions(self) -> int:
        """D, 1 or 2."""
        return 2 if self.bidirectional else 1

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The parameters of each layer and direction, in the order of torch.nn.LSTM."""
        found = (self._weights(suffix, cell).values() for suffix, cell in self._cells)
        return [[weight for weight in weights if weight is not None] for weights in found]

    def flatten_parameters(self) -> None:
        """Do nothing; torch.nn.LSTM arranges its weights for cuDNN here."""

    def reset_parameters(self) -> None:
        """Initialize all parameters again, as the constructor did."""
        initialize(self, self.initialization)

    def _weights(self, suffix: str, cell: RecurrentCell) -> dict[str, Any]:
        """The parameters of one layer and direction, under the names of the cell."""
        return {name: getattr(self, name + suffix) for name in cell.parameter_names}

    def cells(self) -> Iterator[tuple[str, RecurrentCell]]:
        """Go through the cells: what ends the names of their parameters, `_l0_reverse`; the cell.

        The cell's parameters are the LSTM's own: what changes one in place changes the other.
        """
        for suffix, cell in self._cells:
            own = deepcopy(cell)
            for name, parameter in self._weights(suffix, cell).items():
                own.register_parameter(name, parameter)
            yield suffix, own

    def forward(
        self, input: Tensor | PackedSequence, hx: Start = None, mask: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, tuple[Tensor, Tensor]]:
        """Run over a batch of sequences, over one sequence, or over a packed batch.

        Args:
            input: (T, B, I), or (B, T, I) if batch_first, or (T, I) for one sequence, or packed.
            hx: h_0 (L·D, B, P) and c_0 (L·D, B, H), without B for one sequence, of L layers and D
                directions; zeros if None.
            mask: of bool, (T, B), or (B, T) if batch_first, or (T,) for one sequence; where False
                the state is carried unchanged and the output is zero, whatever the input holds.
                All steps count if None.

        Returns:
            The output (T, B, D·P), laid out as the input; and h_n and c_n, shaped as h_0 and c_0.

        Raises:
            ShapeError: a shape or dtype does not fit.
        """
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx, mask)
        x, starts, m = self._arrange(input, hx, mask)
        found, output = self._run(x, starts, m)
        ends = [(s, 0 if n % self.directions else -1) for n, s in enumerate(found)]
        h = torch.stack([s.h[end] for s, end in ends])
        c = torch.stack([s.c[end] for s, end in ends])
        if input.dim() == 2:
            return output.squeeze(1), (h.squeeze(1), c.squeeze(1))
        return output.transpose(0, 1) if self.batch_first else output, (h, c)

    def states(self, input: Tensor, hx: Start = None, mask: Tensor | None = None) -> LSTMState:
        """Compute the states of every layer and direction after every step.

        Arguments are those of `forward`, without packed batches. h is (L·D, T, B, P) and c
        (L·D, T, B, H) whatever batch_first, without B for one sequence.
        """
        found, _ = self._run(*self._arrange(input, hx, mask))
        h, c = torch.stack([s.h for s in found]), torch.stack([s.c for s in found])
        return LSTMState(h.squeeze(2), c.squeeze(2)) if input.dim() == 2 else LSTMState(h, c)

    def _arrange(
        self, input: Tensor, hx: Start, mask: Tensor | None
    ) -> tuple[Tensor, list[LSTMState], Tensor | None]:
        """Lay input and mask out as (T, B, …) and split hx into the layers' and directions'."""
        if input.dim() not in (2, 3):
            raise ShapeError(
                f"the input is {tuple(input.shape)}; give 3 dimensions, or 2 for one sequence"
            )
        alone = input.dim() == 2
        x, m = input, mask
        if alone:
            x, m = x.unsqueeze(1), None if m is None else m.unsqueeze(1)
        elif self.batch_first:
            x, m = x.transpose(0, 1), None if m is None else m.transpose(0, 1)
        _check_sequences(x, m)
        weight = self.all_weights[0][0]
        check_features(x, self.input_size, weight)
        rows, batch = len(self._cells), () if alone else (x.shape[1],)
        sizes = self.proj_size or self.hidden_size, self.hidden_size
        wanted = tuple((rows, *batch, size) for size in sizes)
        if hx is None:
            h_0, c_0 = (weight.new_zeros(shape) for shape in wanted)
        else:
            check_state("hx", hx, wanted, weight)
            h_0, c_0 = hx
        if alone:
            h_0, c_0 = h_0.unsqueeze(1), c_0.unsqueeze(1)
        return x, [LSTMState(h, c) for h, c in zip(h_0, c_0, strict=True)], m

    def _run(
        self, x: Tensor, starts: list[LSTMState], mask: Tensor | None
    ) -> tuple[list[LSTMState], Tensor]:
        """All states of each layer and direction, and the output (T, B, D·P)."""
        D, drop = self.directions, self.weight_drop if self.training else 0.0
        states: list[LSTMState] = []
        for n in range(0, len(starts), D):
            if states:
                x = F.dropout(x, self.dropout, self.training)
            for (suffix, cell), start in zip(self._cells[n : n + D], starts[n:], strict=False):
                weights = Weights(self._weights(suffix, cell))
                run = partial(run_sequence, cell.kind, weights, weight_drop=drop)
                states.append(_carry(run, x, start, mask, suffix.endswith("_reverse")))
            outputs = [_visible(s.h, mask) for s in states[n:]]
            x = outputs[0] if D == 1 else torch.cat(outputs, -1)
        return states, x

    def _forward_packed(
        self, packed: PackedSequence, hx: Start, mask: Tensor | None
    ) -> tuple[PackedSequence, tuple[Tensor, Tensor]]:
        """Run over a packed batch by padding it and masking the padding."""
        if mask is not None:
            raise ShapeError("a packed batch has its own lengths; give it no mask")
        first = self.batch_first
        padded, lengths = pad_packed_sequence(packed, batch_first=first)
        own = mask_from_lengths(lengths.to(padded.device))
        output, state = self(padded, hx, own.t() if first else own)
        again = pack_padded_sequence(
            output, lengths, batch_first=first, enforce_sorted=packed.sorted_indices is None
        )
        return again, state

    def extra_repr(self) -> str:
        """Show the constructor's arguments, as torch.nn.LSTM does, and the cell."""
        given = {
            "proj_size": (self.proj_size, 0),
            "num_layers": (self.num_layers, 1),
            "bias": (self.bias, True),
            "batch_first": (self.batch_first, False),
            "dropout": (self.dropout, 0.0),
            "bidirectional": (self.bidirectional, False),
        }
        shown = [f"{name}={value}" for name, (value, usual) in given.items() if value != usual]
        kind = type(self._cells[0][1].kind)
        if kind is not PlainLSTM:
            shown.append(f"cell={kind.__name__}")
        return ", ".join([str(self.input_size), str(self.hidden_size), *shown])


def _carry(
    sequence: Callable[[Tensor, LSTMState, Tensor | None], LSTMState],
    input: Tensor,
    start: LSTMState,
    mask: Tensor | None,
    reverse: bool,
) -> LSTMState:
    """Carry a state through (T, B, I) in either direction; all states in the order of the input."""
    if not reverse:
        return sequence(input, start, mask)
    h, c = sequence(input.flip(0), start, None if mask is None else mask.flip(0))
    return LSTMState(h.flip(0), c.flip(0))


def _visible(h: Tensor, mask: Tensor | None) -> Tensor:
    """The output that belongs to the hidden states (T, B, P) of all steps: zero at padding."""
    return h if mask is None else h.masked_fill(~mask.unsqueeze(-1), 0.0)


def _check_sequences(input: Tensor, mask: Tensor | None) -> None:
    """Check that the input is (T, B, I) with T ≥ 1 and the mask (T, B) of bool.

    Raises:
        ShapeError: it is not.
    """
    if input.dim() != 3 or not input.shape[0]:
        raise ShapeError(
            f"the input of a layer is (T, B, I) with at least one step, not {tuple(input.shape)}"
        )
    if mask is not None and (mask.dtype != torch.bool or mask.shape != input.shape[:2]):
        raise ShapeError(
            f"the mask is {tuple(mask.shape)} of {mask.dtype}; "
            f"give one bool for each step and sequence, {tuple(input.shape[:2])}"
        )


def _check_dropout(num_layers: int, dropout: float) -> None:
    """Check the number of layers and the probability of dropout.

    Raises:
        ValueError: there is no layer, or the dropout is not a probability.
    """
    if num_layers < 1:
        raise ValueError(f"num_layers is {num_layers}; a stack has at least one layer")
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
        raise ValueError(f"dropout is {dropout!r}; it is a probability from 0 to 1")
