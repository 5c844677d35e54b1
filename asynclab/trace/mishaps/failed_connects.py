"""Detects that a task tries to connect again and again without a pause, and always fails."""

from __future__ import annotations

from asynclab.model.events import LoopSpun
from asynclab.trace.recording.code_ownership import Place
from asynclab.trace.recording.recorder import Recorder

SECONDS = 1.0
"""Real seconds for which a task must do that."""

MANY = 100
"""The minimum number of attempts in that time. A task that pauses only 10 ms between them makes fewer."""

_MOST_TOLD = 50


class FailedConnects:
    """Counts the attempts of each task since the loop's latest successful connection."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._attempts: dict[tuple[int, object], tuple[float, int]] = {}
        """By task and address: the real time of the first attempt, and the number of attempts."""
        self._told: set[Place] = set()
        self.has_connected = False
        """Whether any connection was made."""

    def tries(self, task: int, address: object, place: Place) -> None:
        """Note that a task tries to connect to an address, at a place in the code."""
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
        """Note that a connection was made: then no attempts are in vain."""
        self.has_connected = True
        self._attempts.clear()
