"""The LSTM with the interface of torch.nn.LSTM, made of our own cells, layers and stack."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from tangyin.lstm.cell import Cell
from tangyin.nn.cell import RecurrentCell
from tangyin.nn.conversion import from_torch
from tangyin.nn.initialization import initialize
from tangyin.nn.layer import BidirectionalLSTMLayer, LSTMLayer, StackedLSTM
from tangyin.nn.state import LSTMState, ShapeError, Start, mask_from_lengths


class LSTM(nn.Module):
    """A recurrent network used as torch.nn.LSTM is, of any of our cells; I → H features a step.

    Its state dict has one entry for each parameter of each cell, named as in torch.nn.LSTM:
    `weight_ih_l0`, `weight_hh_l0`, `bias_l0`, `weight_ih_l0_reverse`, `weight_ih_l1`, …, and
    `lstm.weight_ih_l0` reads the parameter. There is one bias per gate. `load_state_dict` also
    loads a torch.nn.LSTM's state dict (its two biases are added); `tangyin.nn.to_torch` makes one.

    Args:
        batch_first: whether inputs, outputs and masks are (B, T, …) and not (T, B, …); states are
            not affected.
        dropout: the probability of dropout between layers.
        bidirectional: whether each layer runs in both directions.
        cell: a name in `tangyin.lstm.cells` ("lstm", "peephole", …), a cell, or a function that
            makes one.
        cell_options: what the cell takes beside sizes and bias, by name.
        initialization: a name in `tangyin.nn.INITIALIZATIONS`, or a function that fills one cell.

    Raises:
        UsageError: no cell or initialization has this name.
        ValueError: a size or the dropout cannot be.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        cell: str | Cell | Callable[..., RecurrentCell] = "lstm",
        cell_options: Mapping[str, Any] | None = None,
        initialization: str | Callable[[RecurrentCell], None] = "report",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if isinstance(cell, str | Cell):
            cell = partial(RecurrentCell, cell)
        if dropout and num_layers == 1:
            warnings.warn(
                f"dropout={dropout} does nothing: it applies between layers and there is one; "
                "give num_layers=2 or more, or no dropout",
                stacklevel=2,
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.batch_first, self.bidirectional = batch_first, bidirectional
        self.directions = directions = 2 if bidirectional else 1
        make = partial(cell, bias=bias, device=device, dtype=dtype, **(cell_options or {}))
        self.stack = StackedLSTM(
            num_layers,
            BidirectionalLSTMLayer if bidirectional else LSTMLayer,
            [make, input_size, hidden_size],
            [make, directions * hidden_size, hidden_size],
            dropout=dropout,
        )
        if initialization != "report":  # which the cells were made with
            initialize(self, initialization)
        self.register_state_dict_post_hook(_flatten_names)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_nest_names)  # type: ignore[no-untyped-call]

    def cells(self) -> Iterator[tuple[str, str, RecurrentCell]]:
        """Go through the cells: suffix of the names (`_l0`, `_l0_reverse`, …), path, cell."""
        places = [
            (path, cell) for path, cell in self.named_modules() if isinstance(cell, RecurrentCell)
        ]
        for n, (path, cell) in enumerate(places):
            layer, direction = divmod(n, self.directions)
            yield f"_l{layer}" + ("_reverse" if direction else ""), path, cell

    def forward(
        self, input: Tensor | PackedSequence, hx: Start = None, mask: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, tuple[Tensor, Tensor]]:
        """Run over a batch of sequences, over one sequence, or over a packed batch.

        Args:
            input: (T, B, I), or (B, T, I) if batch_first, or (T, I) for one sequence, or packed.
            hx: h_0 and c_0, each (L·D, B, H), or (L·D, H) for one sequence, of L layers and D
                directions; zeros if None.
            mask: of bool, (T, B), or (B, T) if batch_first, or (T,) for one sequence; where False
                the state is carried unchanged and the output is zero. All steps count if None.

        Returns:
            The output (T, B, D·H), laid out as the input; and h_n and c_n, shaped as h_0 and c_0.

        Raises:
            ShapeError: a shape does not fit.
        """
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx, mask)
        x, start, m = self._arrange(input, hx, mask)
        output, state = self.stack(x, start, m)
        h, c = self._join(state)
        if input.dim() == 2:
            return output.squeeze(1), (h.squeeze(1), c.squeeze(1))
        return output.transpose(0, 1) if self.batch_first else output, (h, c)

    def states(self, input: Tensor, hx: Start = None, mask: Tensor | None = None) -> LSTMState:
        """Compute the states of every layer and direction after every step.

        Arguments are those of `forward`, without packed batches. h and c are each (L·D, T, B, H)
        whatever batch_first, and (L·D, T, H) for one sequence.
        """
        h, c = self._join(self.stack.states(*self._arrange(input, hx, mask)))
        return LSTMState(h.squeeze(2), c.squeeze(2)) if input.dim() == 2 else LSTMState(h, c)

    def _arrange(
        self, input: Tensor, hx: Start, mask: Tensor | None
    ) -> tuple[Tensor, list[Any] | None, Tensor | None]:
        """Lay input and mask out as (T, B, …) and split hx into the stack's state."""
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
        if hx is None:
            return x, None, m
        batch = () if alone else (x.shape[1],)
        wanted = (self.num_layers * self.directions, *batch, self.hidden_size)
        if len(hx) != 2 or any(s.shape != wanted for s in hx):
            found = " and ".join(str(tuple(s.shape)) for s in hx)
            raise ShapeError(f"hx is {found}; give h_0 and c_0, each of shape {wanted}")
        h_0, c_0 = (s.unsqueeze(1) for s in hx) if alone else hx
        flat = [LSTMState(h, c) for h, c in zip(h_0, c_0, strict=True)]
        if not self.bidirectional:
            return x, flat, m
        return x, [flat[n : n + 2] for n in range(0, len(flat), 2)], m

    def _join(self, state: list[Any]) -> LSTMState:
        """Join the stack's state into one h and one c with a dimension L·D in front."""
        flat = [s for pair in state for s in pair] if self.bidirectional else state
        return LSTMState(torch.stack([s.h for s in flat]), torch.stack([s.c for s in flat]))

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

    def __getattr__(self, name: str) -> Any:
        """Read a parameter by its name in the state dict, such as `weight_ih_l0`."""
        if "_l" in name and "_modules" in self.__dict__ and "stack" in self._modules:
            for suffix, _, cell in self.cells():
                own = name.removesuffix(suffix)
                if own != name and hasattr(cell, own):
                    return getattr(cell, own)
        return super().__getattr__(name)

    def extra_repr(self) -> str:
        """Show what the constructor was given."""
        return f"{self.input_size}, {self.hidden_size}, batch_first={self.batch_first}"


def _flatten_names(
    module: LSTM, state_dict: dict[str, Any], prefix: str, _metadata: dict[str, Any]
) -> None:
    """Give the entries of a state dict the names of torch.nn.LSTM."""
    for suffix, path, _ in module.cells():
        nested = f"{prefix}{path}."
        for key in [k for k in state_dict if k.startswith(nested)]:
            state_dict[prefix + key.removeprefix(nested) + suffix] = state_dict.pop(key)


def _nest_names(module: LSTM, state_dict: dict[str, Any], prefix: str, *_args: Any) -> None:
    """Undo `_flatten_names` before a state dict is loaded, adding torch.nn.LSTM's two biases."""
    own = {k.removeprefix(prefix): k for k in state_dict if k.startswith(prefix)}
    entries = from_torch({name: state_dict.pop(key) for name, key in own.items()})
    paths = {suffix: path for suffix, path, _ in module.cells()}
    for name, value in entries.items():
        stem, _, rest = name.rpartition("_l")
        path = paths.get(f"_l{rest}")
        state_dict[f"{prefix}{name}" if path is None else f"{prefix}{path}.{stem}"] = value
