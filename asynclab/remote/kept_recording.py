"""Writes a recording of limited size: when the file is full, a checkpoint replaces its older half.

The file is written in parts, and each is a gzip member. At the start of a part, a checkpoint of the program's state is
made and kept in memory. A file with this checkpoint in front can begin at that part. The shortened file is written
beside the old one, and then moved over it, so there is always a file that can be opened.
"""

from __future__ import annotations

import os
import shutil
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from asynclab.remote.checkpoint import checkpoint
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import Header, Packer, RecordingWriter, WireLine

LEAST = 1024 * 1024
"""The smallest allowed limit in bytes: the checkpoints of a large program need some room."""

_PARTS = 8
"""The number of parts in a full file."""


@dataclass
class _Segment:
    begin: int
    """Its first byte in the file."""
    checkpoint: bytes


class KeptRecording(RecordingWriter):
    """Writes a recording of limited size; only the program's own files at its end may exceed the limit."""

    def __init__(self, path: Path, header: Header, program: ObservedProgram, keep: int) -> None:
        """Begin a recording.

        Args:
            path: The file to write. It must be a regular file, because it is replaced repeatedly.
            header: The first line.
            program: It must have processed each frame before `write` gets the frame.
            keep: The limit in bytes.

        Raises:
            OSError: The file can't be written. `write` and `close` raise this too.
        """
        self._path = Path(os.path.realpath(path))
        self._header = header
        self._program = program
        self._keep = keep
        self._size = 0
        self._parts = deque([_Segment(0, b"")])
        super().__init__(self._path.open("wb"), header)

    def write(self, line: WireLine) -> None:
        super().write(line)
        if self._size - self._parts[-1].begin >= self._keep // _PARTS:
            self._begin_part()

    def _begin_part(self) -> None:
        self._add(self._packer.end())
        self._packer = Packer()
        self._parts.append(_Segment(self._size, _packed(*checkpoint(self._program))))
        if self._size > self._keep * (_PARTS - 1) // _PARTS:
            self._shorten()

    def _shorten(self) -> None:
        """Drop the oldest parts, until half of the limit is free."""
        while len(self._parts) > 1 and self._size - self._parts[0].begin > self._keep // 2:
            self._parts.popleft()
        first = self._parts[0]
        beside = self._path.with_name(f".{self._path.name}.part")
        file = beside.open("wb")
        try:
            front = file.write(_packed(self._header) + first.checkpoint)
            with self._path.open("rb") as old:
                old.seek(first.begin)
                shutil.copyfileobj(old, file)
            file.flush()
            shutil.copymode(self._path, beside)
            os.replace(beside, self._path)
        except OSError:
            file.close()
            beside.unlink(missing_ok=True)
            raise
        self._file.close()
        self._file, moved = file, front - first.begin
        self._size += moved
        for part in self._parts:
            part.begin += moved

    def _add(self, packed: bytes) -> None:
        super()._add(packed)
        self._size += len(packed)


def _packed(*lines: WireLine | Header) -> bytes:
    packer = Packer()
    return packer.pack(*lines) + packer.end()
