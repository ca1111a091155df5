"""How many threads the engine's matrix products use, and when a thread gives its work up."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

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
    """Called at each step of what may take long; raises when the work is unwanted."""
    if getattr(_work, "unwanted", bool)():
        raise InterruptedWork


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let NumPy's matrix products run on one thread inside; also a decorator.

    A product of 16 rows is done in less time than another core needs to be woken: on an idle
    machine a second thread saves little of a poem's time, and on a busy one each product waits for
    a thread that is not running, which makes a poem several times slower.
    """
    if os.environ.get("OPENBLAS_NUM_THREADS") == "1":  # as the command line sets it
        yield
        return
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> Any:
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()
