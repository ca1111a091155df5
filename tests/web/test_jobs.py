"""Work under load: the queue, turns, clients that leave, and slices done together."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from tangyin.errors import TangyinError
from tangyin.model.threads import go_on
from tangyin.web.answers import Work, refuse
from tangyin.web.library import Library
from tangyin.web.pool import ROWS, SLICE, Job, Pool, once, one_by_one


class Exchange:
    """One request as ASGI has it."""

    def __init__(self, pool: Pool, *, deaf: bool = False, quick: Pool | None = None) -> None:
        state = SimpleNamespace(pool=pool, quick=quick or Pool(0, 0), library=None)
        app = SimpleNamespace(state=state)
        self.scope = {"type": "http", "app": app, "headers": [], "method": "POST", "path": "/"}
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

    async def answer(self, job: Job[Any], events: Callable[[Any], Any] | None = None) -> "Exchange":
        """Answer with the results of a job, or their events."""
        request = Request(self.scope, self.receive)
        work = Work(request)
        response: Response
        try:
            if events:
                response = await work.stream(job, events)
            else:
                response = JSONResponse(await work.all(job))
        except (TangyinError, ClientDisconnect) as error:
            response = await refuse(request, error)
        await response(self.scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode(): v.decode() for k, v in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    @property
    def values(self) -> Any:
        return json.loads(self.body)


class Gate:
    """Lets a worker into each slice when it is opened."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.slices = 0

    def job(self, count: int = 1) -> Job[int]:
        return one_by_one(map(self._result, range(count)), count)

    def _result(self, number: int) -> int:
        self.entered.set()
        assert self.open.wait(20)
        self.slices += 1
        return number


def simple(*results: int) -> Job[int]:
    """A job that needs no time."""
    return one_by_one(iter(results), len(results))


def asked(pool: Pool, *jobs: Job[Any]) -> "list[asyncio.Task[Exchange]]":
    """A request for each job."""
    return [asyncio.create_task(Exchange(pool).answer(job)) for job in jobs]


def poem_events(number: int) -> tuple[str, int]:
    return "poem", number


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 20)


async def until_jobs(pool: Pool, count: int) -> None:
    while pool.jobs != count:
        await asyncio.sleep(0.001)


@pytest.fixture
def pool():
    """A pool of one worker."""
    pool = Pool(1, 64)
    yield pool
    pool.close()


@pytest.fixture
def busy(pool):
    """Keeps the worker busy until a gate is opened."""

    async def block(gate: Gate) -> "asyncio.Task[Exchange]":
        (task,) = asked(pool, gate.job())
        await until(gate.entered)
        return task

    return block


async def test_one_more_than_the_queue_holds_is_refused(pool, busy) -> None:
    gate, pool.waiting = Gate(), 2
    tasks = [await busy(gate), *asked(pool, simple(7))]
    await until_jobs(pool, 2)
    third = await Exchange(pool).answer(simple(8))
    assert third.status == 429
    assert third.values["code"] == "server.busy"
    assert third.headers["retry-after"] == str(third.values["params"]["seconds"])
    assert 1 <= int(third.headers["retry-after"]) <= 60
    gate.open.set()
    _, second = await asyncio.gather(*tasks)
    assert second.values == [7]
    # And then there is room.
    assert (await Exchange(pool).answer(simple(9))).status == 200


async def test_where_work_is_slow_fewer_may_wait(pool, busy, monkeypatch) -> None:
    # The server that other tests share, in this same process, has a higher limit.
    monkeypatch.setattr("tangyin.web.pool.PATIENCE", 10.0)
    gate = Gate()
    pool._seconds[""] = 4.0  # as after slow jobs
    tasks = [await busy(gate), *asked(pool, simple(1), simple(1))]
    await until_jobs(pool, 3)
    late = await Exchange(pool).answer(simple(1))
    assert (late.status, late.headers["retry-after"]) == (429, "12")
    gate.open.set()
    await asyncio.gather(*tasks)
    assert pool._seconds[""] < 4.0  # after quick jobs there is room for more again


async def test_a_long_job_does_not_count_against_a_short_one(pool, busy, monkeypatch) -> None:
    """Jobs take turns: beside a job of one piece, each of the others has one."""
    monkeypatch.setattr("tangyin.web.pool.PATIENCE", 10.0)
    gate, pool._seconds[""] = Gate(), 4.0
    tasks = [await busy(gate), *asked(pool, simple(*range(20)))]
    await until_jobs(pool, 2)
    short = asked(pool, simple(7))
    await until_jobs(pool, 3)
    late = await Exchange(pool).answer(simple(1, 2, 3))
    assert late.status == 429  # one piece, three of the twenty, and one
    assert late.headers["retry-after"] == "20"
    gate.open.set()
    await asyncio.gather(*tasks, *short)


async def test_a_slice_is_interrupted_while_others_wait(pool, monkeypatch) -> None:
    """The one worker leaves what takes long for what waits, and goes on with it afterwards."""
    monkeypatch.setattr("tangyin.web.pool.TURN", 0.01)
    over, turns = threading.Event(), []

    def endless(name: str) -> str:
        while not over.is_set():
            go_on()
            if turns[-1:] != [name]:
                turns.append(name)
        return name

    long = asked(pool, *(once(partial(endless, name)) for name in "ab"))
    for _ in range(3):  # both are begun, and none keeps the worker
        short = await asyncio.wait_for(Exchange(pool).answer(simple(1)), 20)
        assert short.status == 200
    while len(turns) < 6:
        await asyncio.sleep(0.001)
    over.set()
    assert [exchange.values for exchange in await asyncio.gather(*long)] == [["a"], ["b"]]
    while pool._running:
        await asyncio.sleep(0.001)
    assert pool._free == 1
    assert "".join(turns[:6]) == "ababab"


async def test_a_poem_alone_does_not_make_those_side_by_side_seem_slow(pool) -> None:
    def slow(pieces: list[int]) -> list[int]:
        time.sleep(0.05)
        return pieces

    assert (await Exchange(pool).answer(Job([1], slow, "free", key="k"))).status == 200
    while pool._running:
        await asyncio.sleep(0.001)
    assert 0.05 / SLICE <= pool._seconds["free"] < 0.05


@pytest.mark.parametrize("leaves", [True, False])
async def test_an_interrupted_slice_ends_with_its_client_or_the_server(
    pool, monkeypatch, leaves
) -> None:
    monkeypatch.setattr("tangyin.web.pool.TURN", 0.01)

    def endless() -> None:
        while True:
            go_on()

    exchanges = [Exchange(pool) for _ in range(3)]
    tasks = [asyncio.create_task(one.answer(once(endless))) for one in exchanges]
    while not pool._interrupted:
        await asyncio.sleep(0.001)
    if leaves:
        for one in exchanges:
            one.left.set()
    else:
        await asyncio.to_thread(pool.close)
    await asyncio.wait_for(asyncio.gather(*tasks), 20)
    while pool._running:
        await asyncio.sleep(0.001)
    assert pool._interrupted == 0


async def test_a_check_is_answered_while_all_that_write_are_busy(pool, busy) -> None:
    gate, quick = Gate(), Pool(1, 64)
    blocking = await busy(gate)
    work = Work(Request(Exchange(pool, quick=quick).scope, Exchange(pool).receive))
    assert work.jobs == 1
    assert await asyncio.wait_for(work.once(lambda: "checked", quick=True), 20) == "checked"
    gate.open.set()
    await blocking
    quick.close()


async def test_a_panic_costs_one_request_and_no_worker(pool) -> None:
    class Panic(BaseException):
        """As a library written in Rust raises it."""

    def panics() -> None:
        raise Panic

    assert (await Exchange(pool).answer(once(panics))).status == 500
    assert (await asyncio.wait_for(Exchange(pool).answer(simple(1)), 20)).status == 200


@pytest.mark.parametrize("begun", [True, False])
async def test_a_client_that_leaves_cancels_its_work(pool, busy, begun) -> None:
    gate, other, exchange = Gate(), Gate(), Exchange(pool)
    blocking = [] if begun else [await busy(other)]
    task = asyncio.create_task(exchange.answer(gate.job(1000)))
    await (until(gate.entered) if begun else until_jobs(pool, 2))
    exchange.left.set()
    await task
    assert exchange.status == 499  # which nobody receives
    assert pool.jobs == (not begun)  # what is cancelled is not counted, though it is worked on
    other.open.set()
    gate.open.set()
    await asyncio.gather(*blocking)
    while pool._running:
        await asyncio.sleep(0.001)
    assert gate.slices == begun


@pytest.mark.parametrize("regulated", [True, False])
async def test_a_slice_ends_early_when_its_client_leaves(pool, regulated) -> None:
    writer = Library("report").default

    def endless() -> list[str]:
        while True:
            list(writer.write_many(count=20, regulated=regulated))

    exchange = Exchange(pool)
    task = asyncio.create_task(exchange.answer(once(endless, "endless")))
    while not pool._running:
        await asyncio.sleep(0.001)
    exchange.left.set()
    await task
    # The worker is free for others.
    other = await asyncio.wait_for(Exchange(pool).answer(once(int)), 50)
    assert other.status == 200
    assert "endless" not in pool._seconds  # an interrupted job says nothing about its time


async def test_a_client_that_does_not_read_blocks_no_worker(pool, monkeypatch) -> None:
    monkeypatch.setattr("tangyin.web.answers.SECONDS", 0.5)
    deaf = Exchange(pool, deaf=True)
    task = asyncio.create_task(deaf.answer(simple(*range(50)), poem_events))
    await asyncio.sleep(0.01)
    quick = await asyncio.wait_for(Exchange(pool).answer(simple(1)), 20)
    assert quick.values == [1]
    await asyncio.wait_for(task, 20)  # it is given up
    assert pool.jobs == 0


@pytest.mark.parametrize("events", [None, poem_events])
@pytest.mark.parametrize(("begun", "status"), [(True, 422), (False, 429)])
async def test_what_takes_too_long_is_refused(
    pool, busy, monkeypatch, begun, status, events
) -> None:
    monkeypatch.setattr("tangyin.web.answers.SECONDS", 0.2)
    gate = Gate()
    blocking = [] if begun else [await busy(gate)]
    exchange = await Exchange(pool).answer(gate.job(3) if begun else simple(1), events)
    assert exchange.status == status
    assert exchange.values["code"] == ("server.too_long" if begun else "server.busy")
    gate.open.set()
    await asyncio.gather(*blocking)


async def test_an_error_after_the_first_event_is_the_last_event(pool) -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise TangyinError("server.no_fix")

    exchange = await Exchange(pool).answer(one_by_one(failing(), 2), poem_events)
    *_, last, end = exchange.body.decode().split("\n\n")
    name, data = last.split("\n")
    assert (name, end) == ("event: error", "")
    assert json.loads(data.removeprefix("data: ")) == TangyinError("server.no_fix").to_json()
    assert exchange.sent[-1]["more_body"] is False


async def test_an_unexpected_error_is_a_500_and_harms_nobody_else(pool, caplog) -> None:
    exchange = await Exchange(pool).answer(once(lambda: 1 // 0))
    assert exchange.status == 500
    assert "Zero" not in exchange.body.decode()
    assert (await Exchange(pool).answer(simple(1))).status == 200
    assert "a request failed" in caplog.text


async def test_the_last_result_ends_a_job_without_another_turn(pool) -> None:
    first, second = Gate(), Gate()
    answering, waiting = asked(pool, first.job(), second.job())
    await until_jobs(pool, 2)
    first.open.set()
    await asyncio.wait_for(answering, 20)  # while the second one has the worker
    second.open.set()
    await waiting


async def test_a_long_job_lets_a_short_one_through(pool, busy) -> None:
    gate, order = Gate(), []
    jobs = [
        one_by_one(map(order.append, [name] * count), count)
        for name, count in (("long", 20), ("short", 1))
    ]
    tasks = [await busy(gate), *asked(pool, *jobs)]
    await until_jobs(pool, 3)
    gate.open.set()
    await asyncio.gather(*tasks)
    assert order == ["long", "short", *["long"] * 19]


async def test_jobs_of_one_key_are_done_together_and_results_are_not_mixed_up(pool, busy) -> None:
    gate, batches = Gate(), []

    def double(pieces: list[int]) -> list[int]:
        batches.append(pieces)
        return [2 * piece for piece in pieces]

    blocking = await busy(gate)
    sizes = [1, 3, 40, 2, 1, 20]
    jobs = [Job(range(100 * n, 100 * n + size), double, key="same") for n, size in enumerate(sizes)]
    tasks = asked(pool, *jobs, Job([5000], double, key="other"))
    await until_jobs(pool, 8)
    gate.open.set()
    *done, other = await asyncio.gather(*tasks)
    await blocking
    for n, (size, exchange) in enumerate(zip(sizes, done, strict=True)):
        assert exchange.values == [200 * n + 2 * at for at in range(size)]
    assert other.values == [10_000]
    assert max(map(len, batches)) <= ROWS
    assert len(batches[0]) > SLICE
    assert [5000] in batches


async def test_when_one_of_several_fails_the_others_do_not(pool, busy) -> None:
    gate = Gate()
    blocking = await busy(gate)
    jobs = [Job([n], lambda pieces: [1 / n for n in pieces], key="k") for n in (2, 0, 4)]
    tasks = asked(pool, *jobs)
    await until_jobs(pool, 4)
    gate.open.set()
    done = await asyncio.gather(*tasks)
    await blocking
    assert [exchange.status for exchange in done] == [200, 500, 200]


async def test_closing_ends_what_waits_and_accepts_no_more(pool) -> None:
    gate = Gate()
    tasks = asked(pool, gate.job(100), simple(1))
    await until(gate.entered)
    closing = asyncio.create_task(asyncio.to_thread(pool.close))
    assert [exchange.status for exchange in await asyncio.gather(*tasks)] == [429, 429]
    gate.open.set()
    await closing
    assert gate.slices == 1
    with pytest.raises(TangyinError):
        pool.submit(simple(1))
    assert not any(thread.is_alive() for thread in pool._threads)
