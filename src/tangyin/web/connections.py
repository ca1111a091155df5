"""Connections whose request does not come are closed."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from tangyin.web.limits import HEAD_SECONDS


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that waits for the head of a request for a bounded time.

    uvicorn waits for ever, and a few hundred clients that send nothing would keep out all others.
    """

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._let_be()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Give the head time from its first byte on, or from the beginning of the connection."""
        if self.conn.their_state is not h11.IDLE:
            self._let_be()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _let_be(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
