"""Work that ends early when nobody waits for it any more."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tangyin.api import Writer
from tangyin.model import Engine, State, StepOutput
from tangyin.model.file import ModelFile
from tangyin.verse import Ids

_work = threading.local()


class InterruptedWork(Exception):  # noqa: N818
    """Nobody waits for the work of this thread any more."""


@contextmanager
def interruptible(unwanted: Callable[[], bool]) -> Iterator[None]:
    """Raise `InterruptedWork` in this thread's work inside, as soon as it is unwanted."""
    _work.unwanted = unwanted
    try:
        yield
    finally:
        del _work.unwanted


class InterruptibleEngine(Engine):
    """An engine that checks at every step whether its work is still wanted.

    A poem under many constraints is tried many times, and must not occupy a worker longer than its
    client waits.
    """

    def step(self, tokens: Ids, state: State) -> StepOutput:
        """See `Engine.step`."""
        unwanted = getattr(_work, "unwanted", None)
        if unwanted is not None and unwanted():
            raise InterruptedWork
        return super().step(tokens, state)


class InterruptibleWriter(Writer):
    """A writer whose work can be interrupted."""

    def __init__(self, model: ModelFile) -> None:
        # Without the base class, whose engine would copy the weights once more.
        self.model = model
        self.engine = InterruptibleEngine(model)
