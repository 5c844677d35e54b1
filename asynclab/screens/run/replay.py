"""Reads a recording of a program. A long one is read in pieces, so that the screen stays responsive."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from asynclab.findings.allowed import FindingFilter
from asynclab.findings.source_code import Sources
from asynclab.model.event_feed import BATCH
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import joined, sentence
from asynclab.model.wording.quantities import measured, plural
from asynclab.remote.observed_program import how_ended
from asynclab.remote.program_recording import RecordingError, RecordingReader, SourceText
from asynclab.remote.wire import AnyFrame, LoopEvents
from asynclab.screens.lab.source_files import SourceFiles
from asynclab.screens.run.watched_program import WatchedProgram

SLICE = 0.03
"""Real seconds for which it is read without a break for keys and frames."""


MakeJudge: TypeAlias = Callable[[str, Sources], FindingFilter]


def plain_judge(folder: str, sources: Sources) -> FindingFilter:
    """A judge that leaves out only findings that comments in the code allow."""
    return FindingFilter(folder, sources=sources)


class RecordedFiles(SourceFiles):
    """The source files in a recording, which have the code that ran. Other files are read from the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._recorded: dict[str, str] = {}

    def add(self, path: str, text: str) -> None:
        """Add a file."""
        self._recorded[path] = text

    def read(self, path: str) -> str | None:
        """The text of a file; None if it is neither in the recording nor on the disk."""
        return self._recorded.get(path) or super().read(path)

    def recorded(self, path: str) -> str | None:
        """The text of a file in the recording; None if the recording doesn't have it."""
        return self._recorded.get(path)

    def has_changed(self, path: str, since: float) -> bool:
        """Whether a file may differ from the code that ran. A file in the recording doesn't."""
        return path not in self._recorded and super().has_changed(path, since)


class Replay(WatchedProgram):
    """A program that is read from a recording."""

    files: RecordedFiles

    def __init__(self, path: Path, judge: MakeJudge = plain_judge) -> None:
        """Open a recording, and read its first line.

        Args:
            path: The recording.
            judge: Makes the judge, which decides which findings are left out, from the program's folder and files.

        Raises:
            RecordingError: The file can't be read, or is not a recording for this version of asynclab.
        """
        self._reader = RecordingReader(path)
        self.files = RecordedFiles()
        super().__init__(judge(self._reader.header.folder or os.getcwd(), Sources(self.files.recorded)))
        self._name = path.name
        self._complaint = ""
        self._reading: asyncio.Task[None] | None = None
        self.is_read = False
        """Whether the whole recording has been read."""
        self.is_behind = True

    @property
    def title(self) -> str:
        return f"{self._name} (recording)"

    @property
    def command(self) -> str:
        return self._name

    @property
    def complaint(self) -> str:
        """Why it could not be read to its end, in one line; empty if there was no problem so far."""
        return self._complaint

    @property
    def facts(self) -> tuple[str, ...]:
        """Sentences on what was recorded, how it ended, and what is missing."""
        idle = "It made no event loop." if self.is_read and not (self.runs or self.loops_left_out) else ""
        return tuple(filter(None, (self._what(), self._how_it_ended(), idle, self._what_is_missing())))

    @property
    def has_files(self) -> bool:
        """Whether its source files have been read, which are at the end of a recording."""
        return self.is_read

    def begin(self) -> None:
        """Start to read it, in a new task."""
        self._reading = asyncio.create_task(self._read(), name="reading a recording")

    async def close(self) -> None:
        """Stop reading."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def read_at_once(self) -> Iterator[AnyFrame]:
        """Read the whole recording, and yield each frame after it was handled. Used directly only without a screen."""
        for line in self._lines():
            if isinstance(line, SourceText):
                self.files.add(line.file, line.text)
            else:
                self.told.take(line)
                yield line
        self.is_read, self.is_behind = True, False
        for run in self.runs.values():
            run.record.findings.judge_again()

    async def _read(self) -> None:
        since = time.perf_counter()
        for _ in self.read_at_once():
            if time.perf_counter() - since > SLICE:
                await asyncio.sleep(0)
                since = time.perf_counter()

    def _lines(self) -> Iterator[AnyFrame | SourceText]:
        try:
            for line in self._reader.lines():
                yield from _pieces(line)
        except RecordingError as error:
            self._complaint, self.is_behind = f"{error}; everything before that is shown", False

    def _what(self) -> str:
        header, started = self._reader.header, self.told.started
        command = " ".join(header.command)
        python = "" if started is None else f"Python {one_line(started.python)}"
        made = ", ".join(filter(None, (python, f"recorded by asynclab {one_line(header.asynclab)}")))
        return f"{one_line(command) or 'A program'} ({made})."

    def _how_it_ended(self) -> str:
        ended = self.told.ended
        if not self.is_read:
            return f"Reading: {self._reader.share_read:.0%}."
        if ended is not None:
            return sentence(f"it ended after {measured(ended.at)}: {how_ended(ended.code)}")
        return f"The recording is cut off at {measured(self.now)}: how the program ended is not in it."

    def _what_is_missing(self) -> str:
        never = sum(run.state.dropped.events for run in self.runs.values())
        loops = f"{plural(self.loops_left_out, 'earlier loop')} left out" if self.loops_left_out else ""
        events = sum(run.record.history.first for run in self.runs.values())
        early = f"the history begins after {plural(events, 'event')}, to spare memory" if events else ""
        lost = f"{plural(never, 'event')} never recorded: the program was faster than asynclab" if never else ""
        missing = joined(loops, early, lost)
        return sentence(missing) if missing else ""


def _pieces(line: AnyFrame | SourceText) -> Iterator[AnyFrame | SourceText]:
    """Split a line that has many events into pieces."""
    if not isinstance(line, LoopEvents) or len(line.events) <= BATCH:
        yield line
        return
    for start in range(0, len(line.events), BATCH):
        yield LoopEvents(line.loop, line.events[start : start + BATCH])
