"""The processes that serve, and others in their place when they are killed."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

RESTARTS, WITHIN = 5, 60.0
"""After so many deaths within so many seconds the cause is not an accident."""

STOPS = (signal.SIGINT, signal.SIGTERM)


def kept_alive(serve: Callable[[int], None], count: int, died: Callable[[int], None]) -> None:
    """Call `serve` in `count` processes, and in a new one in the place of one a signal kills.

    They accept from the same socket, so each client is served by one of them. SIGINT and SIGTERM
    are passed on. When one of the processes ends otherwise, the others are stopped and this one
    ends as it did; the others end too when this one has ended. The socket stays open, so clients
    wait for a new process. Elsewhere than on Linux, where a process is not safely copied, `serve`
    is simply called.

    Args:
        serve: serves until it is stopped; called with the number of its process, from 0.
        count: how many processes there are.
        died: called with the number of the signal before each new process.
    """
    if sys.platform != "linux":
        serve(0)
        return
    deaths: list[float] = []
    asked: list[int] = []
    children: dict[int, int] = {}  # numbers by process id
    alive, held = os.pipe()  # `held` is closed when this process ends, however it ends
    while True:
        for number in sorted({*range(count)} - {*children.values()}):
            if _forked(children, number, asked):
                os.close(held)
                threading.Thread(target=_stop_after, args=(alive,), daemon=True).start()
                serve(number)
                return
        child, status = os.wait()
        del children[child]
        code = os.waitstatus_to_exitcode(status)
        deaths = [moment for moment in deaths if moment > time.monotonic() - WITHIN]
        if code >= 0 or asked or len(deaths) == RESTARTS:
            break
        deaths.append(time.monotonic())
        died(-code)
    if not asked:
        _passing(children, asked)(signal.SIGTERM, None)
    while children:
        del children[os.wait()[0]]
    for stop in STOPS:
        signal.signal(stop, _default(stop))
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _forked(children: dict[int, int], number: int, asked: list[int]) -> bool:
    """Begin a process; true in that process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    child = os.fork()
    if child:
        children[child] = number
    else:
        os.setpgid(0, 0)  # a terminal's Ctrl-C reaches it once, through the first process
    for stop in STOPS:
        signal.signal(stop, _passing(children, asked) if child else _default(stop))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    return not child


def _passing(children: dict[int, int], asked: list[int]) -> Callable[[int, object], None]:
    def passed(number: int, _: object) -> None:
        asked.append(number)
        for child in children:
            with suppress(ProcessLookupError):  # it has ended just now
                os.kill(child, number)

    return passed


def _default(number: int) -> signal.Handlers | Callable[..., object]:
    return signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL


def _stop_after(alive: int) -> None:
    """Stop this process when the other end of a pipe is closed."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
