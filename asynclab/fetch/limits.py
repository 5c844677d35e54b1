"""Limits requests: how many there are at once, how many at one host, how soon one may follow another."""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakValueDictionary

from asynclab.fetch.rows import Row

LEAST_SPACING = 0.5
"""Seconds between requests to a host after its first "too many requests"; doubled by each, halved by each success."""

MOST_SPACING = 30.0


class Host:
    """One host: the rows that wait for it, how many requests it takes at once, and when it takes the next one."""

    def __init__(self, name: str, limit: int) -> None:
        """Make a host that nothing waits for.

        Args:
            name: Such as "example.org:443".
            limit: Requests at once.
        """
        self.name = name
        self.waiting: deque[Row] = deque()
        self.is_served = False
        """Whether there is, or is about to be, a task that starts what waits."""
        self.limit = asyncio.Semaphore(limit)
        self.spacing = 0.0
        """Seconds between requests."""
        self.not_before = 0.0
        """When the next request may start, in loop time."""

    @property
    def first(self) -> Row | None:
        """The row whose turn is next; None where none waits."""
        while self.waiting and self.waiting[0].state != "queued":
            self.waiting.popleft()  # it was cancelled
        return self.waiting[0] if self.waiting else None

    @property
    def seconds_to_wait(self) -> float:
        """Seconds until the next request may start; most hosts never ask for any, and then no clock is read."""
        return self.not_before - asyncio.get_running_loop().time() if self.not_before else 0.0

    async def pause(self) -> None:
        """Wait until the next request may start."""
        while (seconds := self.seconds_to_wait) > 0:  # noqa: ASYNC110 - it may be put off meanwhile
            await asyncio.sleep(seconds)

    def slow_down(self, seconds: float | None) -> float:
        """Start nothing for a while, and less often after that: the host has had too many requests.

        Args:
            seconds: How long it asked for; None where it did not say.

        Returns:
            Seconds until the next request may start.
        """
        self.spacing = min(MOST_SPACING, max(LEAST_SPACING, self.spacing * 2))
        wait = self.spacing if seconds is None else seconds
        self.not_before = max(self.not_before, asyncio.get_running_loop().time() + wait)
        return wait

    def speed_up(self) -> None:
        """Start requests a little more often again: the host has answered."""
        if self.spacing:
            self.spacing = self.spacing / 2 if self.spacing > LEAST_SPACING / 8 else 0.0

    def has_started_one(self) -> None:
        """Keep the next request at its distance."""
        self.not_before = asyncio.get_running_loop().time() + self.spacing


class Rate:
    """Spaces what starts evenly."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next moment at which something may start."""
        now = asyncio.get_running_loop().time()
        start = max(now, self._next)
        self._next = start + self._interval
        if start > now:
            await asyncio.sleep(start - now)


class Limits:
    """The limits of all requests together, and those of each host."""

    def __init__(self, at_once: int, per_host: int, per_second: float | None) -> None:
        """Have nothing under way.

        Args:
            at_once: Requests at once.
            per_host: Requests at once at one host.
            per_second: Requests that start in a second; None for no limit.
        """
        self.all = asyncio.Semaphore(at_once)
        self.at_once = at_once
        """Places in it."""
        self.rate = Rate(per_second) if per_second else None
        self._per_host = per_host
        # A host that nothing waits for and nobody asks is forgotten, unless it wants to be asked slowly.
        self._hosts: WeakValueDictionary[str, Host] = WeakValueDictionary()
        self._slow: set[Host] = set()

    def host(self, name: str) -> Host:
        """The host of this name and port."""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name, self._per_host)
        return host

    @property
    def hosts(self) -> list[Host]:
        """All hosts that something waits for, or that are asked."""
        return list(self._hosts.values())

    @property
    def has_other_hosts(self) -> bool:
        """Whether there is more than one."""
        return len(self._hosts) > 1

    def slow_down(self, host: Host, seconds: float | None) -> float:
        """Slow a host down, and remember that."""
        self._slow.add(host)
        return host.slow_down(seconds)

    async def slot(self, host: Host) -> Slot:
        """Wait for the right to make a request."""
        slot = Slot(self, host)
        await slot.acquire()
        return slot


class Slot:
    """The right to make one request at a time: within the limit of its host, and within that of all."""

    __slots__ = ("_has_all", "_has_host", "_limits", "host")

    def __init__(self, limits: Limits, host: Host) -> None:
        self.host = host
        self._limits = limits
        self._has_host = self._has_all = False

    async def acquire(self) -> None:
        """Wait for the host first, then for all: what waits for a slow host is in nobody's way."""
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
                self.release()  # the host asked for a pause while this waited for the others
        except BaseException:
            self.release()
            raise
        if host.spacing:
            host.has_started_one()

    def release(self) -> None:
        """Give it back; nothing happens where it is not held."""
        if self._has_all:
            self._has_all = False
            self._limits.all.release()
        if self._has_host:
            self._has_host = False
            self.host.limit.release()

    def give_up(self) -> bool:
        """Leave its place among all requests unused from now on; whether that was done: the last one stays."""
        if self._limits.at_once == 1 or not self._has_all:
            return False
        self._limits.at_once -= 1
        self._has_all = False
        return True
