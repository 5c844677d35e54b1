"""Takes what a tracer has written down, and feeds it to the model."""

from __future__ import annotations

from asynclab.model.event_feed import EventFeed
from asynclab.trace.watching.observer import Observer

BACKLOG = 250_000
"""How many events may wait to be read. With more, they are folded into the state although nobody asked for it."""


class EventPump:
    """Feeds a lab's events to its state and its subscribers."""

    def __init__(self, recorder: Observer) -> None:
        self.feed = EventFeed()
        """Has the state and the subscribers."""
        self._recorder = recorder

    def pump(self) -> None:
        """Feed everything that has happened.

        Raises:
            BaseException: Whatever a subscriber was the first to raise, after all of them have got everything.
        """
        self.take_in()
        self.feed.raise_error()

    def take_in(self) -> None:
        """As `pump`, where no caller wants the errors of subscribers: the next `pump` raises the first of them."""
        self.feed.take(self._recorder.take_events())

    def relieve(self) -> None:
        """Keep what waits to be read from growing without bound."""
        if len(self._recorder.events) > BACKLOG:
            self.take_in()
