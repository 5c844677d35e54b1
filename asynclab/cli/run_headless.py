"""Runs a program observed and without a screen: its terminal is its own, and what it did is said at its end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import click

from asynclab import __version__
from asynclab.cli.exporting import TraceOfRun
from asynclab.cli.findings_printing import exit_code
from asynclab.cli.run_report import Report
from asynclab.remote.child_watch import die_as, run_watched
from asynclab.remote.launch import Target
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import VERSION, Header, RecordingWriter, files_of
from asynclab.remote.wire import AnyFrame
from asynclab.trace.recording.code_ownership import UserCode


def run_headless(
    target: Target,
    record: Path | None,
    json_to: str | None,
    perfetto: Path | None = None,
    fail_on: tuple[str, ...] = (),
    *,
    keep_sources: bool,
) -> int:
    """Run a program, print the report, and end as it did.

    Args:
        target: What to run.
        record: Where to keep a recording; None for none.
        json_to: Where to write the report as JSON instead of printing it; "-" for standard output.
        perfetto: Where to write a trace for Perfetto; None for none.
        fail_on: The rules that end it with 3 where they have proved something; "any" stands for all.
        keep_sources: Whether a recording has the text of the program's own files in it.

    Raises:
        OSError: It can't be started, or a file can't be written.
    """
    program = ObservedProgram()
    report = Report(program)
    with ExitStack() as files:
        recorder = None if record is None else files.enter_context(_Recorder(record, target, keep_sources=keep_sources))
        trace = None if perfetto is None else files.enter_context(TraceOfRun(program, perfetto))

        def take(frame: AnyFrame) -> None:
            program.take(frame)
            report.follow()
            if recorder is not None:
                recorder.write(frame)
            if trace is not None:
                trace.take(frame)

        code = run_watched(target, take)
    if json_to is None:
        for line in report.lines():
            print(f"asynclab: {line}", file=sys.stderr)
    else:
        _write_json(json.dumps(report.as_json(), indent=1), json_to)
    return exit_code(report.findings(), fail_on) or die_as(code)


def _write_json(text: str, json_to: str) -> None:
    if json_to == "-":
        click.echo(text)
    else:
        Path(json_to).write_text(f"{text}\n", encoding="utf-8")


class _Recorder:
    """A recording under way. A disk that refuses ends it, not the program."""

    def __init__(self, path: Path, target: Target, *, keep_sources: bool) -> None:
        """Open the file.

        Raises:
            OSError: It can't be written.
        """
        command = (*target.options, *map(os.path.basename, target.words), *target.arguments)
        self._writer: RecordingWriter | None = RecordingWriter(path.open("wb"), Header(VERSION, __version__, command))
        self._owns = UserCode().owns if keep_sources else lambda _: False
        self._files: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._finish)

    def write(self, frame: AnyFrame) -> None:
        """Add a frame."""
        self._files.update(files_of(frame))
        self._do(lambda writer: writer.write(frame))

    def _finish(self, writer: RecordingWriter) -> None:
        writer.add_sources(filter(self._owns, self._files))
        writer.close()

    def _do(self, action: Callable[[RecordingWriter], object]) -> None:
        if self._writer is None:
            return
        try:
            action(self._writer)
        except OSError as error:
            self._writer = None
            print(f"asynclab: the recording ends here: {error.strerror or error}", file=sys.stderr)
