"""Fetches without a screen: prints a line for each URL when it ends, and on a terminal the progress."""

from __future__ import annotations

import asyncio
import io
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol, TextIO, TypeAlias

from asynclab.cli.exit_codes import DONE, FAILED, INTERRUPTED, TERMINATED
from asynclab.fetch.check_report import CheckReport
from asynclab.fetch.engine import Fetch
from asynclab.fetch.export import csv_header, to_csv, to_ndjson
from asynclab.fetch.options import Options
from asynclab.fetch.row_lines import row_line, summary_line, totals_line
from asynclab.fetch.rows import Row
from asynclab.fetch.urls import FoundUrl
from asynclab.terminal.streams import is_terminal

Style: TypeAlias = Literal["lines", "json", "csv"]

PROGRESS_SECONDS = 0.1
"""Real seconds between two updates of the progress line."""

PATIENCE = 0.5
"""Real seconds that an interrupted program waits for a reader that doesn't read."""

CHECK_SECONDS = 0.01
"""Real seconds between two checks whether everything was written."""

_CLEAR_LINE = "\r\x1b[K"


class ResultFile(Protocol):
    """A file for results."""

    path: Path

    def add(self, row: Row) -> None:
        """Add a row that has ended."""

    def end(self) -> None:
        """Complete the file. No more rows follow."""


def print_results(urls: Iterable[FoundUrl], options: Options, *, style: Style, files: Iterable[ResultFile] = ()) -> int:
    """Fetch, and print a line for each URL when it ends. Results are also added to `files`. Returns the exit code.

    Raises:
        BrokenPipeError: The reader of the output has ended.
        OSError: A file can't be written.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    printer = ThreadedWriter(sys.stdout, sys.stderr if is_terminal(sys.stderr) else None)
    if style == "csv":
        printer.line(csv_header())
    form, keeper, report = _FORMATS[style], FileKeeper(files), CheckReport()

    def take(row: Row) -> None:
        keeper.add(row)  # before printing, because the reader of a line may end this program
        printer.line(form(row))
        if options.check:
            report.add(row)

    def end() -> None:
        if options.check and style == "lines":
            printer.line("".join(f"{line}\n" for line in ("", *report.lines())))

    code = asyncio.run(_run(Fetch(urls, options, on_end=take, keep_rows=False), printer, end))
    keeper.end()
    if options.check and style != "lines" and sys.stderr is not None:
        sys.stderr.writelines(f"{line}\n" for line in report.lines())
    if printer.is_writing:
        os._exit(code)  # because a normal exit would wait for stdout, which the thread holds
    if printer.broken is not None:
        raise printer.broken
    return code


class FileKeeper:
    """Writes results to files. If a file can't be written, the other files and the fetch continue."""

    def __init__(self, files: Iterable[ResultFile]) -> None:
        self._files = list(files)
        self._broken: OSError | None = None

    def add(self, row: Row) -> None:
        """Write a row that has ended."""
        for file in tuple(self._files):
            self._try(file, lambda file: file.add(row))

    def end(self) -> None:
        """Complete the files.

        Raises:
            OSError: The first error of a file that couldn't be written.
        """
        for file in tuple(self._files):
            self._try(file, lambda file: file.end())
        if self._broken is not None:
            raise self._broken

    def _try(self, file: ResultFile, write: Callable[[ResultFile], None]) -> None:
        try:
            write(file)
        except OSError as error:
            self._files.remove(file)
            if self._broken is None:
                self._broken = OSError(f"can't write '{file.path}': {error.strerror or error}")
                self._broken.__cause__ = error


class ThreadedWriter:
    """Writes lines in its own thread, so that a slow reader doesn't delay requests."""

    def __init__(self, out: TextIO, progress: TextIO | None) -> None:
        """Start the thread. Lines go to `out`, and the progress line goes to `progress`, if it is given."""
        self.broken: OSError | None = None
        """The error since which nothing can be written; None if there was none."""
        self.on_break: Callable[[], object] = lambda: None
        """Called once, in the thread, at that error."""
        self._out = out
        self._progress = progress
        self._parts: queue.SimpleQueue[tuple[str, bool] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="printer", daemon=True)
        self._thread.start()

    @property
    def shows_progress(self) -> bool:
        """Whether there is a progress line."""
        return self._progress is not None

    @property
    def is_writing(self) -> bool:
        """Whether something is still to be written."""
        return self._thread.is_alive()

    def line(self, text: str) -> None:
        """Write a line that ends in a newline."""
        self._parts.put((text, False))

    def progress(self, text: str) -> None:
        """Replace the progress line."""
        if self._progress is not None and self._parts.empty():
            self._parts.put((text, True))

    def end(self, last: str) -> None:
        """Write what is left, and then a last line in place of the progress line."""
        self._parts.put((f"{last}\n", True))
        self._parts.put(None)

    def _write(self) -> None:
        while (part := self._parts.get()) is not None:
            text, is_progress = part
            try:
                self._write_progress(text if is_progress else "")
                if not is_progress and self.broken is None:
                    self._out.write(text)
                    self._out.flush()
            except OSError as error:
                if self.broken is None:
                    self.broken = error
                    self.on_break()

    def _write_progress(self, text: str) -> None:
        if self._progress is not None:
            self._progress.write(f"{_CLEAR_LINE}{text}")
            self._progress.flush()


_FORMATS: dict[Style, Callable[[Row], str]] = {
    "lines": lambda row: f"{row_line(row)}\n",
    "json": lambda row: f"{to_ndjson(row)}\n",
    "csv": to_csv,
}


async def _run(fetch: Fetch, printer: ThreadedWriter, end: Callable[[], None]) -> int:
    loop = asyncio.get_running_loop()
    printer.on_break = lambda: loop.call_soon_threadsafe(fetch.cancel_all)
    stopped_by: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        stopped_by.append(number)
        fetch.cancel_all()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    showing = asyncio.create_task(_show_progress(fetch, printer))
    totals = await fetch.run()
    showing.cancel()
    with suppress(asyncio.CancelledError):
        await showing
    end()
    printer.end(summary_line(totals))
    patience = PATIENCE
    while printer.is_writing and patience > 0:
        await asyncio.sleep(CHECK_SECONDS)
        patience -= CHECK_SECONDS if stopped_by else 0.0
    if stopped_by:
        return INTERRUPTED if stopped_by[0] == signal.SIGINT else TERMINATED
    return DONE if totals.counts["ok"] == totals.rows else FAILED


async def _show_progress(fetch: Fetch, printer: ThreadedWriter) -> None:
    while printer.shows_progress:
        printer.progress(totals_line(fetch.totals()))
        await asyncio.sleep(PROGRESS_SECONDS)
