"""Work for the pool, and the way its results return to the event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")

SLICE = 16
"""Most pieces in one slice of a job with a key: the rows of a product of the engine."""


class Job(Generic[T]):
    """Work on equal pieces, slice by slice; made on the event loop, advanced by a worker.

    Results go into a queue that the limits of a request keep short, so that a client that reads
    slowly never blocks a worker.

    Args:
        pieces: the work; one result is delivered for each.
        work: does pieces of this job, and of others with the same key; returns their results.
        kind: jobs of one kind take about the same time for a result.
        key: jobs with the same key are advanced side by side; without one, a slice is one piece.

    Attributes:
        left: number of results still to come.
        cancelled: nobody waits for the results any more.
        begun: a worker has started it.
    """

    def __init__(
        self,
        pieces: Sequence[Any],
        work: Callable[[list[Any]], Sequence[T]],
        kind: str = "",
        key: Hashable = None,
    ) -> None:
        self.left, self.kind, self.key = len(pieces), kind, key
        self.cancelled = self.begun = False
        self._pieces, self._work = list(pieces), work
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[T | None, BaseException | None]] = asyncio.Queue()

    def rows(self) -> int:
        """Number of pieces in the next slice; a large job leaves room for others."""
        return min(len(self._pieces), 1 if self.key is None else SLICE)

    def advance(self, together: "Sequence[Job[T]]") -> None:
        """Do one slice of these jobs of one key, of which this is the first; called by a worker."""
        slices = [job._pieces[: job.rows()] for job in together]
        results = iter(self._work([piece for pieces in slices for piece in pieces]))
        for job, pieces in zip(together, slices, strict=True):
            del job._pieces[: len(pieces)]
            for _ in pieces:
                job._deliver(next(results))

    def fail(self, error: BaseException) -> None:
        """End the job with an error."""
        self.left = 0
        self._put(None, error)

    def _deliver(self, result: T) -> None:
        self.left -= 1
        self._put(result, None)
        if not self.left:
            self._put(None, StopAsyncIteration())

    def _put(self, result: T | None, error: BaseException | None) -> None:
        with suppress(RuntimeError):  # the server has stopped, and its loop is closed
            self._loop.call_soon_threadsafe(self._queue.put_nowait, (result, error))

    async def results(self) -> AsyncIterator[T]:
        """The results as they come; raises what the work raised."""
        while True:
            result, error = await self._queue.get()
            if isinstance(error, StopAsyncIteration):
                return
            if error is not None:
                raise error
            yield result  # type: ignore[misc]


def once(work: Callable[[], T], kind: str = "") -> Job[T]:
    """A job of one result."""
    return Job([None], lambda _: [work()], kind)


def one_by_one(iterator: Iterator[T], count: int, kind: str = "") -> Job[T]:
    """A job that takes `count` results from an iterator, one a slice."""
    return Job(range(count), lambda pieces: [next(iterator) for _ in pieces], kind)
