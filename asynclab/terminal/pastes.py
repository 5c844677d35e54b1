"""Turns a paste into plain text, so that nothing in it acts as a key."""

from __future__ import annotations

START, END = "\x1b[200~", "\x1b[201~"
"""The marks of a bracketed paste."""

PICTURE = "\u241b"
"""Replaces the escape character in a paste."""


class PasteFilter:
    """Makes escape characters within pastes visible.

    Textual's parser looks for keys and mouse events behind each of them, in a paste as well: `ESC[31mq`, copied from a
    log, would quit the app. An `ESC[201~` within a paste ends it, since it looks like the end mark:
    terminals have to remove it.
    """

    def __init__(self) -> None:
        self._pasting = False
        self._kept_back = ""
        """The end of the latest data, if it may be the beginning of the end mark."""
        self._handed_on = ""
        """The end of the data parsed last: it may be the first part of the sequence that starts a paste."""

    def feed(self, data: str) -> str:
        """Return the part of all unparsed data that can be parsed now; the rest waits for more data."""
        parsed = ""
        while data:
            part, data = self._within(data) if self._pasting else self._outside(data)
            parsed += part
        return parsed

    def _outside(self, data: str) -> tuple[str, str]:
        """The keys before the next paste, and the rest."""
        known = len(self._handed_on)
        before, mark, rest = (self._handed_on + data).partition(START)
        self._pasting = bool(mark)
        self._handed_on = "" if mark else before[1 - len(START) :]
        return (before + mark)[known:], rest

    def _within(self, data: str) -> tuple[str, str]:
        """The paste up to its end, and the rest."""
        before, mark, rest = (self._kept_back + data).partition(END)
        self._pasting = not mark
        before, self._kept_back = (before, "") if mark else _split_off_beginning_of_end(before)
        return before.replace("\x1b", PICTURE) + mark, rest


def _split_off_beginning_of_end(text: str) -> tuple[str, str]:
    """Split off the end of a text, if it may be the beginning of the end mark."""
    for length in range(len(END) - 1, 0, -1):
        if text.endswith(END[:length]):
            return text[:-length], text[-length:]
    return text, ""
