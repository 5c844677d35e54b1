"""Closes idle connections while nothing is fetched."""

from __future__ import annotations

import asyncio
from contextvars import Context

PATIENCE = 0.5
"""Seconds without any request, after which no connection is kept open."""


class Connections:
    """The open connections of a session, closed when none has been used for a moment.

    A lab assumes that its tasks wait for whatever the loop watches. That is wrong while every URL waits for its next
    attempt: with no connection open, the lab can skip the wait.
    """

    def __init__(self) -> None:
        self.open: set[asyncio.WriteTransport] = set()
        self._users = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """A request begins."""
        self._users += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """A request has ended."""
        self._users -= 1
        if self._users == 0:
            # In no lab's context: its clock may stand still.
            self._timer = Context().run(asyncio.get_running_loop().call_later, PATIENCE, self._close)

    def _close(self) -> None:
        for connection in self.open:
            connection.abort()
