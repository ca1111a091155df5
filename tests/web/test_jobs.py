"""Work under load: the queue, turns, clients that leave, and slices done together."""

import asyncio
import itertools
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tangyin.errors import TangyinError
from tangyin.web.answers import JobResponse
from tangyin.web.jobs import SLICE, Alone, Gathered, once
from tangyin.web.library import Library
from tangyin.web.pool import ROWS, BusyError, Pool


class Exchange:
    """One request as ASGI sees it."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.sent: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self.deaf = deaf

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.deaf:
            await asyncio.Event().wait()
        self.sent.append(message)

    async def answer(self, response: JobResponse) -> None:
        await response({"type": "http"}, self.receive, self.send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode(): v.decode() for k, v in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


class Gate:
    """Lets a worker into each slice one by one."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()
        self.slices = 0

    def results(self, count: int) -> Iterator[int]:
        for number in range(count):
            self.entered.set()
            assert self.open.wait(20)
            self.slices += 1
            yield number


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 20)


def test_results_come_in_order_and_whole(in_loop) -> None:
    async def work() -> None:
        pool = Pool(2, 8)
        exchanges = [Exchange() for _ in range(6)]
        await asyncio.gather(
            *(
                exchange.answer(JobResponse(pool, Alone(iter(range(n, n + 5)), 5), whole=list))
                for n, exchange in enumerate(exchanges)
            )
        )
        for n, exchange in enumerate(exchanges):
            assert json.loads(exchange.body) == list(range(n, n + 5))
        pool.close()

    in_loop(work())


def test_one_more_than_the_queue_holds_is_told_to_come_back(in_loop) -> None:
    async def work() -> None:
        pool, gate = Pool(1, 2), Gate()
        first, second, third = Exchange(), Exchange(), Exchange()
        tasks = [
            asyncio.create_task(first.answer(JobResponse(pool, Alone(gate.results(1))))),
            asyncio.create_task(second.answer(JobResponse(pool, Alone(iter([7]))))),
        ]
        await until(gate.entered)
        await third.answer(JobResponse(pool, Alone(iter([8]))))
        assert third.status == 429
        assert 1 <= int(third.headers["retry-after"]) <= 60
        assert "ask again" in json.loads(third.body)["error"]
        gate.open.set()
        await asyncio.gather(*tasks)
        assert json.loads(second.body) == 7
        # And then there is room.
        await (fourth := Exchange()).answer(JobResponse(pool, Alone(iter([9]))))
        assert fourth.status == 200
        pool.close()

    in_loop(work())


def test_where_work_is_slow_fewer_may_wait(in_loop, monkeypatch) -> None:
    # The server that other tests share has it set higher, in this same process.
    monkeypatch.setattr("tangyin.web.pool.PATIENCE", 10.0)

    async def work() -> None:
        pool, gate = Pool(1, 64), Gate()
        pool._seconds[""] = 4.0  # as it is after slow jobs
        tasks = [asyncio.create_task(Exchange().answer(JobResponse(pool, Alone(gate.results(1)))))]
        await until(gate.entered)
        for _ in range(2):
            tasks.append(
                asyncio.create_task(Exchange().answer(JobResponse(pool, Alone(iter([1])))))
            )
        while pool.jobs < 3:
            await asyncio.sleep(0.001)
        await (late := Exchange()).answer(JobResponse(pool, Alone(iter([1]))))
        assert late.status == 429
        assert late.headers["retry-after"] == "12"
        gate.open.set()
        await asyncio.gather(*tasks)
        # Quick ones, and there is room for many again.
        assert pool._seconds[""] < 4.0
        pool.close()

    in_loop(work())


@pytest.mark.parametrize("begun", [True, False])
def test_a_client_that_leaves_cancels_its_work(in_loop, begun) -> None:
    async def work() -> None:
        pool, gate, other = Pool(1, 4), Gate(), Gate()
        exchange = Exchange()
        if not begun:
            blocking = asyncio.create_task(
                Exchange().answer(JobResponse(pool, Alone(other.results(1))))
            )
            await until(other.entered)
        response = JobResponse(pool, Alone(gate.results(1000), 1000))
        task = asyncio.create_task(exchange.answer(response))
        if begun:
            await until(gate.entered)
        else:
            while pool.jobs < 2:
                await asyncio.sleep(0.001)
        exchange.left.set()
        await task
        assert exchange.sent == []
        if not begun:
            assert pool.jobs == 1
            other.open.set()
            await blocking
        gate.open.set()
        while pool.jobs:
            await asyncio.sleep(0.001)
        assert gate.slices == begun
        pool.close()

    in_loop(work())


@pytest.mark.parametrize("regulated", [True, False])
def test_a_slice_is_left_in_its_midst_when_its_client_leaves(in_loop, regulated) -> None:
    writer = Library("report").default

    def endless() -> list[str]:
        while True:
            list(writer.write_many(count=20, regulated=regulated))

    async def work() -> None:
        pool, exchange = Pool(1, 4), Exchange()
        task = asyncio.create_task(exchange.answer(JobResponse(pool, once(endless, "endless"))))
        while not pool._running:
            await asyncio.sleep(0.001)
        exchange.left.set()
        await task
        # And the worker is there for others.
        await asyncio.wait_for((other := Exchange()).answer(JobResponse(pool, once(int))), 300)
        assert other.status == 200
        assert "endless" not in pool._seconds  # how long it would have taken nobody knows
        pool.close()

    in_loop(work())


def test_a_client_that_does_not_read_holds_no_worker(in_loop, monkeypatch) -> None:
    monkeypatch.setattr("tangyin.web.answers.SECONDS", 0.5)

    async def work() -> None:
        pool = Pool(1, 4)
        deaf = Exchange(deaf=True)
        events = JobResponse(pool, Alone(iter(range(50)), 50), events=lambda n: [("poem", n)])
        task = asyncio.create_task(deaf.answer(events))
        await asyncio.sleep(0.01)
        quick = Exchange()
        await asyncio.wait_for(quick.answer(JobResponse(pool, Alone(iter([1])))), 20)
        assert json.loads(quick.body) == 1
        await asyncio.wait_for(task, 20)  # and is given up
        assert pool.jobs == 0
        pool.close()

    in_loop(work())


@pytest.mark.parametrize(("begun", "status"), [(True, 422), (False, 429)])
def test_what_takes_too_long_is_told(in_loop, monkeypatch, begun, status) -> None:
    monkeypatch.setattr("tangyin.web.answers.SECONDS", 0.2)

    async def work() -> None:
        pool, gate = Pool(1, 4), Gate()
        exchange = Exchange()
        before = JobResponse(pool, Alone(gate.results(1)))
        blocking = None if begun else asyncio.create_task(Exchange().answer(before))
        if blocking:
            await until(gate.entered)
        job = Alone(gate.results(3), 3) if begun else Alone(iter([1]))
        await exchange.answer(JobResponse(pool, job))
        assert exchange.status == status
        gate.open.set()
        if blocking:
            await blocking
        pool.close()

    in_loop(work())


def test_an_error_after_the_first_events_is_the_last_event(in_loop) -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise TangyinError("no poem came about; give fewer characters")

    async def work() -> None:
        pool, exchange = Pool(1, 4), Exchange()
        await exchange.answer(
            JobResponse(pool, Alone(failing(), 2), events=lambda n: [("poem", n)])
        )
        assert exchange.body.decode().split("\n\n")[-2:] == [
            'event: error\ndata: {"error": "no poem came about; give fewer characters"}',
            "",
        ]
        assert exchange.sent[-1]["more_body"] is False
        pool.close()

    in_loop(work())


def test_what_should_not_happen_is_a_500_and_harms_nobody_else(in_loop, caplog) -> None:
    def broken() -> Iterator[int]:
        raise ZeroDivisionError
        yield 1

    async def work() -> None:
        pool, exchange, other = Pool(1, 4), Exchange(), Exchange()
        await exchange.answer(JobResponse(pool, Alone(broken())))
        assert exchange.status == 500
        assert "Zero" not in exchange.body.decode()
        await other.answer(JobResponse(pool, Alone(iter([1]))))
        assert other.status == 200
        pool.close()

    in_loop(work())
    assert "a request failed" in caplog.text


def test_the_last_result_ends_a_job_without_another_turn(in_loop) -> None:
    async def work() -> None:
        pool, first, second = Pool(1, 4), Gate(), Gate()
        answering, waiting = (
            asyncio.create_task(Exchange().answer(JobResponse(pool, Alone(gate.results(1)))))
            for gate in (first, second)
        )
        while pool.jobs < 2:
            await asyncio.sleep(0.001)
        first.open.set()
        await asyncio.wait_for(answering, 20)  # while the second one has the worker
        second.open.set()
        await waiting
        pool.close()

    in_loop(work())


def test_a_long_job_lets_a_short_one_through(in_loop) -> None:
    async def work() -> None:
        pool, order = Pool(1, 4), []
        gate = threading.Event()

        def long() -> Iterator[int]:
            for number in range(20):
                assert gate.wait(20)
                order.append("long")
                yield number

        def short() -> Iterator[int]:
            order.append("short")
            yield 1

        tasks = [
            asyncio.create_task(Exchange().answer(JobResponse(pool, job, whole=list)))
            for job in (Alone(long(), 20), Alone(short()))
        ]
        while pool.jobs < 2:
            await asyncio.sleep(0.001)
        gate.set()
        await asyncio.gather(*tasks)
        assert order.index("short") <= 2
        assert order.count("long") == 20
        pool.close()

    in_loop(work())


def test_jobs_of_one_key_are_done_together_and_no_results_are_mixed_up(in_loop) -> None:
    async def work() -> None:
        pool, gate = Pool(1, 64), Gate()
        batches: list[list[int]] = []

        def double(pieces: list[int]) -> list[int]:
            batches.append(pieces)
            return [2 * piece for piece in pieces]

        blocking = asyncio.create_task(Exchange().answer(JobResponse(pool, Alone(gate.results(1)))))
        await until(gate.entered)
        sizes = [1, 3, 40, 2, 1, 20]
        starts = [0, *itertools.accumulate(sizes)]
        exchanges = [Exchange() for _ in sizes]
        tasks = []
        for exchange, start, size in zip(exchanges, starts, sizes, strict=False):
            pieces = list(range(start, start + size))
            job = Gathered("same", pieces, double)
            answering = exchange.answer(JobResponse(pool, job, whole=list))
            tasks.append(asyncio.create_task(answering))
        other = Exchange()
        job = Gathered("other", [500], double)
        tasks.append(asyncio.create_task(other.answer(JobResponse(pool, job))))
        while pool.jobs < len(sizes) + 2:
            await asyncio.sleep(0.001)
        gate.open.set()
        await asyncio.gather(blocking, *tasks)
        for exchange, start, size in zip(exchanges, starts, sizes, strict=False):
            assert json.loads(exchange.body) == [2 * n for n in range(start, start + size)]
        assert json.loads(other.body) == 1000
        assert max(map(len, batches)) <= ROWS
        assert len(batches[0]) > SLICE
        assert [500] in batches
        pool.close()

    in_loop(work())


def test_when_one_of_several_fails_the_others_do_not(in_loop) -> None:
    async def work() -> None:
        pool, gate = Pool(1, 8), Gate()

        def invert(pieces: list[int]) -> list[float]:
            return [1 / piece for piece in pieces]

        blocking = asyncio.create_task(Exchange().answer(JobResponse(pool, Alone(gate.results(1)))))
        await until(gate.entered)
        exchanges = [Exchange() for _ in range(3)]
        tasks = [
            asyncio.create_task(exchange.answer(JobResponse(pool, Gathered("k", [piece], invert))))
            for exchange, piece in zip(exchanges, (2, 0, 4), strict=True)
        ]
        while pool.jobs < 4:
            await asyncio.sleep(0.001)
        gate.open.set()
        await asyncio.gather(blocking, *tasks)
        assert [exchange.status for exchange in exchanges] == [200, 500, 200]
        pool.close()

    in_loop(work())


def test_closing_ends_what_waits_and_takes_no_more(in_loop) -> None:
    async def work() -> None:
        pool, gate = Pool(1, 8), Gate()
        running, waiting = Exchange(), Exchange()
        tasks = [
            asyncio.create_task(running.answer(JobResponse(pool, Alone(gate.results(100), 100)))),
            asyncio.create_task(waiting.answer(JobResponse(pool, Alone(iter([1]))))),
        ]
        await until(gate.entered)
        closing = asyncio.create_task(asyncio.to_thread(pool.close))
        await asyncio.gather(*tasks)
        assert [running.status, waiting.status] == [429, 429]
        gate.open.set()
        await closing
        assert gate.slices == 1
        with pytest.raises(BusyError):
            pool.submit(Alone(iter([1])))
        assert not any(thread.is_alive() for thread in pool._threads)

    in_loop(work())
