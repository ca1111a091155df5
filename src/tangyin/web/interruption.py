"""Work that ends early when nobody waits for it any more."""

import threading

from tangyin.api import Writer
from tangyin.model import Engine, State, StepOutput
from tangyin.model.file import ModelFile
from tangyin.verse import Ids


class InterruptedWork(Exception):  # noqa: N818
    """Nobody waits for the work of this thread any more."""


class InterruptibleEngine(Engine):
    """An engine that raises `InterruptedWork` at the first step at which its work is unwanted.

    A poem under many constraints is tried many times, and must not occupy a worker longer than its
    client waits.
    """

    work = threading.local()
    """Its attribute `unwanted` is a function without arguments, set by each thread."""

    def step(self, tokens: Ids, state: State) -> StepOutput:
        """See `Engine.step`."""
        if getattr(self.work, "unwanted", bool)():
            raise InterruptedWork
        return super().step(tokens, state)


class InterruptibleWriter(Writer):
    """A writer whose work can be interrupted."""

    def __init__(self, model: ModelFile) -> None:
        # Without the base class, whose engine would copy the weights once more.
        self.model = model
        self.engine = InterruptibleEngine(model)
