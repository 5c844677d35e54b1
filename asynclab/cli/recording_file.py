"""Writes the recording of a program while the program is observed, and reads recordings for commands that print."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Self

import click

from asynclab import __version__
from asynclab.model.text import one_line
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import (
    VERSION,
    Header,
    RecordingError,
    RecordingReader,
    RecordingWriter,
    SourceText,
    files_of,
)
from asynclab.remote.wire import AnyFrame
from asynclab.trace.recording.code_ownership import UserCode


def header_of(command: tuple[str, ...]) -> Header:
    """The first line of a recording of a command."""
    return Header(VERSION, __version__, command, working_folder())


def working_folder() -> str:
    """The folder in which asynclab was started. If it was removed, the root folder, as the program can still run."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.sep


def complain(text: str) -> None:
    """Print a problem on standard error. With a screen, another function is used instead."""
    click.echo(f"asynclab: {text}", err=True)


class RecordingFile:
    """Writes a recording. If writing fails, the recording ends, but the program continues."""

    def __init__(
        self, writer: RecordingWriter, *, keep_sources: bool, complain: Callable[[str], object] = complain
    ) -> None:
        """Start to record.

        Args:
            writer: Writes the whole recording, or its newest part. It is closed at the end.
            keep_sources: Whether the recording also gets the program's own source files.
            complain: Called with the reason if the recording can't be continued, in one line.
        """
        self._complain = complain
        self._writer: RecordingWriter | None = writer
        self._owns = UserCode().owns if keep_sources else lambda _: False
        self._files: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._finish)

    def write(self, frame: AnyFrame) -> None:
        """Write a frame, and note the source files that it names."""
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
            self._complain(f"the recording ends here: {error.strerror or error}")


def read_recording(reader: RecordingReader, program: ObservedProgram, texts: dict[str, str] | None = None) -> str:
    """Feed a recording to a program.

    Args:
        reader: The recording.
        program: The program that handles the frames.
        texts: A dictionary to fill with the texts of the recorded source files; None if they aren't needed.

    Returns:
        Why it could not be read to its end, in one line; empty if it could.
    """
    try:
        for line in reader.lines():
            if not isinstance(line, SourceText):
                program.take(line)
            elif texts is not None:
                texts[line.file] = line.text
    except RecordingError as error:
        return one_line(str(error))
    return one_line(f"{reader.path} is cut off") if reader.is_cut else ""
