"""A stack of layers, each reading the output of the one below."""

from collections.abc import Callable, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from tangyin.nn.layer import RecurrentLayer
from tangyin.nn.shape_error import ShapeError


class StackedLSTM(RecurrentLayer):
    """Layers on top of one another, in one direction or in both, with dropout between them.

    While training, elements of each layer's output but the topmost one's are set to zero with
    probability `dropout`, drawn anew for each layer, step and call, and the others scaled by
    1 / (1 − dropout) (Zaremba et al. 2014, "Recurrent neural network regularization").

    The arguments are those of `custom_lstms.py`:
    `StackedLSTM(2, LSTMLayer, [LSTMCell, 256, 128], [LSTMCell, 128, 128])`; with
    `BidirectionalLSTMLayer` the upper layers read 2H. The state is a list of the layers' states.

    Args:
        num_layers: at least 1.
        layer: `LSTMLayer`, `ReverseLSTMLayer` or `BidirectionalLSTMLayer`.
        first_layer_args: what the lowest layer is made with.
        other_layer_args: what each other layer is made with.
        dropout: the probability, from 0 to 1.

    Raises:
        ValueError: there is no layer, or the dropout is no probability.
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
        if num_layers < 1:
            raise ValueError(f"num_layers is {num_layers}; a stack has at least one layer")
        if not 0.0 <= dropout <= 1.0:
            raise ValueError(f"dropout is {dropout}; it is a probability from 0 to 1")
        self.dropout = dropout
        self.layers: Any = nn.ModuleList(
            layer(*(other_layer_args if n else first_layer_args)) for n in range(num_layers)
        )

    def states(
        self, input: Tensor, state: list[Any] | None = None, mask: Tensor | None = None
    ) -> list[Any]:
        """Compute the states of every layer after every step, h and c each (T, B, H)."""
        starts = [None] * len(self.layers) if state is None else state
        if len(starts) != len(self.layers):
            raise ShapeError(
                f"the state is a list of {len(starts)}; "
                f"give one for each of {len(self.layers)} layers"
            )
        found: list[Any] = []
        x = input
        for layer, start in zip(self.layers, starts, strict=True):
            found.append(layer.states(x, start, mask))
            if len(found) < len(starts):
                x = F.dropout(layer._output(found[-1], mask), self.dropout, self.training)
        return found

    def _output(self, states: list[Any], mask: Tensor | None) -> Tensor:
        output: Tensor = self.layers[-1]._output(states[-1], mask)
        return output

    def _last(self, states: list[Any]) -> list[Any]:
        return [layer._last(s) for layer, s in zip(self.layers, states, strict=True)]

    def extra_repr(self) -> str:
        """Show the dropout."""
        return f"dropout={self.dropout}"
