"""Shows the terminal of a program. While it has the focus, keys go to the program."""

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
"""The key that leaves the terminal. Few programs use it."""

_SGR = "sgr "
"""The start of a part that is a Rich style, and not a name for one."""

_CURSOR = Look(reversed=True)


class TerminalPane(LineView):
    """Shows a terminal, and lines that have scrolled off."""

    def __init__(self, program: LiveProgram, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._program = program
        self._shown: tuple[int, bool] = (-1, False)
        self.set_title("Terminal")

    def show(self) -> None:
        """Show new output, and repaint only lines that changed."""
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
        """Pass a key to the program."""
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
        """The number of lines, including those that have scrolled off."""
        return self._program.terminal.rows

    def compose_line(self, index: int, width: int) -> Line:
        """A line of the terminal, with the cursor if it is there."""
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
    """A row with the cursor at a column."""
    cells = [(character, look) for text, look in row for character in text if cell_len(character)]
    at = 0
    for number, (character, look) in enumerate(cells):
        if at >= column:
            cells[number] = (character, look._replace(reversed=not look.reversed))
            return tuple(cells)
        at += cell_len(character)
    return (*cells, (" " * (column - at), Look()), (" ", _CURSOR))


def _part_of(look: Look) -> str:
    """The part for a look: a Rich style, after `_SGR`; empty for plain text."""
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
    """Rich's name of a colour."""
    if len(name) == 6 and all(digit in "0123456789abcdefABCDEF" for digit in name):
        return f"#{name}"
    name = name.replace("brown", "yellow")
    return f"bright_{name.removeprefix('bright')}" if name.startswith("bright") else name


ARROWS = MappingProxyType({"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"})
"""The keys whose escape sequence depends on the terminal's mode, and on modifiers."""

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
    """The bytes that a terminal sends for a key; empty for an unknown key.

    Args:
        key: Textual's name of the key.
        character: The character that the key types; None if it types none.
        is_application: Whether the terminal is in the mode "application cursor keys".
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
