"""How answers go out: JSON, events, and errors as one sentence."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tangyin.errors import TangyinError
from tangyin.web.jobs import Job
from tangyin.web.limits import SECONDS
from tangyin.web.pool import BusyError, Pool

Json = Any
Event = tuple[str, Json]

_END: Json = object()
"""Stands for the result after the last one."""

_log = logging.getLogger("tangyin.web")

NO_JSON = (
    "the body is no JSON in UTF-8, or one nested too deep; /openapi.json describes what is taken"
)

NO_OBJECT = (
    "the body is no JSON object; send one as Content-Type: application/json, as /openapi.json "
    "describes it"
)


class JsonResponse(JSONResponse):
    """JSON in UTF-8."""

    def render(self, content: Json) -> bytes:
        """The bytes of a JSON value; a lone surrogate, which UTF-8 lacks, is escaped."""
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")


def refusal(status: int, sentence: str, seconds: int | None = None) -> JsonResponse:
    """An error as JSON: `{"error": sentence}`."""
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return JsonResponse({"error": sentence}, status, headers)


def refusal_of(error: BaseException) -> JsonResponse:
    """The answer to an error: 422 for what cannot be done, 429 for what cannot be done now."""
    if isinstance(error, BusyError):
        return refusal(429, str(error), error.seconds)
    if isinstance(error, TangyinError):
        return refusal(422, str(error))
    if isinstance(error, HTTPException):
        answer = refusal(error.status_code, _http_sentence(error))
        answer.headers.update(error.headers or {})
        return answer
    _log.error("a request failed", exc_info=error)
    return refusal(500, "something went wrong here that should not; the server's log says what")


def _http_sentence(error: HTTPException) -> str:
    return {
        400: NO_JSON,
        404: "there is nothing here; the page is at / and the API is described in /openapi.json",
        405: "this address is not for that method; /openapi.json says which one it takes",
    }.get(error.status_code, f"{str(error.detail).lower()}; /openapi.json describes what is taken")


class JobResponse(Response):
    """Puts a job into the pool and sends what comes of it.

    The job is cancelled when the client leaves or the time is over. Until the first result is
    there nothing is sent, so that a refusal has its own status.
    """

    def __init__(
        self,
        pool: Pool,
        job: Job[Json],
        *,
        whole: Callable[[list[Json]], Json] | None = None,
        events: Callable[[Json], Iterable[Event]] | None = None,
    ) -> None:
        """Prepare the answer.

        Args:
            pool: does the work.
            job: the work.
            whole: makes the JSON value of all results; the one result of `once` when None.
            events: makes the server-sent events of one result, which are sent as they come; else
                the answer is JSON.
        """
        super().__init__()
        self._pool, self._job = pool, job
        self._whole = whole or _only
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            self._pool.submit(self._job)
        except BusyError as error:
            await refusal_of(error)(scope, receive, send)
            return
        answering = asyncio.create_task(self._answer(scope, receive, send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._pool.cancel(self._job)
            for task in (answering, leaving):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await answering

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        results = self._job.results()
        started = False
        try:
            async with asyncio.timeout(SECONDS):
                if self._events is None:
                    answer: Response = JsonResponse(self._whole([one async for one in results]))
                else:
                    first = await anext(results, _END)
                    started = True
                    await self._send_events(self._events, first, results, send)
                    return
        except TimeoutError:
            answer = self._too_long()
        except Exception as error:
            answer = refusal_of(error)
        if started:
            # The status is sent already; a client that still listens gets the sentence.
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await send(_chunk(_event("error", bytes(answer.body)), more=False))
        else:
            await answer(scope, receive, send)

    async def _send_events(
        self,
        events: Callable[[Json], Iterable[Event]],
        result: Json,
        rest: AsyncIterator[Json],
        send: Send,
    ) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        count = 0
        while result is not _END:
            count += 1
            for name, value in events(result):
                await send(_chunk(_event(name, JsonResponse(value).body)))
            result = await anext(rest, _END)
        await send(_chunk(_event("end", JsonResponse({"poems": count}).body), more=False))

    def _too_long(self) -> JsonResponse:
        if not self._job.begun:
            return refusal_of(BusyError(10))
        return refusal(
            422, f"this took longer than {SECONDS:.0f} s; ask for less at once, such as fewer poems"
        )


def _only(results: list[Json]) -> Json:
    (result,) = results
    return result


async def _left(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: str, data: bytes | memoryview) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)


def _chunk(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def wants_events(request: Request) -> bool:
    """Whether a client asks for server-sent events rather than JSON."""
    return "text/event-stream" in request.headers.get("accept", "")
