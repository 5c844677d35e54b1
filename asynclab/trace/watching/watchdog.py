"""Tells a lab what the monitor of its loop sees: lag, and who blocks."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from asyncio.events import Handle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import CodeType

from asynclab.model.events import BLOCKED_AFTER, LoopBlocked, LoopLagged
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.values import callable_name
from asynclab.trace.watching.loop_monitor import LoopMonitor, Place, place_in


class Watch:
    """Writes a lab's events about its loop."""

    def __init__(self, recorder: Recorder, on_beat: Callable[[], None], boundary: CodeType) -> None:
        """Begin to watch at `start`.

        Args:
            recorder: Gets the events.
            on_beat: Called on the loop several times a second.
            boundary: The code that runs a step.
        """
        self._recorder = recorder
        self._on_beat = on_beat
        self._monitor: LoopMonitor | None = None
        self._reports = BlockReports(boundary)

    def start(self, loop: AbstractEventLoop) -> None:
        """Watch the loop of the calling thread."""
        self._monitor = LoopMonitor(loop)
        self._monitor.on_beat = self._beat
        self._monitor.on_look = partial(self._reports.look, self._recorder)
        self._monitor.start()

    def stop(self) -> None:
        """Stop watching."""
        if self._monitor is not None:
            self._monitor.stop()

    def was_stopped(self, seconds: float) -> None:
        """Count the time in which the process was stopped as nobody's."""
        self._recorder.step_started += seconds
        if self._recorder.callback_started:
            self._recorder.callback_started += seconds
        if self._monitor is not None:
            self._monitor.was_stopped()

    def _beat(self, lag: float) -> None:
        self._recorder.emit(LoopLagged(self._recorder.clock.now(), lag))
        self._on_beat()


@dataclass(frozen=True, slots=True)
class Sight:
    """A step or another callback, as another thread finds it under way."""

    started: float
    """In real time."""
    task: int | None
    """Whose step it is; None for a callback."""
    place: Place
    """Where it is now."""


class BlockReports:
    """Reports what blocks a loop, from another thread than the loop's."""

    def __init__(self, boundary: CodeType) -> None:
        """Begin with nothing seen.

        Args:
            boundary: The code that runs a step.
        """
        self._boundary = frozenset({Handle._run.__code__, boundary})
        self._reported = (0.0, 0.0)
        """The start of the last step or callback that was seen to block, and how long it had when it was reported."""

    def look(self, recorder: Recorder) -> None:
        """Report what blocks now, at first and whenever its time has doubled.

        Args:
            recorder: That of the loop; gets the events.
        """
        started = _started(recorder)
        seconds = recorder.clock.real_time() - started
        same, reported = self._reported
        if not started or seconds < max(BLOCKED_AFTER, 2 * reported if same == started else 0.0):
            return
        sight = self.sight(recorder)
        if sight is None or sight.started != started:
            return  # it has just ended
        self._reported = (started, seconds)
        recorder.open_step()  # whoever reads now sees who runs
        place = sight.place
        recorder.write(LoopBlocked(recorder.clock.now(), sight.task, seconds, place.file, place.line, place.function))

    def sight(self, recorder: Recorder) -> Sight | None:
        """What is under way on a loop; None where nothing is."""
        started, current, callback = _started(recorder), recorder.current, recorder.callback
        if not started:
            return None
        place = place_in(recorder.thread, recorder.code.owns, self._boundary) or Place("", 0, callable_name(callback))
        if started != _started(recorder):
            return None
        return Sight(started, None if current is None else current.id, place)


def _started(recorder: Recorder) -> float:
    """The real time at which the step or callback under way began; 0 where there is none."""
    return recorder.callback_started if recorder.current is None else recorder.step_started
