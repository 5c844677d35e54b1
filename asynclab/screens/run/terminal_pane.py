"""The terminal of a program: what it prints, in its colours; while it has the focus, keys are the program's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.cells import cell_len
from rich.style import Style
from textual.events import Key, Paste, Resize

from asynclab.remote.emulator import APPLICATION_KEYS, BRACKETED_PASTE, Look, TerminalRow
from asynclab.screens.run.live_program import LiveProgram
from asynclab.widgets.line_view import LineView
from asynclab.widgets.spans import Line

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


def _with_cursor(row: TerminalRow, column: int) -> TerminalRow:
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


ARROWS = MappingProxyType({"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"})
"""Keys whose sequence depends on the terminal's mode, and modifiers."""

OTHERS: Mapping[str, str] = MappingProxyType(
    {
        "enter": "\r",
        "tab": "\t",
        "shift+tab": "\x1b[Z",
        "backspace": "\x7f",
        "escape": "\x1b",
        "insert": "\x1b[2~",
        "delete": "\x1b[3~",
        "pageup": "\x1b[5~",
        "pagedown": "\x1b[6~",
        "f1": "\x1bOP",
        "f2": "\x1bOQ",
        "f3": "\x1bOR",
        "f4": "\x1bOS",
        "f5": "\x1b[15~",
        "f6": "\x1b[17~",
        "f7": "\x1b[18~",
        "f8": "\x1b[19~",
        "f9": "\x1b[20~",
        "f10": "\x1b[21~",
        "f11": "\x1b[23~",
        "f12": "\x1b[24~",
        "ctrl+@": "\x00",
        "ctrl+space": "\x00",
    }
)

MODIFIERS = MappingProxyType({"shift": 1, "alt": 2, "ctrl": 4})


def bytes_of(key: str, character: str | None, *, is_application: bool) -> bytes:
    """What a key sends; nothing for one that no terminal knows.

    Args:
        key: Textual's name of it.
        character: What it types, if anything.
        is_application: Whether the program asked for the arrows' other sequences.
    """
    if key in OTHERS:
        return OTHERS[key].encode()
    *held, name = key.split("+")
    if name in ARROWS:
        modifiers = sum(MODIFIERS.get(modifier, 0) for modifier in held)
        start = f"\x1b[1;{modifiers + 1}" if modifiers else "\x1bO" if is_application else "\x1b["
        return f"{start}{ARROWS[name]}".encode()
    if held == ["ctrl"] and len(name) == 1 and name.isalpha():
        return bytes([ord(name.upper()) - 64])
    if character is not None:
        return (("\x1b" if "alt" in held else "") + character).encode(errors="replace")
    if held == ["alt"] and len(name) == 1:
        return f"\x1b{name}".encode(errors="replace")
    return b""
