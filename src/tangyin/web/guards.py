"""ASGI middleware between a client and the application: headers, hosts and bodies."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tangyin.errors import TangyinError
from tangyin.web.answers import ErrorResponse
from tangyin.web.limits import BODY, BODY_SECONDS

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

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def security_headers(app: ASGIApp) -> ASGIApp:
    """Puts the security headers on every answer."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        headers = {
            **SECURITY,
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
        if scope["type"] != "http" or _host(scope) in LOOPBACK:
            await app(scope, receive, send)
        else:
            error = TangyinError("server.unknown_host")
            await ErrorResponse(error, scope)(scope, receive, send)

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


def _host(scope: Scope) -> str:
    """The name in the Host header, without a port."""
    value = Headers(scope=scope).get("host", "").lower()
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0]
