"""Responses: the results of jobs as JSON or server-sent events, and errors as codes."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from tangyin.errors import TangyinError
from tangyin.web.jobs import Job
from tangyin.web.limits import SECONDS
from tangyin.web.pool import BusyError, Pool

T = TypeVar("T")
Event = tuple[str, Any]

STATUSES = {
    "server.body-too-large": 413,
    "server.body-too-slow": 408,
    "server.busy": 429,
    "server.failed": 500,
    "server.no-report": 404,
    "server.unknown-host": 421,
}
"""Status codes by error code; every other error is a 422."""

HTTP_CODES = {400: "server.no-json", 404: "server.not-found", 405: "server.wrong-method"}
"""Error codes of the framework's refusals, by status."""

_END: Any = object()
"""Sentinel after the last result."""

_log = logging.getLogger("tangyin.web")


class ErrorResponse(JSONResponse):
    """An error as `{"code", "params", "message"}`, in the language that the client accepts."""

    def __init__(
        self,
        error: TangyinError,
        scope: Scope,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        sent = dict(headers or {})
        if isinstance(error, BusyError):
            sent["Retry-After"] = str(error.params["seconds"])
        super().__init__(
            error.to_json(language_of(scope)), status or STATUSES.get(error.code, 422), sent
        )

    def render(self, content: Any) -> bytes:
        """JSON in UTF-8; a lone surrogate, which UTF-8 cannot encode, is escaped."""
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")


def language_of(scope: Scope) -> str:
    """ "zh" where the Accept-Language header begins with Chinese, otherwise "en"."""
    header = dict(scope["headers"]).get(b"accept-language", b"")
    return "zh" if header.strip().lower().startswith(b"zh") else "en"


def response_of(error: Exception, scope: Scope) -> ErrorResponse:
    """The response to an expected error or a refusal of the framework."""
    if isinstance(error, TangyinError):
        return ErrorResponse(error, scope)
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    code = HTTP_CODES.get(status)
    reason = TangyinError(code) if code else TangyinError("server.http-status", status=status)
    return ErrorResponse(reason, scope, status=status, headers=error.headers)


async def all_results(pool: Pool, job: Job[T], request: Request) -> list[T]:
    """Put a job into the pool and wait for all its results.

    The job is cancelled when the client disconnects or the time limit is exceeded.

    Raises:
        TangyinError: the work failed, takes too long, or the pool is full.
        ClientDisconnect: nobody is waiting any more.
    """

    async def gathered() -> list[T]:
        return [result async for result in _results(pool, job)]

    return await _while_connected(request, gathered())


async def one_result(pool: Pool, job: Job[T], request: Request) -> T:
    """The only result of a job; see `all_results`."""
    (result,) = await all_results(pool, job, request)
    return result


async def event_stream(
    pool: Pool, job: Job[T], request: Request, events: Callable[[T], Iterable[Event]]
) -> StreamingResponse:
    """Send the results of a job as server-sent events, each as soon as it is there.

    Waits for the first result, so that an error before it has a status of its own; a later error
    is the last event. See `all_results` for errors.
    """
    results = _results(pool, job)
    first = await _while_connected(request, _next(results))
    language = language_of(request.scope)

    async def chunks() -> AsyncIterator[bytes]:
        count, result = 0, first
        try:
            while result is not _END:
                count += 1
                for name, value in events(result):
                    yield _event(name, value)
                result = await _next(results)
            yield _event("end", {"poems": count})
        except TangyinError as error:
            yield _event("error", error.to_json(language))

    return _EventResponse(pool, job, chunks())


class _EventResponse(StreamingResponse):
    """A stream that is abandoned when the client does not read it."""

    media_type = "text/event-stream"

    def __init__(self, pool: Pool, job: Job[Any], chunks: AsyncIterator[bytes]) -> None:
        super().__init__(chunks)
        self._pool, self._job = pool, job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events, then release the job in any case."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._pool.cancel(self._job)

    async def stream_response(self, send: Send) -> None:
        """See the base class; a second more than the job's own limit, for its error event."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS + 1):
                await super().stream_response(send)


async def _results(pool: Pool, job: Job[T]) -> AsyncIterator[T]:
    """Results as they come; the time limit includes waiting in the queue."""
    end = asyncio.get_running_loop().time() + SECONDS
    results = job.results()
    try:
        pool.submit(job)
        while True:
            async with asyncio.timeout_at(end):
                result = await _next(results)
            if result is _END:
                return
            yield result
    except TangyinError:
        raise
    except TimeoutError:
        if not job.begun:
            raise BusyError(10) from None
        raise TangyinError("server.too-long", seconds=SECONDS) from None
    except Exception as error:
        _log.exception("a request failed")
        raise TangyinError("server.failed") from error
    finally:
        pool.cancel(job)


async def _next(results: AsyncIterator[T]) -> T:
    return await anext(results, _END)


async def _while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await something, but cancel it when the client disconnects."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnected(request.receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: str, value: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
