"""Layers: a cell carried along a sequence, forward or backward in time."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tangyin.nn.cell import RecurrentCell
from tangyin.nn.shape_error import ShapeError
from tangyin.nn.state import LSTMState, Start


class RecurrentLayer(nn.Module, ABC):
    """What layers, pairs of directions and stacks have in common.

    A layer is called as in PyTorch's `custom_lstms.py`: `output, state = layer(input, state)`. The
    state is one `LSTMState` for a single direction, a list of two for both, and a list of the
    layers' states for a stack.

    A mask lets sequences of different lengths share a batch: a step where it is False carries the
    state unchanged, and the output there is zero (as `pad_packed_sequence` pads).
    """

    @abstractmethod
    def states(self, input: Tensor, state: Any = None, mask: Tensor | None = None) -> Any:
        """Compute the states after every step, h and c each (T, B, H); arguments as `forward`'s."""

    @abstractmethod
    def _output(self, states: Any, mask: Tensor | None) -> Tensor:
        """The output (T, B, ·) that belongs to the states of all steps."""

    @abstractmethod
    def _last(self, states: Any) -> Any:
        """The state to carry on, of the states of all steps; h and c each (B, H)."""

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
        states = self.states(input, state, mask)
        return self._output(states, mask), self._last(states)


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

    def states(self, input: Tensor, state: Start = None, mask: Tensor | None = None) -> LSTMState:
        """Compute h and c after every step, each (T, B, H)."""
        if input.dim() != 3 or not len(input):
            raise ShapeError(
                "the input of a layer is (T, B, I) with at least one step, "
                f"not {tuple(input.shape)}"
            )
        if mask is not None and (mask.dtype != torch.bool or mask.shape != input.shape[:2]):
            raise ShapeError(
                f"the mask is {tuple(mask.shape)} of {mask.dtype}; "
                f"give one bool for each step and sequence, {tuple(input.shape[:2])}"
            )
        self.cell.check_input(input)
        start = self.cell.start(state, input.shape[1])
        if not self.reverse:
            return self.cell.sequence(input, start, mask)
        h, c = self.cell.sequence(input.flip(0), start, None if mask is None else mask.flip(0))
        return LSTMState(h.flip(0), c.flip(0))

    def _output(self, states: LSTMState, mask: Tensor | None) -> Tensor:
        return states.h if mask is None else states.h * mask.unsqueeze(-1)

    def _last(self, states: LSTMState) -> LSTMState:
        end = 0 if self.reverse else -1
        return LSTMState(states.h[end], states.c[end])


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

    def states(
        self, input: Tensor, state: list[LSTMState] | None = None, mask: Tensor | None = None
    ) -> list[LSTMState]:
        """Compute the states of both directions after every step, h and c each (T, B, H)."""
        starts = [None, None] if state is None else state
        if len(starts) != 2:
            raise ShapeError(f"the state is a list of {len(starts)}; give two, forward and reverse")
        layers = (self.forward_layer, self.reverse_layer)
        return [layer.states(input, s, mask) for layer, s in zip(layers, starts, strict=True)]

    def _output(self, states: list[LSTMState], mask: Tensor | None) -> Tensor:
        return torch.cat([self.forward_layer._output(s, mask) for s in states], -1)

    def _last(self, states: list[LSTMState]) -> list[LSTMState]:
        return [self.forward_layer._last(states[0]), self.reverse_layer._last(states[1])]
