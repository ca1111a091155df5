"""Layers, a cell carried along a sequence in either direction, and stacks of layers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tangyin.nn.cell import RecurrentCell, check_features
from tangyin.nn.state import LSTMState, ShapeError, Start


def carry(
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


def visible(h: Tensor, mask: Tensor | None) -> Tensor:
    """The output that belongs to the hidden states (T, B, P) of all steps: zero at padding."""
    return h if mask is None else h.masked_fill(~mask.unsqueeze(-1), 0.0)


def check_sequences(input: Tensor, mask: Tensor | None) -> None:
    """Refuse what is not sequences (T, B, I) with a mask (T, B).

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


def check_dropout(num_layers: int, dropout: float) -> None:
    """Refuse a stack of no layers, and a dropout that is not a probability.

    Raises:
        ValueError: it is one of these.
    """
    if num_layers < 1:
        raise ValueError(f"num_layers is {num_layers}; a stack has at least one layer")
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
        raise ValueError(f"dropout is {dropout!r}; it is a probability from 0 to 1")


class RecurrentLayer(nn.Module, ABC):
    """What layers, pairs of directions and stacks have in common.

    A layer is called as in PyTorch's `custom_lstms.py`: `output, state = layer(input, state)`. The
    state is one `LSTMState` for a single direction, a list of two for both, and a list of the
    layers' states for a stack.

    A mask lets sequences of different lengths share a batch: a step where it is False carries the
    state unchanged, and the output there is zero (as `pad_packed_sequence` pads), whatever the
    input holds. With a projection, h and the output have P features in place of H.
    """

    @abstractmethod
    def _run(self, input: Tensor, state: Any, mask: Tensor | None) -> tuple[Any, Tensor, Any]:
        """The states after every step, the output (T, B, ·), and the state to carry on."""

    def states(self, input: Tensor, state: Any = None, mask: Tensor | None = None) -> Any:
        """Compute the states after every step, h and c each (T, B, H); arguments as `forward`'s."""
        return self._run(input, state, mask)[0]

    def forward(
        self, input: Tensor, state: Any = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Run over a batch of sequences.

        Args:
            input: (T, B, I) with T ≥ 1.
            state: the state before the first step, h and c each (B, H); zeros if None.
            mask: (T, B) of bool, True at the steps that count; all count if None.

        Returns:
            The output, (T, B, H) or (T, B, 2H) for both directions, and the state after the last
            step.

        Raises:
            ShapeError: a shape does not fit.
        """
        _, output, last = self._run(input, state, mask)
        return output, last


class LSTMLayer(RecurrentLayer):
    """One cell carried along the sequence from its first step to its last.

    Args:
        cell: a cell, or a function that makes one, such as `LSTMCell`.
        cell_args: what to call that function with: input_size, hidden_size, …
        cell_options: likewise, by name.
    """

    reverse = False

    def __init__(
        self,
        cell: RecurrentCell | Callable[..., RecurrentCell],
        *cell_args: Any,
        **cell_options: Any,
    ) -> None:
        super().__init__()
        self.cell = cell if isinstance(cell, RecurrentCell) else cell(*cell_args, **cell_options)

    def _run(
        self, input: Tensor, state: Start, mask: Tensor | None
    ) -> tuple[LSTMState, Tensor, LSTMState]:
        check_sequences(input, mask)
        check_features(input, self.cell.input_size, self.cell.weight_ih)
        start = self.cell.start(state, input.shape[1])
        h, c = carry(self.cell.sequence, input, start, mask, self.reverse)
        end = 0 if self.reverse else -1
        return LSTMState(h, c), visible(h, mask), LSTMState(h[end], c[end])


class ReverseLSTMLayer(LSTMLayer):
    """One cell carried along the sequence from its last step to its first; arguments likewise.

    States and output are given in the order of the input, so the last state is that of step 0.
    Padding on the right comes first and carries the initial state to each sequence's own last step.
    """

    reverse = True


class BidirectionalLSTMLayer(RecurrentLayer):
    """Two cells, one in each direction, with their outputs side by side (Graves et al. 2005).

    The state is a list of two, forward and reverse. Arguments are `LSTMLayer`'s; `cell` is a
    function, which makes both cells.
    """

    def __init__(
        self, cell: Callable[..., RecurrentCell], *cell_args: Any, **cell_options: Any
    ) -> None:
        super().__init__()
        self.forward_layer = LSTMLayer(cell, *cell_args, **cell_options)
        self.reverse_layer = ReverseLSTMLayer(cell, *cell_args, **cell_options)

    def _run(
        self, input: Tensor, state: list[LSTMState] | None, mask: Tensor | None
    ) -> tuple[list[LSTMState], Tensor, list[LSTMState]]:
        starts = [None, None] if state is None else state
        if len(starts) != 2:
            raise ShapeError(f"the state is a list of {len(starts)}; give two, forward and reverse")
        layers = (self.forward_layer, self.reverse_layer)
        runs = [layer._run(input, s, mask) for layer, s in zip(layers, starts, strict=True)]
        states, outputs, lasts = zip(*runs, strict=True)
        return list(states), torch.cat(outputs, -1), list(lasts)


class StackedLSTM(RecurrentLayer):
    """Layers on top of one another, in one direction or in both, with dropout between them.

    While training, elements of each layer's output but the topmost one's are set to zero with
    probability `dropout`, drawn again for each layer, step and call, and the others scaled by
    1 / (1 − dropout) (Zaremba et al. 2014, "Recurrent neural network regularization").

    The arguments are those of `custom_lstms.py`:
    `StackedLSTM(2, LSTMLayer, [LSTMCell, 256, 128], [LSTMCell, 128, 128])`, where the first list
    makes the lowest layer and the other one each layer above it; with `BidirectionalLSTMLayer` they
    read 2H. The state is a list of the layers' states.

    Raises:
        ValueError: there is no layer, or the dropout is not a probability.
    """

    def __init__(
        self,
        num_layers: int,
        layer: Callable[..., RecurrentLayer],
        first_layer_args: Sequence[Any],
        other_layer_args: Sequence[Any],
        *,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_dropout(num_layers, dropout)
        self.dropout = dropout
        self.layers: Any = nn.ModuleList(
            layer(*(other_layer_args if n else first_layer_args)) for n in range(num_layers)
        )

    def _run(
        self, input: Tensor, state: list[Any] | None, mask: Tensor | None
    ) -> tuple[list[Any], Tensor, list[Any]]:
        count = len(self.layers)
        starts = [None] * count if state is None else state
        if len(starts) != count:
            raise ShapeError(
                f"the state is a list of {len(starts)}; give one for each of {count} layers"
            )
        states: list[Any] = []
        lasts: list[Any] = []
        x = input
        for layer, start in zip(self.layers, starts, strict=True):
            if states:
                x = F.dropout(x, self.dropout, self.training)
            found, x, last = layer._run(x, start, mask)
            states.append(found)
            lasts.append(last)
        return states, x, lasts

    def extra_repr(self) -> str:
        """Show the dropout."""
        return f"dropout={self.dropout}"
