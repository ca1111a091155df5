"""How many threads the engine's matrix products use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


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
