"""What is between a client and the application: limits of time and size, hosts, headers."""

import asyncio
import re
from collections.abc import Container
from http import HTTPStatus
from typing import Any, cast

import h11
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tangyin.errors import TangyinError
from tangyin.web.answers import ErrorResponse, headers_of
from tangyin.web.limits import BODY, BODY_SECONDS, CONNECTIONS, HEAD_SECONDS

CLOSE = {"Connection": "close"}
EVENTS = "text/event-stream"

LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d*)?", re.IGNORECASE)


def security_headers(app: ASGIApp) -> ASGIApp:
    """Puts the security headers on every answer."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope.get("path", ""))

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await app(scope, receive, sending)

    return handle


def compressed(app: ASGIApp) -> ASGIApp:
    """Compresses what is large and not a stream of events, for clients that accept it."""
    smaller = GZipMiddleware(app, minimum_size=500)

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        streamed = scope["type"] == "http" and EVENTS in Headers(scope=scope).get("accept", "")
        await (app if streamed else smaller)(scope, receive, send)

    return handle


def checked_requests(app: ASGIApp, *, local: bool, origins: Container[str]) -> ASGIApp:
    """Reads a request's body before anything else is done, if it is small and arrives in time.

    A `local` server answers requests for the loopback names only. Otherwise a page of another site
    could let its own name point at 127.0.0.1 and read what is served (DNS rebinding). Pages of
    these `origins` may send requests as those of this server may.

    Starlette limits the size of a body in its latest versions, and the time in none. Before a body
    is read, its head must say that it is JSON and from a page of this server, of one of `origins`,
    or from no page: this does not depend on what a version of FastAPI takes for JSON.
    """

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        body, error = b"", _bad_head(scope, local, origins)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                parts = Request(scope, receive).stream()
                while error is None and (part := await anext(parts, None)) is not None:
                    body += part
                    if len(body) > BODY:
                        error = TangyinError("server.body_too_large", most=BODY)
        except TimeoutError:
            error = TangyinError("server.body_too_slow", seconds=BODY_SECONDS)
        except ClientDisconnect:
            return
        first = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return first.pop() if first else await receive()

        # After an error the connection is closed: the server does not wait for the rest.
        answer = ErrorResponse(error, scope, CLOSE) if error else app
        await answer(scope, replayed, send)

    return handle


def _bad_head(scope: Scope, local: bool, origins: Container[str]) -> TangyinError | None:
    """Why the head of a request is refused, whatever its body is."""
    headers = Headers(scope=scope)
    # Starlette's TrustedHostMiddleware cannot answer with an error code.
    if local and not LOOPBACK.fullmatch(headers.get("host", "")):
        return TangyinError("server.unknown_host")
    if "\0" in scope["path"]:  # on which old versions of Starlette fail
        return TangyinError("server.not_found")
    length = headers.get("content-length")
    if length and "transfer-encoding" in headers:  # which of them others believe is not known
        return TangyinError("server.two_lengths")
    if length and int(length) > BODY:
        return TangyinError("server.body_too_large", most=BODY)
    if scope["method"] != "POST":
        return None
    # Browsers send these; a page of another site must not start work, though it cannot read it.
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    host = headers.get("host", "").lower()
    own = origin is None or origin.partition("//")[2] == host
    ours = own and site in (None, "same-origin", "none")
    if not ours and origin not in origins:
        return TangyinError("server.foreign_page")
    # A form can send text to another site, but not this type, without the browser asking first.
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return TangyinError("server.wrong_type")
    return None


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that waits a bounded time for the head of a request, and has room for the next.

    uvicorn waits forever (`timeout_keep_alive` begins after a response), and at its limit of
    connections (`limit_concurrency`) it serves nobody: a few hundred clients that send nothing
    would keep all others out. Here the connection that has waited longest for its client is closed
    instead. What cannot be parsed is refused as everything else is.
    """

    most = CONNECTIONS
    """How many connections may be open."""

    _waiting: asyncio.TimerHandle | None = None
    _since = 0.0  # when the wait for a request began

    def connection_made(self, transport: Any) -> None:  # noqa: D102
        super().connection_made(transport)
        self._since = self.loop.time()
        self._watch()
        connections = cast("set[PatientProtocol]", self.connections)
        others = [one for one in connections if one is not self and not one.transport.is_closing()]
        if len(others) < self.most:
            return
        idle = [one for one in others if one._waits]
        if idle:
            min(idle, key=lambda one: one._since).transport.abort()
        else:
            self._refuse(TangyinError("server.full", seconds=1))

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if not self.transport.is_closing():
            super().data_received(data)
            self._watch()

    def on_response_complete(self) -> None:  # noqa: D102
        self._since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002, D102
        self._refuse(TangyinError("server.no_http"))

    @property
    def _waits(self) -> bool:
        """Whether the server waits for the client: for its request, or to read the response."""
        cycle = self.cycle
        done = cycle is None or cycle.response_complete
        return done or cycle.more_body or self.flow.write_paused

    def _watch(self) -> None:
        """Start the clock with the connection, or with a head's first byte; stop it at its end."""
        waiting, self._waiting = self._waiting, None
        if self.conn.their_state is h11.IDLE:
            self._waiting = waiting or self.loop.call_later(HEAD_SECONDS, self._give_up)
        elif waiting is not None:
            waiting.cancel()

    def _give_up(self) -> None:
        """Close a connection whose head did not arrive; one that sent nothing asked for nothing."""
        if self.conn.trailing_data[0]:
            self._refuse(TangyinError("server.head_too_slow", seconds=HEAD_SECONDS))
        self.transport.close()

    def _refuse(self, error: TangyinError) -> None:
        """Send an error, unless a response was begun, and close."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self.transport.is_closing():
            answer = ErrorResponse(error, {"path": "", "headers": self.headers or []}, CLOSE)
            status = HTTPStatus(answer.status_code)
            lines = [f"HTTP/1.1 {status} {status.phrase}".encode()]
            lines += [name + b": " + value for name, value in answer.raw_headers]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()
