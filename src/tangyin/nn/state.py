"""The state a cell carries from step to step, the loop that carries it, masks and shape errors."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

Start = tuple[Tensor, Tensor] | None
"""h and c before the first step; zeros if None."""


class LSTMState(NamedTuple):
    """Hidden state h and cell state c: each (B, H) at one step, (T, B, H) at all steps."""

    h: Tensor
    c: Tensor


class ShapeError(ValueError, RuntimeError):
    """A tensor's shape or dtype does not fit the layer it was given to.

    It is also a RuntimeError, which torch.nn.LSTM raises, so code that catches either exception
    works with both layers.
    """


def run_steps(
    step: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]],
    inputs: Tensor,
    state: tuple[Tensor, Tensor],
    mask: Tensor | None = None,
) -> LSTMState:
    """Carry h and c, each (B, H), through all steps of a sequence: after each, (T, B, H).

    `step` takes one of the inputs (T, B, ·), T ≥ 1, and h and c before it. Where the mask, (T, B)
    of bool, is False the state is carried unchanged.
    """
    h, c = state
    hs, cs = [], []
    keep = [None] * len(inputs) if mask is None else mask.unsqueeze(-1).unbind(0)
    for x, m in zip(inputs.unbind(0), keep, strict=True):
        new_h, new_c = step(x, h, c)
        h = new_h if m is None else torch.where(m, new_h, h)
        c = new_c if m is None else torch.where(m, new_c, c)
        hs.append(h)
        cs.append(c)
    return LSTMState(torch.stack(hs), torch.stack(cs))


def autocasts(device: torch.device) -> bool:
    """Whether autocast is on for a device; a device without autocast, such as meta, has it off."""
    known = torch.amp.is_autocast_available(device.type)
    return known and torch.is_autocast_enabled(device.type)


def without_padding(input: Tensor, mask: Tensor | None) -> Tensor:
    """The input (T, B, I) with zeros where the mask is False, so that no NaN there has an effect.

    A state that is carried does not depend on it, but 0 · NaN in a weight's gradient is NaN.
    """
    return input if mask is None else input.masked_fill(~mask.unsqueeze(-1), 0.0)


def mask_from_lengths(lengths: Tensor, steps: int | None = None) -> Tensor:
    """Make the mask of sequences padded on the right, of integer lengths (B,).

    It is (T, B) of bool, True where t < lengths[b]; T is `steps`, or the greatest length if None.
    """
    longest = int(lengths.max()) if steps is None else steps
    return torch.arange(longest, device=lengths.device).unsqueeze(1) < lengths
