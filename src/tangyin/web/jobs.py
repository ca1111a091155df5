"""What a request asks the pool to do, and how its results come back to the event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Piece = TypeVar("Piece")


class Job(Generic[T]):
    """Work in slices, each of which gives results; made on the event loop, advanced by a worker.

    Results go into a queue that the requests' own bounds keep short, so that a client that reads
    slowly never holds a worker.

    Attributes:
        left: how many results are still to come.
        kind: jobs of one kind take about the same time for a result.
        key: jobs with the same key may be advanced together; None for a job by itself.
        cancelled: nobody waits for the results any more.
        begun: a worker has taken it up.
    """

    def __init__(self, left: int, kind: str, key: Hashable = None) -> None:
        self.left, self.kind, self.key = left, kind, key
        self.cancelled = False
        self.begun = False
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[T | None, BaseException | None]] = asyncio.Queue()

    def advance(self, together: Sequence["Job[T]"]) -> None:
        """Do one slice of these jobs, this one being the first; called by a worker."""
        raise NotImplementedError

    def rows(self) -> int:
        """How many rows of the engine the next slice wants."""
        return 1

    def deliver(self, result: T) -> None:
        """Hand a result to whoever waits for it; after the last one the job is done."""
        self._put(result, None)
        self.left -= 1
        if not self.left:
            self._put(None, _Done())

    def fail(self, error: BaseException) -> None:
        """Say why nothing more comes."""
        self.left = 0
        self._put(None, error)

    def _put(self, result: T | None, error: BaseException | None) -> None:
        with suppress(RuntimeError):  # the server has stopped, and its loop is closed
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
        count: how many there are.
        kind: see `Job`.
    """

    def __init__(self, iterator: Iterator[T], count: int = 1, kind: str = "") -> None:
        super().__init__(count, kind)
        self._iterator = iterator

    def advance(self, together: Sequence[Job[T]]) -> None:  # noqa: ARG002
        """See `Job.advance`."""
        self.deliver(next(self._iterator))


def once(work: Callable[[], T], kind: str = "") -> Job[T]:
    """A job of one slice and one result."""
    return Alone((work() for _ in range(1)), kind=kind)


class Gathered(Job[T], Generic[T, Piece]):
    """A job of equal pieces that those of other jobs with the same key are done beside.

    Args:
        key: names what all pieces have in common.
        pieces: what is to be done.
        work: does pieces of any job with this key side by side, in their order.
        kind: see `Job`.
    """

    def __init__(
        self,
        key: Hashable,
        pieces: Sequence[Piece],
        work: Callable[[list[Piece]], list[T]],
        kind: str = "",
    ) -> None:
        super().__init__(len(pieces), kind, key)
        self._pieces = list(pieces)
        self._work = work

    def rows(self) -> int:
        """See `Job.rows`; a large job leaves room for others."""
        return min(len(self._pieces), SLICE)

    def advance(self, together: Sequence[Job[T]]) -> None:
        """See `Job.advance`; all are of one key, hence of this class."""
        jobs: list[Gathered[T, Any]] = [job for job in together if isinstance(job, Gathered)]
        taken = [job._pieces[:SLICE] for job in jobs]
        results = iter(self._work([piece for pieces in taken for piece in pieces]))
        for job, pieces in zip(jobs, taken, strict=True):
            job._pieces = job._pieces[SLICE:]
            for _ in pieces:
                job.deliver(next(results))


SLICE = 16
"""Pieces of one job in one slice: the rows of a product of the engine."""
