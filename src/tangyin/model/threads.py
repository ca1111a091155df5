"""Bulk work on all cores, and how a thread abandons work that nobody waits for."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_work = threading.local()


class InterruptedWork(Exception):  # noqa: N818
    """Nobody waits for the work of this thread any more."""


@contextmanager
def interruptible(unwanted: Callable[[], object]) -> Iterator[None]:
    """Let `go_on` raise `InterruptedWork` in this thread while `unwanted()` is true."""
    _work.unwanted = unwanted
    try:
        yield
    finally:
        del _work.unwanted


def go_on() -> None:
    """Raise if this thread's work is unwanted; long loops call it at each step."""
    if getattr(_work, "unwanted", bool)():
        raise InterruptedWork


def shared_out(
    function: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T], least: int = 1
) -> list[R]:
    """The results of `function` on parts of the items, in order.

    The items are dealt, at least `least` to each, to as many threads as the process may use:
    `OMP_NUM_THREADS`, or one a core. Outside the main thread nothing is split, because a server has
    its own threads. The kernel and NumPy release the interpreter's lock while they compute.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "")
    allowed = int(asked) if asked.isdecimal() else os.cpu_count() or 1
    count = min(allowed, len(items) // least)
    if count < 2 or threading.current_thread() is not threading.main_thread():
        return list(function(items))
    found: list[R] = [None] * len(items)  # type: ignore[list-item]
    with ThreadPoolExecutor(count) as pool:
        parts = pool.map(function, (items[n::count] for n in range(count)))
        for n, part in enumerate(parts):
            found[n::count] = part
    return found
