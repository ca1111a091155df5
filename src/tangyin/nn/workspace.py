"""Memory for large arrays on the CPU, reused from one training step to the next.

The C library returns a large array's memory to the system when the array dies. The system must zero
the pages of the next step's array, which on a virtual machine can take as long as computing what
goes into them. Here the memory of a dead array is kept for the next one.
"""

import math
from collections import defaultdict, deque
from weakref import ref

import numpy as np
import torch
from torch import Tensor

SMALLEST = 1 << 20
"""Bytes below which the C library keeps memory anyway."""

Memory = np.ndarray[tuple[int], np.dtype[np.uint8]]

CPU = torch.device("cpu")


class _Loan(ref[Memory]):
    """A weak reference to the array behind a tensor's storage, with the memory to take back."""

    __slots__ = ("memory",)
    memory: Memory


# Operations of deques and dicts are atomic, so threads need no lock.
_waiting: defaultdict[int, deque[Memory]] = defaultdict(deque)  # by the power of two of its size
_loans: dict[int, _Loan] = {}
_returned: deque[_Loan] = deque()


def empty(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Make a contiguous tensor like `torch.empty`, on the CPU in memory of an earlier one.

    On other devices torch allocates it; there torch keeps freed memory itself.
    """
    size = math.prod(shape) * dtype.itemsize
    if device.type != "cpu" or size < SMALLEST:
        return torch.empty(shape, dtype=dtype, device=device)
    _take_back()
    # what is rounded up costs addresses only: pages that nobody writes to are never given out
    whole = 1 << (size - 1).bit_length()
    try:
        memory = _waiting[whole].pop()
    except IndexError:
        # torch's, which is aligned for its products
        memory = torch.empty(whole, dtype=torch.uint8, device=CPU).numpy()
    # The last view of the storage takes `held` with it. What is called then is not Python code: a
    # signal's handler would run there, and what it raises would be lost.
    held = memory.view()
    loan = _Loan(held, _returned.append)
    loan.memory = memory
    _loans[id(loan)] = loan
    return torch.from_numpy(held)[:size].view(dtype).view(shape).detach()


def _take_back() -> None:
    """Move returned memory to where it waits for the next tensor."""
    while _returned:
        try:
            loan = _returned.popleft()
        except IndexError:  # another thread was faster
            return
        del _loans[id(loan)]
        _waiting[len(loan.memory)].append(loan.memory)
