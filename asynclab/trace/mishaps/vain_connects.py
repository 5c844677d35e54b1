"""Detects that a task tries to connect again and again, always fails, and never waits before the next attempt."""

from __future__ import annotations

from asynclab.model.events import LoopSpun
from asynclab.trace.recording.code_ownership import Place
from asynclab.trace.recording.recorder import Recorder

SECONDS = 1.0
"""For how long, in real time."""

MANY = 100
"""Attempts in that time: who waits between them, if only for a hundredth of a second, makes fewer."""

_MOST_TOLD = 50


class VainConnects:
    """The attempts of each task since the latest connection of the loop was made."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._attempts: dict[tuple[int, object], tuple[float, int]] = {}
        """By task and address: when the first was, and how many there have been."""
        self._told: set[Place] = set()
        self.has_connected = False
        """Whether a connection was made."""

    def tries(self, task: int, address: object, place: Place) -> None:
        """A task tries to connect to an address."""
        now = self._recorder.clock.real_time()
        first, count = self._attempts.get((task, address), (now, 0))
        if now - first < SECONDS:
            self._attempts[task, address] = first, count + 1
            return
        self._attempts.clear()
        if count >= MANY and place not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(place)
            spun = LoopSpun(self._recorder.clock.now(), (task,), now - first, *place)
            spun.attempts, spun.only_waits = count, True
            self._recorder.write(spun)

    def connected(self) -> None:
        """A connection was made: the others are not in vain, either."""
        self.has_connected = True
        self._attempts.clear()
