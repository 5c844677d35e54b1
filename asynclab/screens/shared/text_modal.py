"""Modal screens that show a text to read and copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen

from asynclab.widgets.spans import Line, plain
from asynclab.widgets.static_lines import StaticLines

Result = TypeVar("Result")

FRAME, MARGIN = 2, 6
"""The lines of the frame, and the cells of frame, padding and scrollbar."""


class ReadingScreen(ModalScreen[Result]):
    """A modal screen that shows a text, wrapped to its width."""

    DEFAULT_CSS = """
    ReadingScreen {
        align: center middle;
        StaticLines {
            border: round $state-accent;
            background: $background;
            padding: 0 1;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "close", show=False),
        Binding("y", "copy", "copy", show=False),
        Binding("j,down", "scroll('scroll_down')", "down", show=False),
        Binding("k,up", "scroll('scroll_up')", "up", show=False),
        Binding("g,home", "scroll('scroll_home')", "first line", show=False),
        Binding("G,end", "scroll('scroll_end')", "last line", show=False),
        Binding("space,pagedown", "scroll('scroll_page_down')", "page down", show=False),
        Binding("b,pageup", "scroll('scroll_page_up')", "page up", show=False),
    ]

    WIDEST: ClassVar[int] = 106
    """The most cells of the frame."""

    KEYS: ClassVar[str] = "y copy · esc close"
    """The keys to show in the frame."""

    @property
    def heading(self) -> str:
        """The title in the frame."""
        raise NotImplementedError

    def text_lines(self, width: int) -> Sequence[Line]:
        """The lines of the text, wrapped to `width` cells. Longer lines are cut."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield StaticLines()

    def on_resize(self, event: Resize) -> None:
        """Wrap the text for the new width."""
        self.show_text()

    def show_text(self) -> None:
        """Show the present text, and fit the frame to it."""
        view = self.query_one(StaticLines)
        width = min(self.size.width, self.WIDEST)
        lines = self.text_lines(width - MARGIN)
        view.styles.width = width
        view.styles.height = min(len(lines) + FRAME, self.size.height)
        view.set_title(self.heading)
        view.set_subtitle(((self.KEYS, "past"),))
        view.show(lines)

    def text_to_copy(self) -> str:
        """The whole text."""
        return "\n".join(plain(line).rstrip() for line in self.text_lines(self.WIDEST))

    def action_close(self) -> None:
        """Go back to the screen below."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy the text that is selected with the mouse, or the whole text."""
        if text := self.get_selected_text() or self.text_to_copy():
            self.app.copy_to_clipboard(text)

    def action_scroll(self, method: str) -> None:
        """Scroll the text."""
        getattr(self.query_one(StaticLines), method)(animate=False)


class TextList(ReadingScreen[None]):
    """A modal screen that shows lines."""

    heading = ""

    def __init__(self, heading: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self.heading = heading
        self._lines = tuple(lines)

    def text_lines(self, width: int) -> Sequence[Line]:
        return self._lines
