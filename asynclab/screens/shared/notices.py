"""Short notices of an app: one at a time, and gone at the next key."""

from __future__ import annotations

from textual.app import App
from textual.notifications import SeverityLevel

from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural


class Notices(App[None]):
    """An app that shows one notice at a time, and problems beside it."""

    def tell(self, text: str, *, is_problem: bool = False) -> None:
        """Show a notice for some seconds, instead of the one before; the text is not parsed as markup.

        A problem stays when a notice replaces another one, and when a key is pressed.
        """
        severity: SeverityLevel = "error" if is_problem else "information"
        self.forget_notices("information", severity)
        self.notify(one_line(text, limit=400), severity=severity, markup=False)

    def forget_notices(self, *severities: SeverityLevel) -> None:
        """Remove the notices of these kinds."""
        for notice in list(self._notifications):
            if notice.severity in severities:
                self._unnotify(notice)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, and say how long it is."""
        super().copy_to_clipboard(text)
        self.tell(f"copied {plural(len(text.splitlines()), 'line')}, {plural(len(text), 'character')}")
