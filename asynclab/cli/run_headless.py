"""Runs a program observed and without a screen: its terminal is its own, and what it did is said at its end."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from asynclab.cli.exporting import TraceOfRun
from asynclab.cli.findings_printing import exit_code
from asynclab.cli.recording_file import RecordingFile, Writer, header_of
from asynclab.cli.run_report import Report
from asynclab.remote.child_watch import die_as, run_watched
from asynclab.remote.kept_recording import KeptRecording
from asynclab.remote.launch import Target
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import RecordingWriter
from asynclab.remote.wire import AnyFrame


def run_headless(
    target: Target,
    record: Path | None,
    json_to: str | None,
    perfetto: Path | None = None,
    *,
    keep_sources: bool,
    keep: int | None = None,
    fail_on: tuple[str, ...] = (),
) -> int:
    """Run a program, print the report, and end as it did.

    Args:
        target: What to run.
        record: Where to keep a recording; None for none.
        json_to: Where to write the report as JSON instead of printing it; "-" for standard output.
        perfetto: Where to write a trace for Perfetto; None for none.
        fail_on: The rules that end it with 3 where they have proved something; "any" stands for all.
        keep: How many bytes of the newest a recording keeps; None for all.
        keep_sources: Whether a recording has the text of the program's own files in it.

    Raises:
        OSError: It can't be started, or a file can't be written.
    """
    program = ObservedProgram()
    report = Report(program)
    with ExitStack() as files:
        recorder = None
        if record is not None:
            header = header_of((*target.options, *map(os.path.basename, target.words), *target.arguments))
            writer: Writer
            if keep is None:
                writer = RecordingWriter(record.open("wb"), header)
            else:
                writer = KeptRecording(record, header, program, keep)
            recorder = files.enter_context(RecordingFile(writer, keep_sources=keep_sources))
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
