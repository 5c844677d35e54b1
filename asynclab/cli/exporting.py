"""Exports recordings: to a trace that Perfetto opens, and to lines of JSON."""

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
    """Export a recording: write a trace, or print its events. The exit code is 1 where only a part could be read.

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
    """A trace that exists only if the block ends without an error, and then is complete.

    The program takes each frame before the trace gets it.

    Raises:
        OSError: The file can't be written.
    """
    with WholeFile(path) as file:
        export = PerfettoExport(program, file.write)
        yield export.take
        export.finish()
        file.keep()


class TraceOfRun:
    """The trace of a running program. A full disk ends the trace, not the program."""

    def __init__(self, program: ObservedProgram, path: Path, complain: Callable[[str], object] = complain) -> None:
        """Begin the trace.

        Args:
            program: Takes each frame before this gets it.
            path: The file.
            complain: Gets why there is no trace, in one line.

        Raises:
            OSError: The file can't be written.
        """
        self._complain = complain
        self._open = ExitStack()
        self._take = self._open.enter_context(perfetto_trace(program, path))
        self._is_open = True

    def take(self, frame: AnyFrame) -> None:
        """Add a frame that the program has taken in."""
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
    """Print the events of a frame as `asynclab demo --json` does, with their loop."""
    if isinstance(frame, LoopEvents):
        loop = b'{"loop":%d,' % frame.loop
        sys.stdout.write("".join(f"{_ascii(loop + encode(event)[1:])}\n" for event in frame.events))


def _ascii(line: bytes) -> str:
    """The JSON with everything but ASCII escaped, so that no text acts on a terminal or changes direction."""
    if not line.isascii():
        line = json.dumps(json.loads(line), separators=(",", ":")).encode()
    return line.decode().replace("\x7f", "\\u007f")
