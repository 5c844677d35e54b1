"""A source that is nothing but a list of events: no lab, no loop, nobody to control it."""

from collections.abc import Iterable

from asynclab.model.event_feed import EventFeed
from asynclab.model.events import Event
from asynclab.model.source import Control, Subscriber


class ToldSource:
    """What a recording is: events that have all happened. They are taken in at the first `pump`."""

    def __init__(self, events: Iterable[Event], now: float | None = None) -> None:
        """Tell nothing yet; `now` is the lab time after the events, by default that of the last."""
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
        """Have these happen at the next `pump`."""
        self._events.extend(events)

    def subscribe(self, subscriber: Subscriber) -> None:
        self._feed.subscribe(subscriber)

    def pump(self) -> None:
        events, self._events = self._events, []
        self._feed.take(events)
        self._feed.raise_error()
