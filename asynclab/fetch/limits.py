"""Limits requests: how many run at once, how many to one host, and how soon one may follow another."""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakValueDictionary

from asynclab.fetch.rows import Row

LEAST_SPACING = 0.5
"""Seconds between requests to a host after its first "too many requests"; doubled by each, halved by each success."""

MOST_SPACING = 30.0


class Host:
    """One host: its waiting rows, its limit, and when the next request may start."""

    def __init__(self, name: str, limit: int) -> None:
        """Make a host without waiting rows; `name` looks like "example.org:443"; `limit` counts requests at once."""
        self.name = name
        self.waiting: deque[Row] = deque()
        self.is_served = False
        """Whether a task starts its rows, or is about to."""
        self.limit = asyncio.Semaphore(limit)
        self.spacing = 0.0
        """Seconds between requests."""
        self.not_before = 0.0
        """When the next request may start, in loop time."""

    def next_row(self) -> Row | None:
        """Take the row whose turn is next out of its line; None if all that wait were cancelled."""
        while self.waiting:
            row = self.waiting.popleft()
            if row.state == "queued":
                return row
        return None

    @property
    def seconds_to_wait(self) -> float:
        """Seconds until the next request may start; for most hosts 0, without reading the clock."""
        return self.not_before - asyncio.get_running_loop().time() if self.not_before else 0.0

    async def pause(self) -> None:
        """Wait until the next request may start."""
        while (seconds := self.seconds_to_wait) > 0:  # noqa: ASYNC110 - another 429 may prolong it
            await asyncio.sleep(seconds)

    def slow_down(self, seconds: float | None) -> float:
        """Pause, and then send requests less often, because the host had too many.

        Returns the seconds until the next request may start: as many as the host asked for, or else our own spacing.
        """
        self.spacing = min(MOST_SPACING, max(LEAST_SPACING, self.spacing * 2))
        wait = self.spacing if seconds is None else seconds
        self.not_before = max(self.not_before, asyncio.get_running_loop().time() + wait)
        return wait

    def speed_up(self) -> None:
        """Send requests more often again, because the host has answered."""
        if self.spacing:
            self.spacing = self.spacing / 2 if self.spacing > LEAST_SPACING / 8 else 0.0

    def has_started_one(self) -> None:
        """Put off the next request by `spacing`."""
        self.not_before = asyncio.get_running_loop().time() + self.spacing


class StartRate:
    """Spaces requests evenly."""

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
    """The limit of all requests, and of each host."""

    def __init__(self, at_once: int, per_host: int, per_second: float | None) -> None:
        """Limit requests at once, in all and per host, and how many start per second; None for any number."""
        self.all = asyncio.Semaphore(at_once)
        self.at_once = at_once
        self.rate = StartRate(per_second) if per_second else None
        self._per_host = per_host
        # Hosts without rows and requests are forgotten, unless they were slowed down.
        self._hosts: WeakValueDictionary[str, Host] = WeakValueDictionary()
        self._slow: set[Host] = set()

    def host(self, name: str) -> Host:
        """The host of this name and port."""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name, self._per_host)
        return host

    @property
    def has_other_hosts(self) -> bool:
        """Whether there is more than one."""
        return len(self._hosts) > 1

    def slow_down(self, host: Host, seconds: float | None) -> float:
        """Slow a host down, and remember it."""
        self._slow.add(host)
        return host.slow_down(seconds)

    async def slot(self, host: Host) -> Slot:
        """Wait for the right to make a request."""
        slot = Slot(self, host)
        await slot.acquire()
        return slot


class Slot:
    """The right to make one request at a time, within both limits."""

    __slots__ = ("_has_all", "_has_host", "_limits", "host")

    def __init__(self, limits: Limits, host: Host) -> None:
        self.host = host
        self._limits = limits
        self._has_host = self._has_all = False

    async def acquire(self) -> None:
        """Wait for the host's limit first, then for the global one, so that a slow host holds up no other."""
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
                self.release()  # the host asked for a pause meanwhile
        except BaseException:
            self.release()
            raise
        if host.spacing:
            host.has_started_one()

    def release(self) -> None:
        """Give the right back, if it is held."""
        if self._has_all:
            self._has_all = False
            self._limits.all.release()
        if self._has_host:
            self._has_host = False
            self.host.limit.release()

    def give_up(self) -> bool:
        """Lower the global limit by one instead of giving this back; False if it is 1 already."""
        if self._limits.at_once == 1 or not self._has_all:
            return False
        self._limits.at_once -= 1
        self._has_all = False
        return True
