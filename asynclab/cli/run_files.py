"""Opens the files to which a run is written while it runs: a recording, and a trace for Perfetto."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from asynclab.cli.exporting import TraceOfRun
from asynclab.cli.recording_file import RecordingFile, header_of
from asynclab.fetch.whole_file import naming
from asynclab.remote.kept_recording import KeptRecording
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import Header, RecordingWriter


@dataclass(frozen=True)
class RunFiles:
    """The files to which a run is written."""

    record: Path | None = None
    """The path of the recording; None for none."""
    keep: int | None = None
    """The most bytes of the recording, which then keeps the newest part; None for no limit."""
    keep_sources: bool = True
    """Whether the recording gets the program's own source files."""
    perfetto: Path | None = None
    """The path of the trace; None for none."""

    def open(
        self, files: ExitStack, command: tuple[str, ...], program: ObservedProgram, complain: Callable[[str], object]
    ) -> list[str]:
        """Open the files. Each gets all frames that the program handles.

        Later errors are passed to `complain`, in one line, and added to the returned list.

        Raises:
            OSError: A file can't be written.
        """
        refused: list[str] = []

        def refuse(why: str) -> None:
            refused.append(why)
            complain(why)

        if self.record is not None:
            with naming(self.record):
                writer = self._writer(self.record, header_of(command), program)
            recording = RecordingFile(writer, keep_sources=self.keep_sources, complain=refuse)
            program.takers.append(files.enter_context(recording).write)
        if self.perfetto is not None:
            program.takers.append(files.enter_context(TraceOfRun(program, self.perfetto, refuse)).take)
        return refused

    def _writer(self, record: Path, header: Header, program: ObservedProgram) -> RecordingWriter:
        if self.keep is None:
            return RecordingWriter(record.open("wb"), header)
        return KeptRecording(record, header, program, self.keep)
