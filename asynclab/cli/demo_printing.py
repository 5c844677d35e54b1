"""Prints the list of demos, and the activity or events of a running demo."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any, TextIO, TypeAlias

import msgspec

from asynclab.cli.wrapping import hanging
from asynclab.curriculum.catalogue import DEMOS, Demo
from asynclab.curriculum.demo_parameters import Value
from asynclab.curriculum.practice_pages import Pages
from asynclab.findings.catalogue_of_rules import Findings
from asynclab.model.activity import ActivityLine
from asynclab.model.event_codec import finite
from asynclab.model.events import Event, Outcome
from asynclab.model.fold import apply
from asynclab.model.state import LabState
from asynclab.model.text import one_line, shorten_middle
from asynclab.trace import Ending, Lab
from asynclab.trace.cpython import complain_of_missing

NAME_WIDTH = 16
"""The width of a task's name in cells. A longer name is cut in the middle."""

LONGEST_FINDING = 1_000
"""The most characters of a finding."""

READING_SECONDS = 0.02
"""Real seconds between two times at which events are read and printed."""


def list_demos(*, as_json: bool, width: int | None) -> None:
    """Print the demos, wrapped to `width` if it is given, or one line of JSON for each."""
    longest = max(len(demo.name) for demo in DEMOS)
    for demo in DEMOS:
        if as_json:
            print(msgspec.json.encode(_described(demo)).decode())
        else:
            print(hanging(f"{demo.key}  {demo.name:<{longest}}  ", one_line(demo.lesson.concept), width))


def run_demo(demo: Demo, values: Mapping[str, Value], *, as_json: bool, instant: bool) -> Outcome:
    """Run a demo, and print what it does while it runs. At the end, print findings on standard error.

    Args:
        demo: The demo.
        values: Its parameters. The others have their defaults.
        as_json: Print events as JSON instead of activity lines.
        instant: Skip all waiting.

    Returns:
        How the demo ended.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C. The demo was cancelled, and its clean-up was printed.
        BrokenPipeError: The reader of the output has ended.
        UnsupportedPythonError: This Python lacks something that a lab needs.
    """
    complain_of_missing()
    printer = JsonPrinter(sys.stdout) if as_json else LinePrinter(sys.stdout)
    return asyncio.run(_run(demo, values, printer, instant=instant))


class LinePrinter:
    """Prints activity lines: time, task, text."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._state = LabState()
        self._next = 0

    def write(self, events: Sequence[Event]) -> None:
        """Print the lines that these events add to the activity log."""
        for event in events:
            apply(self._state, event)
            self._print_new()
        self._out.flush()

    def _print_new(self) -> None:
        activity = self._state.activity
        if not activity or activity[-1].number < self._next:
            return
        new = activity[-1].number + 1 - self._next
        for line in list(activity)[-new:]:
            self._out.write(activity_line(line, self._state) + "\n")
        self._next += new


class JsonPrinter:
    """Prints each event as a line of JSON that `event_codec.decode` reads."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, events: Sequence[Event]) -> None:
        """Print a line of JSON for each event."""
        for event in events:
            # json.dumps escapes all non-ASCII characters, so that no text can control the terminal.
            self._out.write(json.dumps(msgspec.to_builtins(finite(event)), separators=(",", ":")) + "\n")
        self._out.flush()


EventPrinter: TypeAlias = LinePrinter | JsonPrinter


def activity_line(line: ActivityLine, state: LabState) -> str:
    """A line of the activity log as plain text: seconds, task, what happened."""
    name = shorten_middle(one_line(state.task_name(line.task)), NAME_WIDTH) if line.task is not None else ""
    return f"{line.at:9.3f}  {name:<{NAME_WIDTH}}  {one_line(line.text)}".rstrip()


async def _run(demo: Demo, values: Mapping[str, Value], printer: EventPrinter, *, instant: bool) -> Outcome:
    broken: list[OSError] = []
    async with aclosing(Pages()) as pages, Lab(demo.name, instant=instant, exact=True) as lab:

        def write(events: Sequence[Event]) -> None:
            """Print events. If the output is closed, end the demo."""
            if not broken:
                try:
                    printer.write(events)
                except OSError as error:
                    broken.append(error)
                    lab.cancel()

        findings = Findings(lab.state)
        lab.subscribe(findings.take)
        lab.subscribe(write)
        arguments = await pages.fill(demo, values)
        lab.start(demo.load(), **arguments)
        ending = await _watched(lab)
    if broken:
        raise broken[0]
    for finding in findings.found:
        if finding.certainty == "proved":
            print(f"asynclab: {one_line(finding.line, LONGEST_FINDING)}", file=sys.stderr)
    return ending.outcome


async def _watched(lab: Lab) -> Ending:
    """Print until the run ends. If it is stuck, cancel it."""
    waiting = asyncio.ensure_future(lab.wait())
    while not waiting.done():
        await asyncio.wait([waiting], timeout=READING_SECONDS)
        lab.pump()
        if lab.state.is_stalled and not lab.state.is_cleaning_up:
            print("asynclab: stuck: nothing is ready and no timer is set", file=sys.stderr)
            lab.cancel()
            lab.pump()
    return waiting.result()


def _described(demo: Demo) -> dict[str, Any]:
    return {
        "key": demo.key,
        "name": demo.name,
        "section": demo.section,
        "concept": demo.lesson.concept,
        "parameters": {parameter.name: parameter.default for parameter in demo.parameters},
    }
