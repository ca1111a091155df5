"""The error of a training without enough memory."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from tangyin.errors import TangyinError
from tangyin.training.recipe import Recipe


class OutOfMemoryError(TangyinError):
    """A training needs more memory than is available."""


@contextmanager
def memory_for(recipe: Recipe) -> Iterator[None]:
    """Turn every failed allocation, of torch, NumPy or Python, into `OutOfMemoryError`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or _ALLOCATION.search(
            str(error)
        ):
            sizes = {
                **recipe.model.architecture.to_json(),
                "batch_size": recipe.training.batch_size,
            }
            raise OutOfMemoryError("training.no_memory", **sizes) from error
        raise


_ALLOCATION = re.compile(
    r"can.?t allocate memory|not enough memory|out of memory|bad_alloc|could not create a primitive"
)
"""What torch and oneDNN say; they have no class for it on the CPU."""
