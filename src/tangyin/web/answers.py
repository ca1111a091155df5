"""Responses: the results of jobs as JSON or server-sent events, and errors as codes."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tangyin.errors import TangyinError
from tangyin.web.jobs import Job, once
from tangyin.web.library import Library
from tangyin.web.limits import SECONDS
from tangyin.web.pool import BusyError, Pool

T = TypeVar("T")
Event = tuple[str, Any]

STATUSES = {
    "server.body_too_large": 413,
    "server.body_too_slow": 408,
    "server.busy": 429,
    "server.failed": 500,
    "server.no_report": 404,
    "server.unknown_host": 421,
}
"""Status codes by error code; every other error is a 422."""

HTTP_CODES = {400: "server.no_json", 404: "server.not_found", 405: "server.wrong_method"}
"""Error codes of the framework's refusals, by status."""

_END: Any = object()
"""Sentinel after the last result."""

_log = logging.getLogger("tangyin.web")


@dataclass(frozen=True)
class Refusal:
    """An error: its code, the values in its message, and the message."""

    code: str
    params: dict[str, Any]
    message: str


class ErrorResponse(JSONResponse):
    """An error as JSON (see `Refusal`), in the language that the client accepts."""

    def __init__(
        self, error: TangyinError, scope: Scope, headers: Mapping[str, str] | None = None
    ) -> None:
        content = error.to_json(language_of(scope))
        super().__init__(content, STATUSES.get(error.code, 422), dict(headers or {}))
        if isinstance(error, BusyError):
            self.headers["Retry-After"] = str(error.params["seconds"])

    def render(self, content: Any) -> bytes:
        """JSON in UTF-8; a lone surrogate, which UTF-8 cannot encode, is escaped."""
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")


def language_of(scope: Scope) -> str:
    """The language of messages: "zh" if Accept-Language begins with Chinese, otherwise "en"."""
    header = dict(scope["headers"]).get(b"accept-language", b"")
    return "zh" if header.strip().lower().startswith(b"zh") else "en"


async def refuse(request: Request, error: Exception) -> Response:
    """The response to an expected error, a refusal of the framework, or a client that left."""
    if isinstance(error, ClientDisconnect):
        return Response(status_code=499)  # which nobody receives
    if isinstance(error, HTTPException):
        code = HTTP_CODES.get(error.status_code, "server.status")
        values = {} if code in HTTP_CODES.values() else {"status": error.status_code}
        answer = ErrorResponse(TangyinError(code, **values), request.scope, error.headers)
        answer.status_code = error.status_code
        return answer
    if isinstance(error, RequestValidationError):
        error = _invalid(error)
    if isinstance(error, TangyinError):
        return ErrorResponse(error, request.scope)
    raise error


def _invalid(error: RequestValidationError) -> TangyinError:
    """The first fault of a body, as a code."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    if first["type"] == "json_invalid":
        return TangyinError("server.no_json")
    if not field:
        return TangyinError("server.no_object")
    return TangyinError("server.invalid_field", field=field, reason=first["type"])


class Work:
    """What one request needs: the models, the pool, and somebody who waits (a dependency)."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.library: Library = request.app.state.library
        self.pool: Pool = request.app.state.pool
        self.wants_events = "text/event-stream" in request.headers.get("accept", "")

    async def once(self, function: Callable[[], T], kind: str = "") -> T:
        """The result of a function, called in the pool; see `all`."""
        (result,) = await self.all(once(function, kind))
        return result

    async def all(self, job: Job[T]) -> list[T]:
        """Put a job into the pool and wait for all its results.

        The job is cancelled when the client disconnects or the time limit is exceeded.

        Raises:
            TangyinError: the work failed, takes too long, or the pool is full.
            ClientDisconnect: nobody is waiting any more.
        """

        async def gathered() -> list[T]:
            return [result async for result in _results(self.pool, job)]

        return await self._while_connected(gathered())

    async def stream(
        self, job: Job[T], events: Callable[[T], Iterable[Event]]
    ) -> StreamingResponse:
        """Send the results of a job as server-sent events, each as soon as it is there.

        Waits for the first result, so that an error before it has a status of its own; a later
        error is the last event. See `all` for errors.
        """
        results = _results(self.pool, job)
        first = await self._while_connected(_next(results))
        language = language_of(self._request.scope)

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

        return _EventResponse(chunks(), lambda: self.pool.cancel(job))

    async def _while_connected(self, work: Coroutine[Any, Any, T]) -> T:
        """Await something, but cancel it when the client disconnects."""
        working = asyncio.create_task(work)
        leaving = asyncio.create_task(_disconnected(self._request.receive))
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ClientDisconnect
            return working.result()
        finally:
            working.cancel()
            leaving.cancel()
            await asyncio.gather(working, leaving, return_exceptions=True)


AnyWork = Annotated[Work, Depends()]


class _EventResponse(StreamingResponse):
    """A stream that is given up when the client does not read it."""

    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncIterator[bytes], release: Callable[[], None]) -> None:
        super().__init__(chunks)
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            # A second more than the job's own limit, for its error event.
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS + 1):
                    await super().__call__(scope, receive, send)
        finally:
            self._release()


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
        error = TangyinError("server.too_long", seconds=SECONDS) if job.begun else BusyError(10)
        raise error from None
    except Exception as error:
        _log.exception("a request failed")
        raise TangyinError("server.failed") from error
    finally:
        pool.cancel(job)


async def _next(results: AsyncIterator[T]) -> T:
    return await anext(results, _END)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: str, value: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
