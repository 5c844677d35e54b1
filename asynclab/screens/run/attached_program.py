"""A program to which the user has attached: it ran already, and is observed until the user leaves."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from contextlib import suppress

from asynclab.findings.allowed import FindingFilter
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import sentence
from asynclab.model.wording.quantities import plural
from asynclab.remote.attach import PATIENCE, Attachment
from asynclab.screens.run.connected_program import ConnectedProgram


class AttachedProgram(ConnectedProgram):
    """A program that ran already, and keeps running when the user leaves."""

    def __init__(self, attachment: Attachment, judge: FindingFilter | None = None) -> None:
        """Prepare to observe the program. `begin` starts that."""
        super().__init__(judge)
        self._attachment = attachment
        self._is_left = False
        self.has_ended = False
        """Whether the program has closed the connection before the user left."""

    @property
    def title(self) -> str:
        """The program's name, its pid, and its version of Python."""
        started = self.told.started
        return self.command if started is None else f"{self.command} · Python {one_line(started.python)}"

    @property
    def command(self) -> str:
        """The program's name and its pid."""
        return f"{self.name} (process {self._attachment.pid})"

    @property
    def name(self) -> str:
        return "the program" if self.told.started is None else one_line(self.told.started.name)

    @property
    def is_live(self) -> bool:
        """Whether the program is observed now."""
        return not (self._is_left or self.is_closed)

    @property
    def facts(self) -> tuple[str, ...]:
        """Sentences on the program's state, and on what can't be observed."""
        warnings = map(sentence, self.warnings)
        late = self.no_heartbeat or self.lateness
        return tuple(filter(None, (self._how_it_is(), late, *self._what_is_missing(), *warnings)))

    def begin(self) -> None:
        self.connect(self._attachment.connection)

    def pump(self) -> None:
        """Handle the reports that have come, and notice the program's end."""
        super().pump()
        self.has_ended = self.has_ended or (self.is_closed and not self._is_left)

    async def close(self) -> None:
        """Detach from the program, and wait until asyncio is restored there."""
        self._is_left = not self.is_closed
        with suppress(OSError):
            self._attachment.connection.shutdown(socket.SHUT_WR)
        until = time.monotonic() + PATIENCE
        try:
            while not self.is_closed and time.monotonic() < until:
                await asyncio.sleep(0.02)
                self.pump()
        finally:  # this coroutine may be cancelled when the app ends
            self.hang_up()

    def _how_it_is(self) -> str:
        if self.has_ended:
            return "It has ended, or refuses to be observed any longer."
        if not self.told.is_found:
            return "Attached. Waiting for the list of its tasks."
        return "Attached. The program keeps running when you leave."

    def _what_is_missing(self) -> Sequence[str]:
        told = self.told
        missing = 0 if told.attached is None else max(0, told.attached.loops - len(told.found))
        silent = told.unobserved[len(told.unobserved) - missing :] if missing else []
        loops = [f"A loop ({one_line(loop.kind)}) is not observed: {one_line(loop.why)}." for loop in silent]
        if told.is_found and not self.runs and not loops:
            return ("It has no event loop now; one that it makes will be observed.",)
        found = sum(frame.tasks for frame in told.found.values())
        return (*loops, f"{plural(found, 'task')} from before: their creators are unknown." if found else "")
