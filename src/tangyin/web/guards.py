"""What is between a client and the application: limits of time and size, hosts, headers."""

import asyncio
import re
from typing import Any

import h11
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tangyin.errors import TangyinError
from tangyin.web.answers import ErrorResponse
from tangyin.web.limits import BODY, BODY_SECONDS, HEAD_SECONDS

REPORT = "/report"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing but our own files, no inline script or style, no frame around the page."""
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The report is one file that contains its styles and drawings, and has no script at all."""

LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d*)?", re.IGNORECASE)


def security_headers(app: ASGIApp) -> ASGIApp:
    """Puts the security headers on every answer."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Content-Security-Policy": REPORT_POLICY if path == REPORT else POLICY,
            # Files have an ETag: a browser asks whether its copy is still valid.
            "Cache-Control": "no-store" if path.startswith("/api/") else "no-cache",
        }

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await app(scope, receive, sending)

    return handle


def loopback_hosts(app: ASGIApp) -> ASGIApp:
    """Answers requests for the loopback names only.

    Otherwise a page of another site could let its own name point at 127.0.0.1 and read what is
    served (DNS rebinding). Starlette's TrustedHostMiddleware cannot answer with an error code.
    """

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else "localhost"
        if LOOPBACK.fullmatch(host):
            await app(scope, receive, send)
        else:
            await ErrorResponse(TangyinError("server.unknown_host"), scope)(scope, receive, send)

    return handle


def bounded_bodies(app: ASGIApp) -> ASGIApp:
    """Reads a request's body before anything else is done, if it is small and arrives in time.

    Starlette limits the size of a body in its latest versions, and the time in none.
    """

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        body, error = b"", None
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for part in Request(scope, receive).stream():
                    body += part
                    if len(body) > BODY:
                        error = TangyinError("server.body_too_large", most=BODY)
                        break
        except TimeoutError:
            error = TangyinError("server.body_too_slow", seconds=BODY_SECONDS)
        except ClientDisconnect:
            return
        first = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return first.pop() if first else await receive()

        # After an error the connection is closed: the server does not wait for the rest.
        answer = ErrorResponse(error, scope, {"Connection": "close"}) if error else app
        await answer(scope, replayed, send)

    return handle


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that waits a bounded time for the head of a request.

    uvicorn has no such setting: it waits forever (`timeout_keep_alive` begins after a response),
    and a few hundred clients that send nothing would keep all others out.
    """

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: D102
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:  # noqa: D102
        super().data_received(data)
        self._watch()

    def _watch(self) -> None:
        """Start the clock with the connection, or with a head's first byte; stop it at its end."""
        waiting, self._waiting = self._waiting, None
        if self.conn.their_state is h11.IDLE:
            self._waiting = waiting or self.loop.call_later(HEAD_SECONDS, self.transport.close)
        elif waiting is not None:
            waiting.cancel()
