"""Where the dashboard is drawn, and its keys are read."""

from __future__ import annotations

import codecs
import os
import select
import sys
from io import TextIOWrapper
from time import perf_counter
from typing import Any, Protocol, runtime_checkable

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from asynclab.pastes import PasteFilter

LOOK_SECONDS = 0.1
"""How often the thread that reads looks whether it is to end, and whether an escape character was a key."""

MOST_BYTES = 4_096
"""Read at once."""


class Input(XTermParser):
    """What is read, as keys, mouse events and pastes; bytes that are no text are replaced, and don't end the app."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pastes = PasteFilter()

    def text_of(self, data: bytes) -> str:
        """What is to be parsed now that these bytes were read; empty where more is to come first."""
        return self._pastes.feed(self._decoder.decode(data))


@runtime_checkable
class Stoppable(Protocol):
    """An app that wants to know that its process was stopped."""

    def was_stopped(self, seconds: float) -> None:
        """The process goes on, after so many real seconds in which nothing ran."""


class StdoutDriver(LinuxDriver):
    """Draws on stdout, and takes a paste for what it is.

    Textual's own choice is stderr. Here stdout is known to be the terminal, and stderr may be a file: it is for
    complaints.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        assert isinstance(sys.__stdout__, TextIOWrapper)
        sys.__stdout__.reconfigure(
            encoding="utf-8"
        )  # what Textual draws with, whatever PYTHONIOENCODING says of prints
        self._file = sys.__stdout__

    def _sigtstp_application(self, *arguments: Any) -> None:
        # Textual's own signal of a suspension is published by its action alone, not where the terminal or another
        # process sends SIGTSTP. The call returns when SIGCONT has come.
        began = perf_counter()
        super()._sigtstp_application(*arguments)
        if isinstance(self._app, Stoppable):
            self._app.was_stopped(perf_counter() - began)

    def run_input_thread(self) -> None:
        """Read and hand over what is typed, until the app lets go of the terminal; in a thread."""
        parser = Input(self._debug)
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], LOOK_SECONDS)[0]:
                data = os.read(self.fileno, MOST_BYTES)
                if not data:
                    self.exit_event.wait(LOOK_SECONDS)  # a terminal that is gone always has nothing to read
                text = parser.text_of(data)
                for message in parser.feed(text) if text else ():
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)
