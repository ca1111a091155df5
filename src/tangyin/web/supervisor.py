"""The process that serves, and another in its place when it is killed."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

RESTARTS, WITHIN = 5, 60.0
"""After so many deaths within so many seconds the cause is not an accident."""

STOPS = (signal.SIGINT, signal.SIGTERM)


def kept_alive(serve: Callable[[], None], died: Callable[[int], None]) -> None:
    """Call `serve` in a process of its own, and in a new one when a signal kills that.

    SIGINT and SIGTERM are passed on. This process ends as the other does, and the other when this
    one has ended. What is listened to stays open meanwhile, so clients wait for the new process.
    Elsewhere than on Linux, where a process is not safely copied, `serve` is simply called.

    Args:
        serve: serves until it is stopped.
        died: called with the number of the signal before each new process.
    """
    if sys.platform != "linux":
        serve()
        return
    deaths: list[float] = []
    asked: list[int] = []
    while True:
        alive, held = os.pipe()  # `held` is closed when this process ends, however it ends
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        child = os.fork()
        for number in STOPS:
            signal.signal(number, _passing(child, asked) if child else _default(number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        if not child:
            os.setpgid(0, 0)  # a terminal's Ctrl-C reaches it once, through this process
            os.close(held)
            threading.Thread(target=_stop_after, args=(alive,), daemon=True).start()
            serve()
            return
        _, status = os.waitpid(child, 0)
        os.close(alive)
        os.close(held)
        code = os.waitstatus_to_exitcode(status)
        deaths = [moment for moment in deaths if moment > time.monotonic() - WITHIN]
        if code >= 0 or asked or len(deaths) == RESTARTS:
            break
        deaths.append(time.monotonic())
        died(-code)
    for number in STOPS:
        signal.signal(number, _default(number))
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _passing(child: int, asked: list[int]) -> Callable[[int, object], None]:
    def passed(number: int, _: object) -> None:
        asked.append(number)
        os.kill(child, number)

    return passed


def _default(number: int) -> signal.Handlers | Callable[..., object]:
    return signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL


def _stop_after(alive: int) -> None:
    """Stop this process when the other end of a pipe is closed."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
