"""Exports recordings as traces for Perfetto, or as lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from asynclab.cli.exit_codes import DONE, FAILED
from asynclab.cli.recording_file import complain, read_recording
from asynclab.fetch.whole_file import WholeFile
from asynclab.model.event_codec import encode
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.perfetto.perfetto_export import PerfettoExport
from asynclab.remote.program_recording import RecordingReader
from asynclab.remote.wire import AnyFrame, LoopEvents


def export_recording(recording: Path, perfetto: Path | None, *, ndjson: bool) -> int:
    """Export a recording: write a trace, print its events, or both. Returns exit code 1 if only a part could be read.

    Raises:
        RecordingError: The file is not a recording.
        OSError: A file can't be written.
    """
    reader = RecordingReader(recording)
    program = ObservedProgram()
    with reader, ExitStack() as files:
        if perfetto is not None:
            program.takers.append(files.enter_context(perfetto_trace(program, perfetto)))
        if ndjson:
            program.takers.append(_print_events)
        problem = read_recording(reader, program)
    if problem:
        complain(f"{problem}; exported everything before that")
    return FAILED if problem else DONE


@contextmanager
def perfetto_trace(program: ObservedProgram, path: Path) -> Iterator[Callable[[AnyFrame], None]]:
    """Write a trace while the block runs. If the block raises an error, no file is left.

    The context is a function to call with each frame, after the program has handled it.

    Raises:
        OSError: The file can't be written.
    """
    with WholeFile(path) as file:
        export = PerfettoExport(program, file.write)
        yield export.take
        export.finish()
        file.keep()


class TraceOfRun:
    """Writes the trace of a running program. If the disk is full, the trace ends, but not the program."""

    def __init__(self, program: ObservedProgram, path: Path, complain: Callable[[str], object] = complain) -> None:
        """Start the trace.

        Args:
            program: The program, which handles each frame before `take` is called.
            path: The file of the trace.
            complain: Called with the reason if no trace can be written, in one line.

        Raises:
            OSError: The file can't be written.
        """
        self._complain = complain
        self._open = ExitStack()
        self._take = self._open.enter_context(perfetto_trace(program, path))
        self._is_open = True

    def take(self, frame: AnyFrame) -> None:
        """Add a frame that the program has handled."""
        if self._is_open:
            try:
                self._take(frame)
            except OSError as error:
                self._give_up(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if self._is_open:
            try:
                self._open.__exit__(kind, error, trace)
            except OSError as refused:
                self._give_up(refused)

    def _give_up(self, error: OSError) -> None:
        self._is_open = False
        with suppress(OSError):
            self._open.__exit__(type(error), error, None)
        self._complain(f"no trace is written: {error.strerror or error}")


def _print_events(frame: AnyFrame) -> None:
    """Print the events of a frame like `asynclab demo --json`, but with the number of their loop."""
    if isinstance(frame, LoopEvents):
        loop = b'{"loop":%d,' % frame.loop
        sys.stdout.write("".join(f"{_ascii(loop + encode(event)[1:])}\n" for event in frame.events))


def _ascii(line: bytes) -> str:
    """The JSON with all non-ASCII characters escaped, so that no text can control a terminal."""
    if not line.isascii():
        line = json.dumps(json.loads(line), separators=(",", ":")).encode()
    return line.decode().replace("\x7f", "\\u007f")
