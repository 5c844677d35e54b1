"""Controls the program of this process from another thread: freezes, steps, slows and cancels."""

from __future__ import annotations

import _thread
from contextlib import suppress

from asynclab.trace.loop_recording import LoopRecording
from asynclab.trace.process import ProcessObservation


class ProcessControl:
    """Commands to a program and its loops. Loops are numbered from 1; a command to an unknown loop changes nothing."""

    def __init__(self, observation: ProcessObservation) -> None:
        self._observation = observation
        self._runs_on: LoopRecording | None = None
        """The loop of the task up to whose next step the program runs."""

    def pause(self) -> None:
        """Stop the time of all loops, and freeze each before its next step."""
        self._follow_clock()
        self._observation.clock.pause()
        self._observation.freeze.begin()
        self._tell()

    def resume(self) -> None:
        """Resume all loops and their time."""
        if not self._observation.freeze.is_on:
            return
        self._observation.clock.resume()
        self._observation.freeze.end()
        self._tell()

    def step(self, number: int) -> None:
        """Run one step of a frozen loop, and report what it did."""
        loop = self._loop(number)
        if loop is not None and self._observation.freeze.is_on:
            loop.step(self._observation.freeze)

    def run_to(self, number: int, task: int) -> None:
        """Run the program and its time up to the next step of a task; `follow` freezes both before that step."""
        loop = self._loop(number)
        if loop is None:
            return
        if not self._observation.freeze.is_on:
            self.pause()
        self._runs_on = loop
        loop.run_on(self._observation.freeze, task)
        self._observation.clock.resume()
        self._tell()

    def follow(self) -> None:
        """Stop the time again once the step of `run_to` has come, or another command has ended the run."""
        freeze = self._observation.freeze
        if self._runs_on is None or freeze.is_running_on:
            return
        if freeze.is_on:
            self._observation.clock.pause()
        self._runs_on.note_arrival()
        self._runs_on = None
        self._tell()

    def set_speed(self, speed: float) -> None:
        """Run the time of all loops slower than real time. Not faster: the world outside keeps its pace."""
        self._follow_clock()
        with suppress(ValueError):
            self._observation.clock.set_speed(min(speed, 1.0))
        self._tell()

    def cancel_task(self, number: int, task: int) -> None:
        """Cancel a task as soon as its loop runs callbacks."""
        loop = self._loop(number)
        if loop is not None:
            loop.cancel_task(task)

    def look_at(self, number: int, tasks: tuple[int, ...]) -> None:
        """Make a loop report soon what some tasks wait for."""
        loop = self._loop(number)
        if loop is not None:
            loop.look_at(tasks)

    def interrupt(self) -> None:
        """Do as Ctrl-C does in a terminal."""
        self.resume()
        _thread.interrupt_main()

    def _loop(self, number: int) -> LoopRecording | None:
        return next((loop for loop in list(self._observation.recorders) if loop.number == number), None)

    def _follow_clock(self) -> None:
        for loop in list(self._observation.recorders):
            loop.follow_clock()

    def _tell(self) -> None:
        for loop in list(self._observation.recorders):
            loop.clock_changed(self._observation.freeze)
