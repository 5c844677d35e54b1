"""Lets requests start: at most so many at once, so many per host, so many a second."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

LEAST_SPACING = 0.5
"""Seconds between requests to a host after its first "too many requests"; doubled by each, halved by each success."""

MOST_SPACING = 30.0


@dataclass(slots=True, eq=False)
class Ticket:
    """A place in the queue of a host."""

    start: Callable[[Any], object]
    subject: Any
    """What is started."""
    withdrawn: bool = False


@dataclass(slots=True, eq=False)
class Host:
    """What goes on with one host."""

    waiting: deque[Ticket] = field(default_factory=deque)
    running: int = 0
    not_before: float = 0.0
    """When the next request may start, in loop time."""
    spacing: float = 0.0
    """Seconds between requests."""
    is_lined_up: bool = False
    """Whether it is among those whose next request is considered, or has a timer for that."""
    timer: asyncio.TimerHandle | None = None


class Slots:
    """Hands out slots: hosts take turns, and within a host it is first come, first served."""

    def __init__(
        self,
        concurrency: int,
        per_host: int,
        rate: float | None,
        on_idle: Callable[[bool], None] = lambda is_idle: None,
    ) -> None:
        """Have all slots free.

        Args:
            concurrency: Slots altogether.
            per_host: Slots for one host.
            rate: Starts per second; None for no limit.
            on_idle: Called when no slot is taken any more, and when one is again.
        """
        self._loop = asyncio.get_running_loop()
        self._free = self._all = concurrency
        self._on_idle = on_idle
        self._per_host = per_host
        self._interval = 1.0 / rate if rate else 0.0
        self._next_start = 0.0
        self._hosts: dict[str, Host] = {}
        self._line: deque[Host] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._starting = False

    def submit(self, host: str, start: Callable[[T], object], subject: T) -> Ticket:
        """Have `start` called with `subject` when there is a slot; it may be called at once.

        Thousands wait at the same time: a closure for each would be more for the garbage collector to look at.
        """
        place = self._host(host)
        ticket = Ticket(start, subject)
        place.waiting.append(ticket)
        self._line_up(place)
        self._hand_out()
        return ticket

    async def acquire(self, host: str) -> None:
        """Wait for a slot."""
        granted: asyncio.Future[None] = self._loop.create_future()
        ticket = self.submit(host, _grant, granted)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.release(host)
            self.withdraw(ticket)
            raise

    def withdraw(self, ticket: Ticket) -> None:
        """Give up a place in the queue."""
        ticket.withdrawn = True

    def release(self, host: str) -> None:
        """Give back a slot."""
        place = self._host(host)
        place.running -= 1
        self._free += 1
        self._line_up(place)
        self._hand_out()
        if self._free == self._all and not self._starting:
            self._on_idle(True)

    def slow_down(self, host: str, seconds: float | None) -> float:
        """The host has had enough: nothing starts there for a while, and less often after that.

        Args:
            host: Which.
            seconds: How long it asked for; None where it did not say.

        Returns:
            Seconds until the next request may start.
        """
        place = self._host(host)
        place.spacing = min(MOST_SPACING, max(LEAST_SPACING, place.spacing * 2))
        wait = place.spacing if seconds is None else seconds
        place.not_before = max(place.not_before, self._loop.time() + wait)
        return wait

    def went_well(self, host: str) -> None:
        """The host has answered: it may be asked a little more often again."""
        place = self._host(host)
        if place.spacing:
            place.spacing = place.spacing / 2 if place.spacing > LEAST_SPACING / 8 else 0.0

    def close(self) -> None:
        """Start nothing any more."""
        self._line.clear()
        for timer in (self._timer, *(host.timer for host in self._hosts.values())):
            if timer is not None:
                timer.cancel()

    def _host(self, name: str) -> Host:
        place = self._hosts.get(name)
        if place is None:
            place = self._hosts[name] = Host()
        return place

    def _line_up(self, host: Host) -> None:
        """Consider the host's next request, now or when its time has come."""
        while host.waiting and host.waiting[0].withdrawn:
            host.waiting.popleft()
        if host.is_lined_up or not host.waiting or host.running >= self._per_host:
            return
        host.is_lined_up = True
        if self._is_left_alone(host):
            host.timer = self._loop.call_at(host.not_before, self._is_due, host)
        else:
            self._line.append(host)

    def _is_left_alone(self, host: Host) -> bool:
        """Whether nothing may start there yet; most hosts never ask for that, and then no clock is read."""
        return host.not_before > 0.0 and host.not_before > self._loop.time()

    def _is_due(self, host: Host) -> None:
        host.is_lined_up = False
        self._line_up(host)
        self._hand_out()

    def _hand_out(self) -> None:
        """Start whatever may start; what is started may ask for more."""
        if self._starting:
            return
        self._starting = True
        try:
            while self._free and self._line and not self._is_too_early():
                self._start_next(self._line.popleft())
        finally:
            self._starting = False

    def _start_next(self, host: Host) -> None:
        host.is_lined_up = False
        while host.waiting and host.waiting[0].withdrawn:
            host.waiting.popleft()
        if host.waiting and not self._is_left_alone(host):
            if host.spacing:
                host.not_before = self._loop.time() + host.spacing
            if self._interval:
                self._next_start = self._loop.time() + self._interval
            host.running += 1
            if self._free == self._all:
                self._on_idle(False)
            self._free -= 1
            ticket = host.waiting.popleft()
            ticket.start(ticket.subject)
        self._line_up(host)

    def _is_too_early(self) -> bool:
        """Whether the rate forbids a start now; a timer is set then."""
        if not self._interval or self._next_start <= self._loop.time():
            return False
        if self._timer is None:
            self._timer = self._loop.call_at(self._next_start, self._rate_allows)
        return True

    def _rate_allows(self) -> None:
        self._timer = None
        self._hand_out()


def _grant(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
