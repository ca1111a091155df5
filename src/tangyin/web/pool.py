"""Jobs, the threads that do them, and the queue before the threads."""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from tangyin.errors import TangyinError
from tangyin.model.threads import InterruptedWork, interruptible
from tangyin.web.limits import PATIENCE

T = TypeVar("T")

SLICE = 16
"""Most pieces in one slice of a job with a key; fewer take nearly as long."""

ROWS = 32
"""Rows of the engine in one slice of jobs that are advanced together."""

TURN = 0.5
"""Seconds after which a slice is interrupted while others wait; most poems take less."""

INTERRUPTED = 8
"""Most slices that are interrupted at a time; each keeps its particles in memory."""


class Job(Generic[T]):
    """Work on equal pieces, slice by slice; made on the event loop, advanced by a worker.

    `anext` gives the results as they come, and raises what the work raised. They wait in a queue
    that the limits of a request keep short: a client that reads slowly never blocks a worker.
    """

    def __init__(
        self,
        pieces: Sequence[Any],  # one result is delivered for each
        work: Callable[[list[Any]], Sequence[T]],  # does pieces of this job or others of its key
        kind: str = "",  # of jobs that take about the same time for a result
        key: Hashable = None,  # of jobs that are advanced together; without one, a piece a slice
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

    def tell(self, value: Any) -> None:
        """Give something besides the results; called by a worker."""
        self._put(value)

    def fail(self, error: Exception) -> None:
        """End the job with an error."""
        self.left = 0
        self._put(error=error)

    def _put(self, result: Any = None, error: Exception | None = None) -> None:
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


class Pool:
    """Advances jobs slice by slice, in turn, so that a long one does not delay a short one.

    Threads, not processes: NumPy releases the interpreter's lock in its products, and all share
    one model in memory. At most `waiting` jobs are accepted, those being worked on included.
    `workers` threads work at a time; the others wait for a job, or for their turn to continue an
    interrupted slice, whose place in the queue is an `Event`.
    """

    def __init__(self, workers: int, waiting: int) -> None:
        self.workers, self.waiting = workers, waiting
        self._free, self._interrupted = workers, 0
        self._queue: deque[Job[Any] | threading.Event] = deque()
        self._running: set[Job[Any]] = set()
        self._closed = False
        self._seconds: dict[str, float] = {}  # of a result of each kind, a running mean
        self._condition = threading.Condition()
        count = workers + INTERRUPTED if workers else 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    @property
    def jobs(self) -> int:
        """How many jobs there are, waiting and worked on."""
        with self._condition:
            return len(self._wanted())

    def _wanted(self) -> list[Job[Any]]:
        waiting = [job for job in self._queue if isinstance(job, Job)]
        return [job for job in (*waiting, *self._running) if not job.cancelled]

    def submit(self, job: Job[Any]) -> None:
        """Put a job into the queue, unless it is full or closed or the job would wait too long.

        Jobs take turns: while this one is worked on, each of the others is for as long at most.
        """
        with self._condition:
            there, own = self._wanted(), self._work_of(job)
            ahead = sum(min(own, self._work_of(other)) for other in there) / self.workers
            long = len(there) >= self.workers and ahead > PATIENCE
            if self._closed or long or len(there) >= self.waiting:
                raise TangyinError("server.busy", seconds=min(max(math.ceil(ahead), 1), 60))
            self._queue.append(job)
            self._condition.notify()

    def _work_of(self, job: Job[Any]) -> float:
        """Seconds that what is left of a job takes, by earlier ones of its kind."""
        return job.left * self._seconds.get(job.kind, 0.0)

    def cancel(self, job: Job[Any]) -> None:
        """Remove a job; one that is worked on ends at the engine's next step."""
        with self._condition:
            job.cancelled = True
            if job in self._queue:
                self._queue.remove(job)

    def close(self, seconds: float = 5.0) -> None:
        """Cancel all jobs, and wait until the workers have ended."""
        with self._condition:
            self._closed = True
            for job in self._wanted():
                job.cancelled = True
                job.fail(TangyinError("server.busy", seconds=5))
            for turn in self._queue:
                if isinstance(turn, threading.Event):
                    turn.set()
            self._queue.clear()
            self._condition.notify_all()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        while jobs := self._take():
            self._slice(jobs)

    def _slice(self, jobs: list[Job[Any]]) -> None:
        """Do a slice of jobs of one key, and put those that are not done back."""
        before, away = sum(job.left for job in jobs), 0.0
        start = turn = time.monotonic()

        def unwanted() -> bool:
            nonlocal turn, away
            # Jobs of one key are one pass of the engine, and are quicker the more there are.
            if jobs[0].key is None and time.monotonic() - turn > TURN:
                away += self._interrupted_for()
                turn = time.monotonic()
            return all(job.cancelled for job in jobs)

        done = _advance(jobs, unwanted)
        took = time.monotonic() - start - away
        with self._condition:
            self._free += 1
            self._running.difference_update(jobs)
            again = [job for job in jobs if job.left and not job.cancelled]
            self._queue.extend(again)
            self._condition.notify(len(again))
            if done:
                # A pass of the engine takes nearly as long for one poem as for SLICE.
                least = 1 if jobs[0].key is None else SLICE
                each = took / max(before - sum(job.left for job in jobs), least)
                mean = self._seconds.get(jobs[0].kind, each)
                self._seconds[jobs[0].kind] = mean + 0.2 * (each - mean)

    def _interrupted_for(self) -> float:
        """Let those that wait have their turn, if any do; how many seconds that took."""
        start, turn = time.monotonic(), threading.Event()
        with self._condition:
            if not self._queue or self._closed or self._interrupted == INTERRUPTED:
                return 0.0
            self._queue.append(turn)
            self._interrupted += 1
            self._free += 1
            self._condition.notify()
        turn.wait()
        with self._condition:
            self._interrupted -= 1
        return time.monotonic() - start

    def _take(self) -> list[Job[Any]]:
        """The next job and those that can be advanced with it; none when the pool is closed."""
        with self._condition:
            first: Job[Any] | threading.Event | None = None
            while not isinstance(first, Job):
                while not (self._queue and self._free) and not self._closed:
                    self._condition.wait()
                if not self._queue:
                    return []
                self._free -= 1
                first = self._queue.popleft()
                if isinstance(first, threading.Event):
                    first.set()  # the thread that waits for it works in place of this one
            jobs, rows = [first], first.rows()
            for job in list(self._queue) if first.key is not None else ():
                if not isinstance(job, Job):
                    continue
                if job.key == first.key and rows + job.rows() <= ROWS:
                    rows += job.rows()
                    jobs.append(job)
                    self._queue.remove(job)
            for job in jobs:
                job.begun = True
            self._running.update(jobs)
            return jobs


def _advance(jobs: list[Job[Any]], unwanted: Callable[[], bool]) -> bool:
    """Do a slice of jobs of one key; False if nobody waited for it any more."""
    try:
        with interruptible(unwanted):
            jobs[0].advance(jobs)
    except InterruptedWork:
        return False
    except BaseException as error:  # a library's panic too: the worker has others to serve
        if len(jobs) == 1:
            jobs[0].fail(error if isinstance(error, Exception) else RuntimeError(repr(error)))
        else:  # one of them is at fault, and the others should not fail with it
            for job in jobs:
                _advance([job], unwanted)
    return True
