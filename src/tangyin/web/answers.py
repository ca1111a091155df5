"""Responses: security headers, results of jobs as JSON or server-sent events, errors as codes."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tangyin.errors import TangyinError
from tangyin.web.desk import Desk, without_paths
from tangyin.web.library import Library
from tangyin.web.limits import SECONDS
from tangyin.web.pool import Job, Pool, once

T = TypeVar("T")
Event = tuple[str, Any]

STATUSES = {
    "server.body_too_large": 413,
    "server.body_too_slow": 408,
    "server.busy": 429,
    "server.failed": 500,
    "server.foreign_page": 403,
    "server.full": 503,
    "server.head_too_slow": 408,
    "server.no_http": 400,
    "server.no_json": 400,
    "server.no_report": 404,
    "server.not_found": 404,
    "server.two_lengths": 400,
    "server.unknown_host": 421,
    "server.wrong_method": 405,
    "server.wrong_type": 415,
}
"""Status codes by error code; every other error is a 422."""

REPORT = "/report"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing but our own files, no inline script or style, no frame around the page."""
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The report is one file that contains its styles and drawings, and has no script at all."""

_END: Any = object()
"""Sentinel after the last result."""

_log = logging.getLogger("tangyin.web")


def headers_of(path: str) -> dict[str, str]:
    """The security headers of an answer to a request for a path."""
    return {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": REPORT_POLICY if path == REPORT else POLICY,
        # Files have an ETag: a browser asks whether its copy is still valid.
        "Cache-Control": "no-store" if path.startswith("/api/") else "no-cache",
    }


class ErrorResponse(JSONResponse):
    """An error as JSON (see `Refusal`), in the language that the client accepts."""

    def __init__(
        self, error: TangyinError, scope: Scope, headers: Mapping[str, str] | None = None
    ) -> None:
        content = without_paths(error).to_json(language_of(scope))
        own = {**headers_of(scope["path"]), **(headers or {})}
        super().__init__(content, STATUSES.get(error.code, 422), own)
        if error.code in ("server.busy", "server.full"):
            self.headers["Retry-After"] = str(error.params["seconds"])

    def render(self, content: Any) -> bytes:
        """JSON in UTF-8; a lone surrogate, which UTF-8 cannot encode, is escaped."""
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")


def language_of(scope: Scope) -> str:
    """The language of messages: "zh" if Accept-Language begins with Chinese, otherwise "en"."""
    header = dict(scope["headers"]).get(b"accept-language", b"")
    return "zh" if header.strip().lower().startswith(b"zh") else "en"


async def refuse(request: Request, error: Exception) -> Response:
    """The response to an error, a refusal of the framework, or a client that left."""
    headers: Mapping[str, str] | None = None
    if isinstance(error, HTTPException):
        headers = error.headers
        codes = {400: "server.no_json", 405: "server.wrong_method"}
        error = TangyinError(codes.get(error.status_code, "server.not_found"))
    elif isinstance(error, RequestValidationError):
        first = error.errors()[0]
        field, reason = ".".join(map(str, first["loc"][1:])), first["type"]
        error = TangyinError("server.invalid_field", field=field, reason=reason)
        if reason == "json_invalid":
            error = TangyinError("server.no_json")
        elif not field:
            error = TangyinError("server.no_object")
    if isinstance(error, ClientDisconnect):
        return Response(status_code=499)  # nobody receives it
    if not isinstance(error, TangyinError):  # the framework logs it
        error = TangyinError("server.failed")
    return ErrorResponse(error, request.scope, headers)


class Work:
    """What one request needs: the models, the pool, and somebody who waits (a dependency)."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.library: Library = request.app.state.library
        self.pool: Pool = request.app.state.pool
        self.quick: Pool = request.app.state.quick
        self.wants_events = "text/event-stream" in request.headers.get("accept", "")

    @property
    def language(self) -> str:
        """The language of messages."""
        return language_of(self._request.scope)

    @property
    def desk(self) -> Desk:
        """What answers, in the client's language."""
        return Desk(self.library, self.language)

    @property
    def jobs(self) -> int:
        """How many jobs there are, waiting and worked on."""
        return self.pool.jobs + self.quick.jobs

    async def once(self, function: Callable[[], T], kind: str = "", *, quick: bool = False) -> T:
        """The result of a function; see `all`."""
        (result,) = await self.all(once(function, kind), quick=quick)
        return result

    async def all(self, job: Job[T], *, quick: bool = False) -> list[T]:
        """The results of a job, which is cancelled when the client leaves or it takes too long.

        A `quick` one writes no verse, and does not wait for those that do.
        """
        pool = self.quick if quick else self.pool

        async def gathered() -> list[T]:
            return [result async for result in _results(pool, job)]

        return await self._while_connected(gathered())

    async def stream(self, job: Job[T], event: Callable[[Any], Event]) -> StreamingResponse:
        """Send what a job gives as server-sent events, each as soon as it is there.

        Waits for the first, so that an error before it has a status of its own; a later
        error is the last event.
        """
        results = _results(self.pool, job)
        first = await self._while_connected(anext(results, _END))

        async def chunks() -> AsyncIterator[bytes]:
            poems, result = 0, first
            try:
                while result is not _END:
                    name, value = event(result)
                    poems += name == "poem"
                    yield _event(name, value)
                    result = await anext(results, _END)
                yield _event("end", {"poems": poems})
            except TangyinError as error:
                yield _event("error", without_paths(error).to_json(self.language))

        return _EventResponse(chunks(), lambda: self.pool.cancel(job))

    async def _while_connected(self, work: Awaitable[T]) -> T:
        """Await something, but cancel it when the client disconnects."""
        working = asyncio.ensure_future(work)
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
    try:
        pool.submit(job)
        while True:
            async with asyncio.timeout_at(end):
                result = await anext(job, _END)
            if result is _END:
                return
            yield result
    except TangyinError:
        raise
    except TimeoutError:
        if job.begun:
            raise TangyinError("server.too_long", seconds=SECONDS) from None
        raise TangyinError("server.busy", seconds=10) from None
    except Exception as error:
        _log.exception("a request failed")
        raise TangyinError("server.failed") from error
    finally:
        pool.cancel(job)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: str, value: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
