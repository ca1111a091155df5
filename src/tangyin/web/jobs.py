"""Work for the pool, and the way its results return to the event loop."""

import asyncio
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")

SLICE = 16
"""Most pieces in one slice of a job with a key: the rows of a product of the engine."""


class Job(Generic[T]):
    """Work on equal pieces, slice by slice; made on the event loop, advanced by a worker.

    `anext` gives the results as they come, and raises what the work raised. They wait in a queue
    that the limits of a request keep short: a client that reads slowly never blocks a worker.

    Args:
        pieces: the work; one result is delivered for each.
        work: does pieces of this job, and of others with the same key; returns their results.
        kind: jobs of one kind take about the same time for a result.
        key: jobs with the same key are advanced side by side; without one, a slice is one piece.
    """

    def __init__(
        self,
        pieces: Sequence[Any],
        work: Callable[[list[Any]], Sequence[T]],
        kind: str = "",
        key: Hashable = None,
    ) -> None:
        self.left, self.kind, self.key = len(pieces), kind, key  # results still to come
        self.cancelled = self.begun = False  # by its client; by a worker
        self._pieces, self._work = list(pieces), work
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[Any, Exception | None]] = asyncio.Queue()

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
                job.left -= 1
                job._put(next(results))
            if not job.left:
                job._put(error=StopAsyncIteration())

    def fail(self, error: Exception) -> None:
        """End the job with an error."""
        self.left = 0
        self._put(error=error)

    def _put(self, result: T | None = None, error: Exception | None = None) -> None:
        with suppress(RuntimeError):  # the server has stopped, and its loop is closed
            self._loop.call_soon_threadsafe(self._queue.put_nowait, (result, error))

    async def __anext__(self) -> T:
        result, error = await self._queue.get()
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]


def once(work: Callable[[], T], kind: str = "") -> Job[T]:
    """A job of one result."""
    return Job([None], lambda _: [work()], kind)


def one_by_one(iterator: Iterator[T], count: int, kind: str = "") -> Job[T]:
    """A job that takes `count` results from an iterator, one a slice."""
    return Job(range(count), lambda pieces: [next(iterator) for _ in pieces], kind)
