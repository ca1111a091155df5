"""Layers: a cell carried along a sequence, forward or backward in time."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from tangyin.nn.cell import RecurrentCell
from tangyin.nn.shape_error import ShapeError
from tangyin.nn.state import LSTMState

S = TypeVar("S")


class RecurrentLayer(nn.Module, ABC, Generic[S]):
    """What layers, pairs of directions and stacks have in common.

    A layer is called as in PyTorch's `custom_lstms.py`: `output, state = layer(input, state)`. Its
    state, S, is one `LSTMState` for a single direction, a list of two for both, and a list of the
    layers' states for a stack.

    A mask lets sequences of different lengths stand in one batch: a step where it is False carries
    the state unchanged, and the output there is zero (as `pad_packed_sequence` pads).
    """

    @abstractmethod
    def states(
        self,
        input: Tensor,
        state: S | None = None,
        mask: Tensor | None = None,
    ) -> S:
        """Compute the states after every step, h and c each (T, B, H); arguments as `forward`'s."""

    @abstractmethod
    def output(self, states: S, mask: Tensor | None = None) -> Tensor:
        """Give the output (T, B, ·) that belongs to the states of all steps."""

    @abstractmethod
    def last(self, states: S) -> S:
        """Pick from the states of all steps the one to carry on, h and c each (B, H)."""

    def forward(
        self,
        input: Tensor,
        state: S | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, S]:
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
        return self.output(states, mask), self.last(states)


def check_sequence(input: Tensor, mask: Tensor | None) -> None:
    """Refuse an input that is no batch of sequences, or a mask that does not fit it.

    Raises:
        ShapeError: it is not (T, B, I) with T ≥ 1, or the mask is not (T, B) of bool.
    """
    if input.dim() != 3 or not len(input):
        raise ShapeError(
            f"the input of a layer is (T, B, I) with at least one step, not {tuple(input.shape)}"
        )
    if mask is not None and (mask.dtype != torch.bool or mask.shape != input.shape[:2]):
        raise ShapeError(
            f"the mask is {tuple(mask.shape)} of {mask.dtype}; "
            f"give one bool for each step and sequence, {tuple(input.shape[:2])}"
        )


class LSTMLayer(RecurrentLayer[LSTMState]):
    """One cell carried along the sequence from its first step to its last.

    Args:
        cell: a cell, or a class of cells such as `LSTMCell`.
        cell_args: what to make it with if it is a class: input_size, hidden_size, …
        cell_options: likewise, by name.
    """

    def __init__(
        self,
        cell: RecurrentCell | Callable[..., RecurrentCell],
        *cell_args: Any,
        **cell_options: Any,
    ) -> None:
        super().__init__()
        self.cell = cell if isinstance(cell, RecurrentCell) else cell(*cell_args, **cell_options)

    def states(
        self,
        input: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
        mask: Tensor | None = None,
    ) -> LSTMState:
        """Compute h and c after every step, each (T, B, H)."""
        check_sequence(input, mask)
        self.cell.check_input(input)
        return self.cell.sequence(input, self.cell.start(state, input.shape[1]), mask)

    def output(self, states: LSTMState, mask: Tensor | None = None) -> Tensor:
        """Give h at the steps that count and zero at the others, (T, B, H)."""
        return states.h if mask is None else states.h * mask.unsqueeze(-1)

    def last(self, states: LSTMState) -> LSTMState:
        """Give h and c after the last step, each (B, H)."""
        return LSTMState(states.h[-1], states.c[-1])


class ReverseLSTMLayer(LSTMLayer):
    """One cell carried along the sequence from its last step to its first.

    The states of all steps, and the output, stand at the steps they were computed at. Padding on
    the right comes first then and carries the initial state unchanged to a sequence's own last
    step, so each sequence is reversed by itself. Arguments are `LSTMLayer`'s.
    """

    def states(
        self,
        input: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
        mask: Tensor | None = None,
    ) -> LSTMState:
        """Compute h and c after every step, each (T, B, H)."""
        check_sequence(input, mask)
        h, c = super().states(input.flip(0), state, None if mask is None else mask.flip(0))
        return LSTMState(h.flip(0), c.flip(0))

    def last(self, states: LSTMState) -> LSTMState:
        """Give h and c after the sequence's first step, the last one taken, each (B, H)."""
        return LSTMState(states.h[0], states.c[0])


class BidirectionalLSTMLayer(RecurrentLayer[list[LSTMState]]):
    """Two cells, one in each direction; their outputs stand side by side (Graves et al. 2005).

    The state is a list of two, forward and reverse. Arguments are `LSTMLayer`'s; `cell` is a class,
    from which both cells are made.
    """

    def __init__(
        self, cell: Callable[..., RecurrentCell], *cell_args: Any, **cell_options: Any
    ) -> None:
        super().__init__()
        self.forward_layer = LSTMLayer(cell, *cell_args, **cell_options)
        self.reverse_layer = ReverseLSTMLayer(cell, *cell_args, **cell_options)

    def states(
        self,
        input: Tensor,
        state: list[LSTMState] | None = None,
        mask: Tensor | None = None,
    ) -> list[LSTMState]:
        """Compute the states of both directions after every step, h and c each (T, B, H)."""
        starts = [None, None] if state is None else state
        if len(starts) != 2:
            raise ShapeError(f"the state is a list of {len(starts)}; give two, forward and reverse")
        return [
            self.forward_layer.states(input, starts[0], mask),
            self.reverse_layer.states(input, starts[1], mask),
        ]

    def output(self, states: list[LSTMState], mask: Tensor | None = None) -> Tensor:
        """Give h of both directions side by side, (T, B, 2H)."""
        forward, reverse = states
        return torch.cat(
            [self.forward_layer.output(forward, mask), self.reverse_layer.output(reverse, mask)], -1
        )

    def last(self, states: list[LSTMState]) -> list[LSTMState]:
        """Give the state each direction ends with."""
        return [self.forward_layer.last(states[0]), self.reverse_layer.last(states[1])]
