"""Keeps the newest part of a recording: when the file is full, a checkpoint replaces its older half.

The file is written in parts, each a gzip member of its own. When a part begins, a checkpoint of the state is made and
kept in memory. With it in front, the file can begin at that part. The shortened file is written beside the old one and
moved over it, so that at any moment there is a file that can be opened.
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
"""The fewest bytes that may be asked for: checkpoints of a large program need some room."""

_PARTS = 8
"""How many parts a full file has."""


@dataclass
class _Part:
    begin: int
    """Where in the file it begins."""
    checkpoint: bytes


class KeptRecording(RecordingWriter):
    """Writes a recording of limited size; only the program's own files at its end may exceed the limit."""

    def __init__(self, path: Path, header: Header, program: ObservedProgram, keep: int) -> None:
        """Begin a recording.

        Args:
            path: Where; a file, as it is replaced again and again.
            header: Its first line.
            program: Takes each frame before `write` gets it.
            keep: How many bytes it may have.

        Raises:
            OSError: The disk refuses; from `write` and `close`, too.
        """
        self._path = Path(os.path.realpath(path))
        self._header = header
        self._program = program
        self._keep = keep
        self._size = 0
        self._parts = deque([_Part(0, b"")])
        super().__init__(self._path.open("wb"), header)

    def write(self, line: WireLine) -> None:
        super().write(line)
        if self._size - self._parts[-1].begin >= self._keep // _PARTS:
            self._begin_part()

    def _begin_part(self) -> None:
        self._add(self._packer.end())
        self._packer = Packer()
        self._parts.append(_Part(self._size, _packed(*checkpoint(self._program))))
        if self._size > self._keep * (_PARTS - 1) // _PARTS:
            self._shorten()

    def _shorten(self) -> None:
        """Drop the oldest parts, until half of the room is free."""
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
