"""Work that stops in its midst when nobody waits for it any more."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tangyin.api import Writer
from tangyin.model import Engine, State, StepOutput
from tangyin.model.file import ModelFile
from tangyin.verse import Ids

_work = threading.local()


class InterruptedWork(Exception):  # noqa: N818
    """Nobody waits for what this thread is doing."""


@contextmanager
def interruptible(unwanted: Callable[[], bool]) -> Iterator[None]:
    """Let the work inside, of this thread, end as soon as it is unwanted.

    Raises:
        InterruptedWork: it was.
    """
    _work.unwanted = unwanted
    try:
        yield
    finally:
        del _work.unwanted


class InterruptibleEngine(Engine):
    """An engine that asks at every step whether its work is still wanted.

    A poem that is hard to come by is tried many times, and no try should hold a worker longer than
    its client waits.
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
        # Not the base class's, whose engine would copy the weights for nothing.
        self.model = model
        self.engine = InterruptibleEngine(model)
