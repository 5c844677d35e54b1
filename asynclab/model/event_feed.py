"""Folds events into a state, and hands them on to the subscribers."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from asynclab.model.events import Event
from asynclab.model.fold import fold
from asynclab.model.source import Subscriber
from asynclab.model.state import LabState

BATCH = 2_000
"""How many events are folded and handed on at once. A history can keep a state only between two batches."""


class EventFeed:
    """The second half of every source, after the events have arrived.

    When a subscriber is called, the state has taken in exactly the events up to the end of its batch.

    A subscriber that raises loses no event, neither its own later ones nor anybody else's. The first error is kept
    until everything has been handed on; then `raise_error` raises it.
    """

    def __init__(self) -> None:
        self.state = LabState()
        """Everything up to the latest batch."""
        self._subscribers: list[Subscriber] = []
        self._waiting: deque[Sequence[Event]] = deque()
        """What has arrived and has not been folded."""
        self._is_busy = False
        self.error: BaseException | None = None
        """The first error of a subscriber that nobody has seen."""

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every event from now on to a subscriber."""
        self._subscribers.append(subscriber)

    def take(self, events: Sequence[Event]) -> None:
        """Fold events and hand them on.

        Raises:
            KeyboardInterrupt: The user interrupted a subscriber. Other errors wait for `raise_error`.
        """
        self._waiting.append(events)
        # A subscriber that asks for more, such as by pumping its source, gets it in order: after the present batch.
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
        """Raise the first error of a subscriber since the last call, if there was one."""
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
