"""The threads that do the work, and the queue before them."""

import math
import threading
import time
from collections import deque
from typing import Any

from tangyin.errors import TangyinError
from tangyin.model import Engine, State, StepOutput
from tangyin.verse import Ids
from tangyin.web.jobs import Job
from tangyin.web.limits import PATIENCE

ROWS = 32
"""Rows of the engine in one slice of jobs that are advanced together."""


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


class Pool:
    """Advances jobs slice by slice, in turn, so that a long one does not delay a short one.

    Threads, not processes: NumPy releases the interpreter's lock in its products, and all share
    one model in memory. At most `waiting` jobs are accepted, those being worked on included.
    """

    def __init__(self, workers: int, waiting: int) -> None:
        self.workers, self.waiting = workers, waiting
        self._queue: deque[Job[Any]] = deque()
        self._running: set[Job[Any]] = set()
        self._closed = False
        self._seconds: dict[str, float] = {}  # of a result of each kind, a running mean
        self._condition = threading.Condition()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    @property
    def jobs(self) -> int:
        """How many jobs there are, waiting and worked on."""
        return len(self._queue) + len(self._running)

    def submit(self, job: Job[Any]) -> None:
        """Put a job into the queue.

        Raises:
            TangyinError: server.busy: it is full or closed, or the job would wait too long.
        """
        with self._condition:
            there = (*self._queue, *self._running)
            work = sum(job.left * self._seconds.get(job.kind, 0.0) for job in there)
            ahead = work / self.workers
            long = len(there) >= self.workers and ahead > PATIENCE
            if self._closed or long or len(there) >= self.waiting:
                raise TangyinError("server.busy", seconds=min(max(math.ceil(ahead), 1), 60))
            self._queue.append(job)
            self._condition.notify()

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
            for job in (*self._queue, *self._running):
                job.cancelled = True
                job.fail(TangyinError("server.busy", seconds=5))
            self._queue.clear()
            self._condition.notify_all()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        while jobs := self._take():
            start, before = time.monotonic(), sum(job.left for job in jobs)
            done = _advance(jobs)
            took = time.monotonic() - start
            with self._condition:
                self._running.difference_update(jobs)
                again = [job for job in jobs if job.left and not job.cancelled]
                self._queue.extend(again)
                self._condition.notify(len(again))
                if not done:
                    continue
                each = took / max(before - sum(job.left for job in jobs), 1)
                mean = self._seconds.get(jobs[0].kind, each)
                self._seconds[jobs[0].kind] = mean + 0.2 * (each - mean)

    def _take(self) -> list[Job[Any]]:
        """The next job and those that can be advanced with it; none when the pool is closed."""
        with self._condition:
            while not self._queue and not self._closed:
                self._condition.wait()
            if not self._queue:
                return []
            jobs = [self._queue.popleft()]
            rows = jobs[0].rows()
            for job in list(self._queue) if jobs[0].key is not None else ():
                if job.key == jobs[0].key and rows + job.rows() <= ROWS:
                    rows += job.rows()
                    jobs.append(job)
                    self._queue.remove(job)
            for job in jobs:
                job.begun = True
            self._running.update(jobs)
            return jobs


def _advance(jobs: list[Job[Any]]) -> bool:
    """Do a slice of jobs of one key; False if nobody waited for it any more."""
    InterruptibleEngine.work.unwanted = lambda: all(job.cancelled for job in jobs)
    try:
        jobs[0].advance(jobs)
    except InterruptedWork:
        return False
    except Exception as error:
        if len(jobs) == 1:
            jobs[0].fail(error)
        else:  # one of them is at fault, and the others should not fail with it
            for job in jobs:
                _advance([job])
    return True
