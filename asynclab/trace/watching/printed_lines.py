"""Joins printed text to whole lines, and reports each line with the task that printed it."""

from __future__ import annotations

import threading

from asynclab.model.events import Output
from asynclab.trace.recording.give_way import AT_ONCE
from asynclab.trace.recording.recorder import Recorder


class PrintedLines:
    """Collects printed text until its line is complete."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._printed: dict[tuple[int | None, str], str] = {}
        """The incomplete lines, by task and stream."""
        self._printing = threading.RLock()
        """Protects `_printed`: other threads print too."""

    def add(self, text: str, stream: str) -> None:
        """Note text that was written to a standard stream. May be called on any thread."""
        key = (self._recorder.current_number(), stream)
        with self._printing:
            if "\n" in text:
                complete, newline, text = (self._printed.pop(key, "") + text).rpartition("\n")
                self._report(complete + newline, key)
            elif key in self._printed:
                text = self._printed[key] + text
            if text:
                self._printed[key] = text
                self._recorder.attend_at = AT_ONCE

    def flush(self) -> None:
        """Report incomplete lines at the end of a callback."""
        if not self._printed:
            return
        with self._printing:
            printed, self._printed = self._printed, {}
        for key, text in printed.items():
            self._report(text, key)

    def _report(self, text: str, key: tuple[int | None, str]) -> None:
        task, stream = key
        self._recorder.emit(
            Output(self._recorder.clock.now(), text, task, "stderr" if stream == "stderr" else "stdout")
        )
