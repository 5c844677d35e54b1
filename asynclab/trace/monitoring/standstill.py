"""Detects a stalled lab: all its tasks wait, and nothing is left that could wake one."""

from __future__ import annotations

from collections.abc import Callable

from asynclab.model.events import RunStalled
from asynclab.trace.recording.recorder import Recorder

STALLED_AFTER = 0.1
"""Real seconds until a standstill is reported: the result of a thread may arrive a moment late."""


class StandstillWatch:
    """Reports when a lab stalls, and when it continues."""

    def __init__(self, recorder: Recorder, is_stuck: Callable[[], bool]) -> None:
        self._recorder = recorder
        self._is_stuck = is_stuck
        self._since: float | None = None
        """Real time of the first check that found the present standstill; None if there is none."""
        self._latest_step = 0.0
        """The start of the latest step at that check: a step between two checks ends a standstill."""
        self._is_told = False

    def look(self) -> None:
        """Check the lab. Call this regularly while the lab runs."""
        recorder = self._recorder
        if recorder.is_busy or not self._is_stuck():
            self._since = None
            self._report(is_stalled=False)
            return
        now = recorder.clock.real_time()
        if self._since is None or recorder.step_started != self._latest_step:
            self._since, self._latest_step = now, recorder.step_started
        self._report(is_stalled=now - self._since >= STALLED_AFTER)

    def _report(self, *, is_stalled: bool) -> None:
        if is_stalled != self._is_told:
            self._is_told = is_stalled
            self._recorder.emit(RunStalled(self._recorder.clock.now(), is_stalled))
