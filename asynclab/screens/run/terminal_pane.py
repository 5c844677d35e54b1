"""The terminal of a program: what it prints, in its colours; while it has the focus, keys are the program's."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style
from textual.events import Key, Paste, Resize

from asynclab.remote.emulator import APPLICATION_KEYS, BRACKETED_PASTE, Look, Row
from asynclab.screens.run.live_program import LiveProgram
from asynclab.screens.run.terminal_keys import bytes_of
from asynclab.widgets.line_view import LineView
from asynclab.widgets.lines import Line

WAY_OUT = "ctrl+right_square_bracket"
"""The key that leaves the terminal: the one that no program is likely to need."""

_SGR = "sgr "
"""Begins a part that is a style by itself."""

_CURSOR = Look(reversed=True)


class TerminalPane(LineView):
    """Shows a terminal, and scrolls back through what it has shown."""

    def __init__(self, program: LiveProgram, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._program = program
        self._shown: tuple[int, bool] = (-1, False)
        self.set_title("Terminal")

    def show(self) -> None:
        """Show what was printed since; repaints only lines that changed."""
        shown = (self._program.terminal.version, self.has_focus)
        way = "^] leaves" if self.has_focus else "o types here"
        self.set_subtitle(((way, "past"),) if self._program.is_live else ())
        if shown == self._shown:
            return
        was_at_end = self.scroll_offset.y >= self.max_scroll_y
        self._shown = shown
        self.repaint()
        if was_at_end:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
            self.repaint()

    def take_key(self, event: Key) -> None:
        """Type a key."""
        is_application = APPLICATION_KEYS in self._program.terminal.modes
        self._type(bytes_of(event.key, event.character, is_application=is_application))

    def on_paste(self, event: Paste) -> None:
        event.stop()
        text = event.text.replace("\n", "\r").encode(errors="replace")
        is_bracketed = BRACKETED_PASTE in self._program.terminal.modes
        self._type(b"\x1b[200~" + text + b"\x1b[201~" if is_bracketed else text)

    def on_resize(self, event: Resize) -> None:
        """Give the program's terminal the size of the pane."""
        size = self.scrollable_content_region.size
        if size.width > 1 and size.height > 0:
            self._program.resize(size.width, size.height)
        super().on_resize(event)
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def line_count(self) -> int:
        """The lines of the terminal, and those that have scrolled off."""
        return self._program.terminal.rows

    def compose_line(self, index: int, width: int) -> Line:
        """A line as the program printed it, with the cursor where the keys go."""
        row = self._program.terminal.row(index)
        cursor = self._program.terminal.cursor
        if self.has_focus and cursor is not None and cursor[1] == index:
            row = _with_cursor(row, cursor[0])
        return tuple((text, _part_of(look)) for text, look in row)

    def _type(self, data: bytes) -> None:
        if data:
            self._program.type(data)
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def _style_of(self, parts: str, ground: str) -> Style:
        if parts.startswith(_SGR):
            return self.rich_style + Style.parse(parts.removeprefix(_SGR))
        return super()._style_of(parts, ground)


def _with_cursor(row: Row, column: int) -> Row:
    """A row with the cell in a column as the cursor shows it."""
    cells = [(character, look) for text, look in row for character in text if cell_len(character)]
    at = 0
    for number, (character, look) in enumerate(cells):
        if at >= column:
            cells[number] = (character, look._replace(reversed=not look.reversed))
            return tuple(cells)
        at += cell_len(character)
    return (*cells, (" " * (column - at), Look()), (" ", _CURSOR))


def _part_of(look: Look) -> str:
    """The part that a look is: a style as Rich writes it; empty for plain text."""
    words = [
        word
        for word, is_on in (
            ("bold", look.bold),
            ("italic", look.italic),
            ("underline", look.underlined),
            ("strike", look.struck),
            ("reverse", look.reversed),
        )
        if is_on
    ]
    if look.fore != "default":
        words.append(_colour(look.fore))
    if look.back != "default":
        words += ["on", _colour(look.back)]
    return _SGR + " ".join(words) if words else ""


def _colour(name: str) -> str:
    """A colour as Rich calls it."""
    if len(name) == 6 and all(digit in "0123456789abcdefABCDEF" for digit in name):
        return f"#{name}"
    name = name.replace("brown", "yellow")
    return f"bright_{name.removeprefix('bright')}" if name.startswith("bright") else name
