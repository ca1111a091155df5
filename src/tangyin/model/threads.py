"""Work in bulk on all cores."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def shared_out(
    function: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T], least: int = 1
) -> list[R]:
    """The results of `function` on parts of the items, in order.

    The parts, of at least `least` items, are computed on as many threads as the process may use:
    `OMP_NUM_THREADS`, or one a core. Outside the main thread nothing is split, because a server has
    its own threads. The kernel and NumPy release the interpreter's lock while they compute.
    """
    allowed = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    count = min(allowed, len(items) // least)
    if count < 2 or threading.current_thread() is not threading.main_thread():
        return list(function(items))
    bounds = [len(items) * n // count for n in range(count + 1)]
    parts = [items[a:b] for a, b in pairwise(bounds)]
    with ThreadPoolExecutor(count) as pool:
        return [result for part in pool.map(function, parts) for result in part]
