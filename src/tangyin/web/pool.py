"""The threads that do the work, and the queue before them."""

import math
import threading
import time
from collections import deque
from typing import Any

from tangyin.web.jobs import Job
from tangyin.web.limits import PATIENCE

ROWS = 32
"""Rows of the engine in one slice of jobs that are advanced together."""


class BusyError(Exception):
    """The queue is full.

    Attributes:
        seconds: after which to ask again.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the server is busy; ask again in {seconds} s")
        self.seconds = seconds


class Pool:
    """Advances jobs slice by slice, in turn, so that a long one does not keep a short one waiting.

    Threads, not processes: NumPy lets go of the interpreter in its products, and all share one
    model in memory.
    """

    def __init__(self, workers: int, waiting: int) -> None:
        """Start the threads.

        Args:
            workers: how many.
            waiting: how many jobs there may be, those being worked on included.
        """
        self.workers, self.waiting = workers, waiting
        self._queue: deque[Job[Any]] = deque()
        self._running: set[Job[Any]] = set()
        self._closed = False
        self._seconds = 0.1  # of work on a job, a running mean
        self._condition = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"writer-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def jobs(self) -> int:
        """How many jobs there are, waiting and worked on."""
        return len(self._queue) + len(self._running)

    def submit(self, job: Job[Any]) -> None:
        """Put a job into the queue.

        Raises:
            BusyError: it is full, it would take too long to come to the job, or the pool is closed.
        """
        with self._condition:
            ahead = self._seconds * self.jobs / self.workers
            queued = self.jobs >= self.workers and ahead > PATIENCE
            if self._closed or queued or self.jobs >= self.waiting:
                raise BusyError(min(max(math.ceil(ahead), 1), 60))
            self._queue.append(job)
            self._condition.notify()

    def cancel(self, job: Job[Any]) -> None:
        """Forget a job: at once when it waits, after its slice when it is worked on."""
        with self._condition:
            job.cancelled = True
            if job in self._queue:
                self._queue.remove(job)

    def close(self, seconds: float = 5.0) -> None:
        """Cancel what there is, and wait for the slices that are being done."""
        with self._condition:
            self._closed = True
            for job in (*self._queue, *self._running):
                job.cancelled = True
                job.finish(BusyError(5))
            self._queue.clear()
            self._condition.notify_all()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        while jobs := self._take():
            start = time.monotonic()
            left = _advanced(jobs)
            share = (time.monotonic() - start) / len(jobs)
            with self._condition:
                self._running.difference_update(jobs)
                for job in jobs:
                    job.spent += share
                    if job in left and not job.cancelled:
                        self._queue.append(job)
                        self._condition.notify()
                    else:
                        self._seconds += 0.1 * (job.spent - self._seconds)

    def _take(self) -> list[Job[Any]]:
        """The next job, and those that can be advanced with it; none when the pool is closed."""
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


def _advanced(jobs: list[Job[Any]]) -> list[Job[Any]]:
    """Do a slice of jobs of one key; those that are not done."""
    try:
        return jobs[0].advance(jobs)
    except Exception as error:
        if len(jobs) == 1:
            jobs[0].finish(error)
            return []
    # One of them is at fault, and the others should not suffer for it.
    return [left for job in jobs for left in _advanced([job])]
