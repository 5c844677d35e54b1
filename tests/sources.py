"""A source of events that is only a list: it has no lab, no loop and no control."""

from collections.abc import Iterable

from asynclab.model.event_feed import EventFeed
from asynclab.model.events import Event
from asynclab.model.source import Control, Subscriber


class ToldSource:
    """A list of past events, as in a recording. The first `pump` passes them on."""

    def __init__(self, events: Iterable[Event], now: float | None = None) -> None:
        """Pass on no events yet; `now` is the lab time after the events, by default the time of the last one."""
        self._feed = EventFeed()
        self.state = self._feed.state
        self._events = list(events)
        self._now = now

    @property
    def now(self) -> float:
        return self.state.now if self._now is None else self._now

    @property
    def is_running(self) -> bool:
        return False

    @property
    def control(self) -> Control | None:
        return None

    def tell(self, *events: Event) -> None:
        """Add events for the next `pump`."""
        self._events.extend(events)

    def subscribe(self, subscriber: Subscriber) -> None:
        self._feed.subscribe(subscriber)

    def pump(self) -> None:
        events, self._events = self._events, []
        self._feed.take(events)
        self._feed.raise_error()
