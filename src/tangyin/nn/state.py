"""The state that a recurrent cell carries from step to step, and the loop that carries it."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class LSTMState(NamedTuple):
    """Hidden state h and cell state c: each (B, H) at one step, (T, B, H) at all steps."""

    h: Tensor
    c: Tensor


def run_steps(
    step: Callable[[Tensor, LSTMState], LSTMState],
    projected: Tensor,
    state: LSTMState,
    mask: Tensor | None = None,
) -> LSTMState:
    """Carry a state through all the steps of a sequence, one after another.

    Args:
        step: one step: its share of `projected`, (B, ·), and the state before → the state after.
        projected: what each step takes in, (T, B, ·) with T ≥ 1.
        state: the state before the first step, each (B, H).
        mask: (T, B) of bool; where False the step carries the state unchanged.

    Returns:
        The states after each step, h and c each (T, B, H).
    """
    hs, cs = [], []
    keep = [None] * len(projected) if mask is None else mask.unsqueeze(-1).unbind(0)
    for x, m in zip(projected.unbind(0), keep, strict=True):
        new = step(x, state)
        if m is None:
            state = new
        else:
            state = LSTMState(torch.where(m, new.h, state.h), torch.where(m, new.c, state.c))
        hs.append(state.h)
        cs.append(state.c)
    return LSTMState(torch.stack(hs), torch.stack(cs))
