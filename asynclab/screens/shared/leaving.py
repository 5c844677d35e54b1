"""The bases of the app: shows notices, and handles quitting, which first waits for clean-up."""

from __future__ import annotations

import asyncio
import signal
import time

from textual.app import App
from textual.notifications import Notify, SeverityLevel

from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural
from asynclab.screens.shared.command import Command, Commanding


class Notices(App[None]):
    """An app that shows one notice at a time, and problems beside it."""

    def tell(self, text: str, *, is_problem: bool = False) -> None:
        """Show a notice for some seconds, in place of the notice before. Its text is not parsed as markup.

        A problem isn't replaced by other notices, and not removed when a key is pressed.
        """
        severity: SeverityLevel = "error" if is_problem else "information"
        self.notify(one_line(text, limit=400), severity=severity, markup=False)

    def on_notify(self, event: Notify) -> None:
        """Remove the notice before. Not in `tell`: if keys come fast, that notice may not have been shown yet."""
        self.forget_notices("information", event.notification.severity)

    def forget_notices(self, *severities: SeverityLevel) -> None:
        """Remove the notices of these kinds."""
        for notice in list(self._notifications):
            if notice.severity in severities:
                self._unnotify(notice)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, and say how long it is."""
        super().copy_to_clipboard(text)
        self.tell(f"copied {plural(len(text.splitlines()), 'line')}, {plural(len(text), 'character')}")


command = Command["Leaving"]

AGAIN_SECONDS = 2.0
"""Real seconds within which a second Ctrl-C or q quits."""

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""The signals that end the app. Before, everything that runs is cancelled and cleans up."""


class Leaving(Commanding, Notices):
    """An app that quits on a key, a signal, or the end of its terminal."""

    action_prefix = "app."

    def __init__(self) -> None:
        super().__init__()
        self._interrupted_at = self._quit_at = -AGAIN_SECONDS
        self._leaving: asyncio.Task[None] | None = None

    @property
    def ends_with_it(self) -> str:
        """The name of a running program that would end with the app; empty if there is none."""
        raise NotImplementedError

    async def close_labs(self) -> None:
        """Cancel everything that runs, and wait for its clean-up."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Handle signals."""
        for number in ENDING:
            asyncio.get_running_loop().add_signal_handler(number, self._leave_soon, 128 + number)

    def on_unmount(self) -> None:
        """Remove the handlers of signals."""
        for number in ENDING:
            asyncio.get_running_loop().remove_signal_handler(number)

    def terminal_is_gone(self) -> None:
        """Quit, because no key can come any more."""
        self._leave_soon(128 + signal.SIGHUP)

    @command("quit", key="q,ctrl+q", group="App", rank=0, shown="q")
    async def action_quit(self) -> None:
        """Cancel every demo, let it clean up, and quit. Press it twice to end a running program."""
        program = self.ends_with_it
        if program and self._leaving is None:
            now = time.monotonic()
            is_sure, self._quit_at = now - self._quit_at < AGAIN_SECONDS, now
            if not is_sure:
                self.tell(f"{program} runs: q again ends it (SIGINT, then SIGTERM, then SIGKILL)")
                return
            self.tell(f"ending {program} …")
        self._leave_soon(0)

    def action_help_quit(self) -> None:
        """Quit on the second Ctrl-C within `AGAIN_SECONDS`."""
        now = time.monotonic()
        if now - self._interrupted_at < AGAIN_SECONDS:
            self._leave_soon(0)
        else:
            self._interrupted_at = now
            from textual.widgets import Input, TextArea

            is_typing = isinstance(self.focused, Input | TextArea)
            self.tell("press ctrl+c again to quit" if is_typing else "press q, or ctrl+c again, to quit")

    def _leave_soon(self, code: int) -> None:
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave(code), name="leaving")

    async def _leave(self, code: int) -> None:
        await self.close_labs()
        self.exit(return_code=code)
