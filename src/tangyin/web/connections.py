"""Connections that send no request are closed."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from tangyin.web.limits import HEAD_SECONDS


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
