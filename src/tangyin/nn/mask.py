"""Masks of sequences that are padded to one length."""

import torch
from torch import Tensor


def mask_from_lengths(lengths: Tensor, steps: int | None = None) -> Tensor:
    """Make the mask of sequences padded on the right.

    Args:
        lengths: (B,) of integers, the length of each sequence.
        steps: T; the greatest length if None.

    Returns:
        (T, B) of bool, True at step t of sequence b where t < lengths[b].
    """
    longest = int(lengths.max()) if steps is None else steps
    return torch.arange(longest, device=lengths.device).unsqueeze(1) < lengths
