"""Attaches to a program without a screen: prints its tasks, observes it, and prints what it did meanwhile."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import click

from asynclab.cli.findings_options import FindingsOptions
from asynclab.cli.json_report import JsonReport
from asynclab.cli.recording_file import complain, working_folder
from asynclab.cli.run_files import RunFiles
from asynclab.cli.run_report import Report
from asynclab.findings.allowed import FindingFilter
from asynclab.findings.stuck_report import stuck_json, stuck_lines
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import measured, plural
from asynclab.remote.attach import Attachment, attach
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.wire import AnyFrame

CENSUS = 10.0
"""The most real seconds to wait for the list of the program's tasks. Then an incomplete list is printed."""

SETTLING = 1.0
"""The most real seconds to wait after that for reports on what could wake idle loops."""

_BEAT = 0.1


def attach_headless(
    pid: int, seconds: float | None, kept: RunFiles, json_to: str | None, asked: FindingsOptions
) -> int:
    """Print a program's tasks, observe the program, and detach.

    Args:
        pid: The number of the process.
        seconds: Real seconds until detaching; None for Ctrl-C.
        kept: The files in which the visit is recorded.
        json_to: The file for JSON, which replaces the printed text; "-" for standard output. None for text.
        asked: Which findings are left out.

    Raises:
        AttachError: The program can't be attached to.
        OSError: A file can't be written.
    """
    with ExitStack() as files:
        attachment = files.enter_context(closing(attach(pid)))
        follower = _Follower(attachment, asked.judge(working_folder()))
        kept.open(files, ("attach", str(pid)), follower.program, complain)
        report = None if json_to is None else JsonReport(files, json_to)
        with suppress(KeyboardInterrupt):
            follower.watch(CENSUS, lambda program: program.is_found)
            follower.watch(SETTLING, _has_settled(follower.program))
            _say(follower.program, report)
            follower.watch(math.inf if seconds is None else seconds)
        follower.leave()
        if json_to is None:
            for line in follower.farewell():
                click.echo(line)
    return 0


def _say(program: ObservedProgram, report: JsonReport | None) -> None:
    if report is not None:
        report.write(as_json(program))
        return
    for line in picture(program):
        click.echo(line)


def _has_settled(program: ObservedProgram) -> Callable[[ObservedProgram], bool]:
    """A condition: each loop has run since now, or has reported what could wake it."""
    before = {number: loop.state.version for number, loop in program.loops.items()}
    return lambda program: all(
        loop.state.outside is not None or loop.state.version != before.get(number)
        for number, loop in program.loops.items()
    )


class _Follower:
    """Handles the reports of the attached program."""

    def __init__(self, attachment: Attachment, judge: FindingFilter) -> None:
        self.program = ObservedProgram()
        self._report = Report(self.program, judge)
        self._attachment = attachment
        self._has_ended = False
        """Whether the program closed the connection before we did."""

    def watch(self, seconds: float, until: Callable[[ObservedProgram], bool] = lambda _: False) -> None:
        """Handle reports for some real seconds, or until a condition holds."""
        ends = time.monotonic() + seconds
        while not self._attachment.has_ended and (left := ends - time.monotonic()) > 0:
            self._take(self._attachment.frames(min(left, _BEAT)))
            if until(self.program):
                return

    def leave(self) -> None:
        """Detach from the program. A second Ctrl-C doesn't wait until that is done."""
        self._has_ended = self._attachment.has_ended
        with suppress(KeyboardInterrupt):
            self._take(self._attachment.leave())

    def farewell(self) -> Iterable[str]:
        """The lines to print at the end: what the program did meanwhile."""
        program = self.program
        name = "it" if program.started is None else one_line(program.started.name)
        left = f"{name} has ended" if self._has_ended else f"{name} continues as before"
        yield f"{left}; observed for {measured(program.now)}:"
        yield from self._report.loop_lines()

    def _take(self, frames: Iterable[AnyFrame]) -> None:
        for frame in frames:
            self.program.take(frame)


UNKNOWN = (
    "Not known from before: who created these tasks and where, since when they wait,",
    "and who holds a lock that was not taken with `async with`.",
)


def picture(program: ObservedProgram) -> Iterator[str]:
    """The lines to print at the start: the program's loops, and what each task waits for."""
    started = program.started
    if started is None:
        yield "The program did not say what it is."
        return
    yield f"Attached to {one_line(started.name)} (process {started.pid}, Python {started.python})."
    for loop in program.loops.values():
        pending = [task for task in loop.state.tasks.values() if not task.has_ended]
        yield f"loop {loop.number} ({one_line(loop.kind)}): {plural(len(pending), 'task')}"
        if loop.not_seen:
            yield f"    Not seen: {loop.not_seen}."
        yield from stuck_lines(loop.state, program.now)
    for unobserved in program.unobserved:
        yield f"A loop ({one_line(unobserved.kind)}) is not observed: {one_line(unobserved.why)}."
    if not program.loops and not program.unobserved:
        yield "It has no asyncio loop now; one that it makes will be observed."
    elif any(task.found for loop in program.loops.values() for task in loop.state.tasks.values()):
        yield from UNKNOWN


def as_json(program: ObservedProgram) -> dict[str, Any]:
    """The content of `picture` as JSON values."""
    started = program.started
    return {
        "name": None if started is None else started.name,
        "pid": None if started is None else started.pid,
        "python": None if started is None else started.python,
        "loops": [
            {"loop": loop.number, "kind": loop.kind, **stuck_json(loop.state, program.now)}
            for loop in program.loops.values()
        ],
        "unobserved": [{"kind": loop.kind, "why": loop.why} for loop in program.unobserved],
    }
