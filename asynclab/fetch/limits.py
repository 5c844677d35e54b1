"""Limits requests: how many run at once, how many of them to one host, and the time between two."""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakValueDictionary

from asynclab.fetch.rows import Row

LEAST_SPACING = 0.5
"""Seconds between requests to a host after its first "too many requests". Each further one doubles it."""

MOST_SPACING = 30.0


class Host:
    """One host: its waiting rows, its limit, and when its next request may start."""

    def __init__(self, name: str, limit: int) -> None:
        """Make a host without waiting rows; `name` is like "example.org:443"; `limit` is the most requests at once."""
        self.name = name
        self.waiting: deque[Row] = deque()
        self.is_served = False
        """Whether a task that starts the host's rows exists or is about to."""
        self.limit = asyncio.Semaphore(limit)
        self.spacing = 0.0
        """Seconds between the starts of two requests."""
        self.not_before = 0.0
        """When the next request may start, in loop time."""

    def next_row(self) -> Row | None:
        """Remove and return the next waiting row; None if no row waits, apart from cancelled ones."""
        while self.waiting:
            row = self.waiting.popleft()
            if row.state == "queued":
                return row
        return None

    @property
    def seconds_to_wait(self) -> float:
        """Seconds until the next request may start. For most hosts this is 0, without reading the clock."""
        return self.not_before - asyncio.get_running_loop().time() if self.not_before else 0.0

    async def pause(self) -> None:
        """Wait until the next request may start."""
        while (seconds := self.seconds_to_wait) > 0:  # noqa: ASYNC110 - another 429 may prolong it
            await asyncio.sleep(seconds)

    def slow_down(self, seconds: float | None) -> float:
        """Pause, and then send requests less often, because the host had too many.

        Returns the seconds until the next request may start: the host's `seconds` if it gave some, or else `spacing`.
        """
        self.spacing = min(MOST_SPACING, max(LEAST_SPACING, self.spacing * 2))
        wait = self.spacing if seconds is None else seconds
        self.not_before = max(self.not_before, asyncio.get_running_loop().time() + wait)
        return wait

    def speed_up(self) -> None:
        """Send requests more often again, because the host has answered: halve `spacing`."""
        if self.spacing:
            self.spacing = self.spacing / 2 if self.spacing > LEAST_SPACING / 8 else 0.0

    def has_started_one(self) -> None:
        """Delay the next request by `spacing`."""
        self.not_before = asyncio.get_running_loop().time() + self.spacing


class StartRate:
    """Spaces the starts of all requests evenly."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Wait until the next request may start."""
        now = asyncio.get_running_loop().time()
        start = max(now, self._next)
        self._next = start + self._interval
        if start > now:
            await asyncio.sleep(start - now)


class Limits:
    """The limit of all requests together, and the limits of the hosts."""

    def __init__(self, at_once: int, per_host: int, per_second: float | None) -> None:
        """Limit requests at once, in total and per host, and their starts per second; None for no limit."""
        self.all = asyncio.Semaphore(at_once)
        self.at_once = at_once
        self.rate = StartRate(per_second) if per_second else None
        self._per_host = per_host
        # A host without rows and requests is dropped, unless it was slowed down.
        self._hosts: WeakValueDictionary[str, Host] = WeakValueDictionary()
        self._slow: set[Host] = set()

    def host(self, name: str) -> Host:
        """The host with this name and port."""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name, self._per_host)
        return host

    @property
    def has_other_hosts(self) -> bool:
        """Whether there is more than one host."""
        return len(self._hosts) > 1

    def slow_down(self, host: Host, seconds: float | None) -> float:
        """Slow down a host, and keep it."""
        self._slow.add(host)
        return host.slow_down(seconds)

    async def slot(self, host: Host) -> Slot:
        """Wait for a slot for a request."""
        slot = Slot(self, host)
        await slot.acquire()
        return slot


class Slot:
    """The right to make one request at a time, within the limit of its host and the limit of all."""

    __slots__ = ("_has_all", "_has_host", "_limits", "host")

    def __init__(self, limits: Limits, host: Host) -> None:
        self.host = host
        self._limits = limits
        self._has_host = self._has_all = False

    async def acquire(self) -> None:
        """Wait for the host's limit first, then for the common one, so that a slow host doesn't hold up others."""
        host, limits = self.host, self._limits
        try:
            while True:
                if host.not_before:
                    await host.pause()
                self._has_host = await host.limit.acquire()
                self._has_all = await limits.all.acquire()
                if limits.rate is not None:
                    await limits.rate.turn()
                if host.seconds_to_wait <= 0:
                    break
                self.release()  # the host asked for a pause in the meantime
        except BaseException:
            self.release()
            raise
        if host.spacing:
            host.has_started_one()

    def release(self) -> None:
        """Give the slot back, if it is held."""
        if self._has_all:
            self._has_all = False
            self._limits.all.release()
        if self._has_host:
            self._has_host = False
            self.host.limit.release()

    def give_up(self) -> bool:
        """Lower the common limit by one instead of giving the slot back; False if the limit is 1 already."""
        if self._limits.at_once == 1 or not self._has_all:
            return False
        self._limits.at_once -= 1
        self._has_all = False
        return True
