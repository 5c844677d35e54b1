"""Keeps the newest frames of a test in memory, so that a recording can be written if the test fails."""

from __future__ import annotations

import hashlib
import re
from itertools import chain
from pathlib import Path

from asynclab import __version__
from asynclab.remote.checkpoint import checkpoint
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import VERSION, Header, RecordingWriter, files_of
from asynclab.remote.wire import AnyFrame, LoopEvents, ProgramEnded
from asynclab.trace.recording.code_ownership import UserCode

MOST = 200_000
"""The most events in a recording, which then has about four megabytes."""

LONGEST_NAME = 80
"""The most characters of a test's name in a file's name."""


class _Part:
    """A part of the frames, and a checkpoint of the program's state before them."""

    def __init__(self, program: ObservedProgram) -> None:
        self.before = list(checkpoint(program))
        self.frames: list[AnyFrame] = []
        self.events = 0


class KeptFrames:
    """The frames since a test began, or the newest ones if there are too many."""

    def __init__(self, program: ObservedProgram) -> None:
        """Start with the present state of a program."""
        self._program = program
        self._owns = UserCode().owns
        self._parts = [_Part(program)]

    def add(self, frame: AnyFrame) -> None:
        """Keep a frame that `program` has processed; if there are too many, drop the older half."""
        part = self._parts[-1]
        part.frames.append(frame)
        part.events += len(frame.events) if isinstance(frame, LoopEvents) else 0
        if part.events >= MOST // 2:
            self._parts = [part, _Part(self._program)]

    def write(self, path: Path, command: tuple[str, ...], ended: ProgramEnded) -> None:
        """Write a recording, with the source files of the test.

        Raises:
            OSError: The file can't be written.
        """
        with path.open("wb") as file:
            writer = RecordingWriter(file, Header(VERSION, __version__, command))
            files: set[str] = set()
            for frame in chain(self._parts[0].before, *(part.frames for part in self._parts), (ended,)):
                writer.write(frame)
                files.update(files_of(frame))
            writer.add_sources(filter(self._owns, files))
            writer.close()


def file_name_of(test: str) -> str:
    """A unique file name for a test's recording, valid on any file system."""
    readable = re.sub(r"[^\w.=-]+", "-", test, flags=re.ASCII).strip("-.")[-LONGEST_NAME:].lstrip("-.")
    return f"{readable}-{hashlib.sha256(test.encode(errors='surrogatepass')).hexdigest()[:6]}.rec"
