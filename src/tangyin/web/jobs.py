"""What a request asks the pool to do, and how its results come back to the event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Piece = TypeVar("Piece")


class Job(Generic[T]):
    """Work in slices, each of which gives results; made on the event loop, advanced by a worker.

    Results go into a queue that the requests' own bounds keep short, so that a client that reads
    slowly never holds a worker.

    Attributes:
        key: jobs with the same key may be advanced together; None for a job by itself.
        cancelled: nobody waits for the results any more.
        begun: a worker has taken it up.
        spent: seconds that workers gave to it.
    """

    def __init__(self, key: Hashable = None) -> None:
        self.key = key
        self.cancelled = False
        self.begun = False
        self.spent = 0.0
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[T | None, BaseException | None]] = asyncio.Queue()

    def advance(self, together: Sequence["Job[T]"]) -> list["Job[T]"]:
        """Do one slice of these jobs, this one being the first; called by a worker.

        Returns:
            Those that are not done.
        """
        raise NotImplementedError

    def rows(self) -> int:
        """How many rows of the engine the next slice wants."""
        return 1

    def deliver(self, result: T) -> None:
        """Hand a result to whoever waits for it."""
        self._put(result, None)

    def finish(self, error: BaseException | None = None) -> None:
        """Say that there is nothing more, or why."""
        self._put(None, error or _Done())

    def _put(self, result: T | None, error: BaseException | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._queue.put_nowait, (result, error))

    async def results(self) -> AsyncIterator[T]:
        """The results as they come.

        Raises:
            Exception: what the work raised.
        """
        while True:
            result, error = await self._queue.get()
            if isinstance(error, _Done):
                return
            if error is not None:
                raise error
            yield result  # type: ignore[misc]


class _Done(Exception):  # noqa: N818
    """There are no more results."""


class Alone(Job[T]):
    """A job by itself: an iterator, one result a slice.

    Args:
        iterator: gives the results.
        count: how many there are, so that after the last one nothing is waited for.
    """

    def __init__(self, iterator: Iterator[T], count: int = 1) -> None:
        super().__init__()
        self._iterator, self._left = iterator, count

    def advance(self, together: Sequence[Job[T]]) -> list[Job[T]]:  # noqa: ARG002
        """See `Job.advance`."""
        self.deliver(next(self._iterator))
        self._left -= 1
        if self._left:
            return [self]
        self.finish()
        return []


def once(work: Callable[[], T]) -> Job[T]:
    """A job of one slice and one result."""
    return Alone(work() for _ in range(1))


class Gathered(Job[T], Generic[T, Piece]):
    """A job of equal pieces that those of other jobs with the same key are done beside.

    Args:
        key: names what all pieces have in common.
        pieces: what is to be done.
        work: does pieces of any job with this key side by side, in their order.
    """

    def __init__(
        self,
        key: Hashable,
        pieces: Sequence[Piece],
        work: Callable[[list[Piece]], list[T]],
    ) -> None:
        super().__init__(key)
        self._pieces = list(pieces)
        self._work = work

    def rows(self) -> int:
        """See `Job.rows`; a large job leaves room for others."""
        return min(len(self._pieces), SLICE)

    def advance(self, together: Sequence[Job[T]]) -> list[Job[T]]:
        """See `Job.advance`; all are of one key, hence of this class."""
        jobs: list[Gathered[T, Any]] = [job for job in together if isinstance(job, Gathered)]
        taken = [job._pieces[:SLICE] for job in jobs]
        results = iter(self._work([piece for pieces in taken for piece in pieces]))
        for job, pieces in zip(jobs, taken, strict=True):
            for _ in pieces:
                job.deliver(next(results))
            job._pieces = job._pieces[SLICE:]
            if not job._pieces:
                job.finish()
        return [job for job in jobs if job._pieces]


SLICE = 16
"""Pieces of one job in one slice: the rows of a product of the engine."""
