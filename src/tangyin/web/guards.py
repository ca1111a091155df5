"""What stands between a client and the application: headers, hosts, bodies. Plain ASGI."""

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tangyin.web.answers import refusal
from tangyin.web.limits import BODY, BODY_SECONDS

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing but our own files, no inline script or style, no frame around the page."""

REPORT = "/report"
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The report is one file that holds its styles and drawings, and has no script at all."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Headers:
    """Puts the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        api = scope["path"].startswith("/api/")
        policy = REPORT_POLICY if scope["path"] == REPORT else POLICY

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                # Files have an ETag: a browser asks whether its copy still holds.
                headers["Cache-Control"] = "no-store" if api else "no-cache"
            await send(message)

        await self._app(scope, receive, with_headers)


class Hosts:
    """Answers for the loopback names alone.

    Else a page of another site could have its name point at 127.0.0.1 and read what is served
    (DNS rebinding).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and _host(scope) not in LOOPBACK:
            answer = refusal(
                421, "this server answers as 127.0.0.1 or localhost; use one of these names"
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Bodies:
    """Reads a request's body whole before anything else is done, if it is small and comes soon."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = b""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > BODY:
                        sentence = f"the body is larger than {BODY:,} bytes; send less at a time"
                        await _closing(refusal(413, sentence))(scope, receive, send)
                        return
        except TimeoutError:
            sentence = f"the body did not come within {BODY_SECONDS:.0f} s; send it at once"
            await _closing(refusal(408, sentence))(scope, receive, send)
            return
        first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return first.pop() if first else await receive()

        await self._app(scope, replayed, send)


def _closing(answer: ASGIApp) -> ASGIApp:
    """The answer, after which the connection is closed: the rest of a body is not waited for."""

    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_close(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await answer(scope, receive, with_close)

    return closing


def _host(scope: Scope) -> str:
    """The name in the Host header, without a port."""
    value = next((v for k, v in scope["headers"] if k == b"host"), b"").decode("latin-1").lower()
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0]
