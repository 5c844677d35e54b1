"""Pauses, steps, slows and cancels the observed program of this process, from another thread."""

from __future__ import annotations

import _thread
from contextlib import suppress

from asynclab.trace.loop_recording import LoopRecording
from asynclab.trace.process import ProcessObservation


class ProcessControl:
    """Commands to a program and its loops. Loops are numbered from 1; a command to an unknown loop does nothing."""

    def __init__(self, observation: ProcessObservation) -> None:
        self._observation = observation
        self._runs_on: LoopRecording | None = None
        """The loop that `run_to` runs on; None if no `run_to` is under way."""

    def pause(self) -> None:
        """Stop the time of all loops, and stop each loop before its next step."""
        self._follow_clock()
        self._observation.clock.pause()
        self._observation.freeze.begin()
        self._report()

    def resume(self) -> None:
        """Resume all loops and their time."""
        if not self._observation.freeze.is_on:
            return
        self._observation.clock.resume()
        self._observation.freeze.end()
        self._report()

    def step(self, number: int) -> None:
        """Run one step of a frozen loop, and report what it did."""
        loop = self._loop(number)
        if loop is not None and self._observation.freeze.is_on:
            loop.step(self._observation.freeze)

    def run_to(self, number: int, task: int) -> None:
        """Run the program up to the next step of a task. Once that is reached, `follow` stops the time."""
        loop = self._loop(number)
        if loop is None:
            return
        if not self._observation.freeze.is_on:
            self.pause()
        self._runs_on = loop
        loop.run_on(self._observation.freeze, task)
        self._observation.clock.resume()
        self._report()

    def follow(self) -> None:
        """Stop the time again once `run_to` has reached its step, or another command has ended it."""
        freeze = self._observation.freeze
        if self._runs_on is None or freeze.is_running_on:
            return
        if freeze.is_on:
            self._observation.clock.pause()
        self._runs_on.note_arrival()
        self._runs_on = None
        self._report()

    def set_speed(self, speed: float) -> None:
        """Set the speed of all loops' time, at most that of real time: peers and files can't be made faster."""
        self._follow_clock()
        with suppress(ValueError):
            self._observation.clock.set_speed(min(speed, 1.0))
        self._report()

    def cancel_task(self, number: int, task: int) -> None:
        """Cancel a task as soon as its loop runs callbacks."""
        loop = self._loop(number)
        if loop is not None:
            loop.cancel_task(task)

    def look_at(self, number: int, tasks: tuple[int, ...]) -> None:
        """Make a loop record soon what some tasks wait for."""
        loop = self._loop(number)
        if loop is not None:
            loop.look_at(tasks)

    def interrupt(self) -> None:
        """Resume the program, and interrupt it as Ctrl-C does."""
        self.resume()
        _thread.interrupt_main()

    def _loop(self, number: int) -> LoopRecording | None:
        return next((loop for loop in list(self._observation.recorders) if loop.number == number), None)

    def _follow_clock(self) -> None:
        for loop in list(self._observation.recorders):
            loop.follow_clock()

    def _report(self) -> None:
        for loop in list(self._observation.recorders):
            loop.clock_changed(self._observation.freeze)
