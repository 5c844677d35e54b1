"""Folds events into a state, and passes them on to subscribers."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from asynclab.model.events import Event
from asynclab.model.fold import fold
from asynclab.model.source import Subscriber
from asynclab.model.state import LabState

BATCH = 2_000
"""The most events in a batch. Events are folded and passed on in batches; a history takes snapshots between batches."""


class EventFeed:
    """Holds a state and its subscribers. Each `Source` has a feed, and gives it the events that have arrived.

    When a subscriber is called, the state includes exactly the events up to the end of the batch.

    If a subscriber raises an exception, all subscribers still get all events. The first exception is kept, for
    `raise_error`.
    """

    def __init__(self) -> None:
        self.state = LabState()
        """The state after the latest batch."""
        self._subscribers: list[Subscriber] = []
        self._waiting: deque[Sequence[Event]] = deque()
        """Events that have arrived and are not folded yet."""
        self._is_busy = False
        self.error: BaseException | None = None
        """The first exception of a subscriber since `raise_error` was last called."""

    def subscribe(self, subscriber: Subscriber) -> None:
        """Pass all events from now on to a subscriber."""
        self._subscribers.append(subscriber)

    def take(self, events: Sequence[Event]) -> None:
        """Fold events and pass them on.

        Raises:
            KeyboardInterrupt: The user interrupted a subscriber. Other exceptions are kept for `raise_error`.
        """
        self._waiting.append(events)
        # A subscriber may call this, for example by pumping its source. Then these events come after the present batch.
        if self._is_busy:
            return
        self._is_busy = True
        try:
            while self._waiting:
                self._hand_out(self._waiting.popleft())
        finally:
            self._is_busy = False
        if isinstance(self.error, KeyboardInterrupt):
            self.raise_error()

    def raise_error(self) -> None:
        """Raise the first exception of a subscriber since the last call, if there was one."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    def _hand_out(self, events: Sequence[Event]) -> None:
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            fold(self.state, batch)
            for subscriber in self._subscribers:
                try:
                    subscriber(batch)
                except BaseException as error:
                    self._keep(error)

    def _keep(self, error: BaseException) -> None:
        if self.error is None or isinstance(error, KeyboardInterrupt):
            self.error = error
