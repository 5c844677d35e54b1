"""A text area that is safe for pasted text from anywhere."""

from __future__ import annotations

import re

from rich.text import Text
from textual.events import Paste
from textual.widgets import TextArea

from asynclab.model.text import clean
from asynclab.widgets.messages import PasteTooLong

LONGEST_TEXT = 2_000_000
"""The most characters of one paste."""

_PASSWORD = re.compile(r"(?<=://)([^/?#\s:@]*:)([^/?#\s]+)(?=@)")


class PasteArea(TextArea):
    """A text area that cleans pasted text. Textual would pass its control characters to the terminal.

    Passwords in URLs are drawn as dots.
    """

    DEFAULT_CSS = """
    PasteArea {
        border: round $state-frame;
        border-title-color: $state-accent;
        border-subtitle-color: $state-past;
        background: $background;
        color: $state-text;
        padding: 0;
        min-width: 4;  /* Textual can't wrap the placeholder in a width of 0 */
        scrollbar-size: 1 1;
        &:focus { border: round $state-accent; }
        & .text-area--cursor-line { background: $background; }
        & .text-area--placeholder { color: $state-past; }
    }
    """

    def on_paste(self, event: Paste) -> None:
        """Clean a pasted text before it is inserted. A text that is too long is refused, not cut."""
        event.stop()
        if has_room_for(event.text):
            event.text = harmless(event.text)
        else:
            event.prevent_default()
            self.post_message(PasteTooLong(len(event.text)))

    def get_line(self, line_index: int) -> Text:
        """A line to draw. A dot replaces each character of a password, so that the position of the cursor is right."""
        line = super().get_line(line_index)
        if "@" in line.plain:
            line.plain = _PASSWORD.sub(lambda found: found[1] + "•" * len(found[2]), line.plain)
        return line

    def take(self, text: str) -> None:
        """Replace the whole text by another one, which is cleaned."""
        self.load_text(harmless(text))

    def go_to_new_line(self) -> None:
        """Put the cursor on a new line below the text, unless the user has moved the cursor."""
        if self.text and self.cursor_location == (0, 0):
            end = self.document.end
            self.move_cursor(self.insert("\n", end).end_location if end[1] else end)


def has_room_for(text: str) -> bool:
    """Whether a text is short enough to be shown."""
    return len(text) <= LONGEST_TEXT


def harmless(text: str) -> str:
    """The text with control characters made visible, and with one kind of newlines."""
    return clean(text.replace("\r\n", "\n").replace("\r", "\n"), LONGEST_TEXT)
