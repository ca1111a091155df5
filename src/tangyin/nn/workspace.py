"""Memory for large arrays on the CPU, used again from one training step to the next.

The C library gives a large array's memory back to the system when the array dies. The next step's
array then gets pages that the system must zero first, 2 to 3 µs for each 4 KiB on a virtual
machine: as long as computing what goes into them. Here the memory of an array that has died waits
for the next one.
"""

import math
from collections import defaultdict, deque
from typing import Any

import numpy as np
import torch
from torch import Tensor

SMALLEST = 1 << 20
"""Bytes below which the C library keeps the memory by itself."""

Memory = np.ndarray[tuple[int], np.dtype[np.uint8]]

# by the power of two that is its size; append and pop are atomic, so threads need no lock
_waiting: defaultdict[int, deque[Memory]] = defaultdict(deque)


class _OnLoan(np.ndarray[tuple[int], np.dtype[np.uint8]]):
    """What a tensor's storage holds on to; when the last view of the storage dies, so does this."""

    # the names are bound here because a module's are gone when the interpreter ends
    def __del__(self, waiting: defaultdict[int, deque[Memory]] = _waiting) -> None:
        memory: Any = self.base
        waiting[len(memory)].append(memory)


def empty(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Make a tensor like `torch.empty`, on the CPU in memory that an earlier one has left.

    Args:
        shape: of the tensor.
        dtype: of the tensor.
        device: other devices' memory is left to torch, which keeps it by itself.

    Returns:
        A contiguous tensor of any content.
    """
    count = math.prod(shape)
    size = count * dtype.itemsize
    if device.type != "cpu" or size < SMALLEST:
        return torch.empty(shape, dtype=dtype, device=device)
    # what is rounded up costs addresses only: pages that nobody writes to are never given out
    whole = 1 << (size - 1).bit_length()
    try:
        memory = _waiting[whole].pop()
    except IndexError:
        memory = torch.empty(whole, dtype=torch.uint8).numpy()  # aligned as torch likes it
    loan: Any = memory.view(_OnLoan)
    return torch.from_numpy(loan)[:size].view(dtype).view(shape)
