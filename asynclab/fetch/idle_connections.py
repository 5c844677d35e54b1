"""Closes idle connections while nothing is fetched."""

from __future__ import annotations

import asyncio
from contextvars import Context

PATIENCE = 0.5
"""Seconds without a request after which all connections are closed."""


class Connections:
    """The open connections of a session, closed when none has been used for `PATIENCE` seconds.

    While a connection is open, a lab assumes that its tasks wait for it. That is wrong while every URL waits for its
    next attempt. Without open connections, the lab can skip this wait.
    """

    def __init__(self) -> None:
        self.open: set[asyncio.WriteTransport] = set()
        self._users = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Count a request that begins."""
        self._users += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """Count a request that has ended."""
        self._users -= 1
        if self._users == 0:
            # Outside the lab's context, since the lab's clock may be paused.
            self._timer = Context().run(asyncio.get_running_loop().call_later, PATIENCE, self._close)

    def _close(self) -> None:
        for connection in self.open:
            connection.abort()
