"""A terminal emulator: keeps the text, colours and cursor of a program's terminal, and the lines scrolled off it."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

import pyte
from pyte.screens import Char

LINES_KEPT = 5_000
"""The most lines that have scrolled off and are kept."""

PIECE = 2_048
"""How many characters are parsed at once; after an invalid escape sequence, at most this many are lost."""

ALTERNATE = {47, 1047, 1049}
"""The modes that switch to the alternate screen; a full-screen program sets one of them."""

# Commands that pyte would show as text: pictures, and queries of a terminal's abilities (DCS, SOS, PM, APC in ECMA-48).
_COMMAND = re.compile(r"\x1b[PX^_][^\x1b\x07\x18\x1a]*(?:\x1b\\|[\x07\x18\x1a]|(?=\x1b[^\\]))")
_CUT_COMMAND = re.compile(r"\x1b(?:[PX^_][^\x1b]*\x1b?)?\Z")

APPLICATION_KEYS, BRACKETED_PASTE = 1, 2004
"""Modes that change the bytes that keys and pastes send."""


class Look(NamedTuple):
    """The style of a piece of text. A colour is a name such as "red" or "brightred", six hex digits, or "default"."""

    fore: str = "default"
    back: str = "default"
    bold: bool = False
    italic: bool = False
    underlined: bool = False
    struck: bool = False
    reversed: bool = False


TerminalRow: TypeAlias = tuple[tuple[str, Look], ...]
"""A line: pieces of text, each with its style."""


class _Screen(pyte.Screen):
    """Pyte's screen with two additions: it keeps lines that scroll off, and has a second, alternate screen."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], object]) -> None:
        self.scrolled_off: deque[TerminalRow] = deque(maxlen=LINES_KEPT)
        self.modes: set[int] = set()
        """The private modes that are on."""
        self._answer = answer
        self._set_aside: tuple[Any, Any] | None = None
        super().__init__(columns, lines)

    @property
    def is_alternate(self) -> bool:
        """Whether a full-screen program uses the screen."""
        return self._set_aside is not None

    def index(self) -> None:
        """Move the cursor down a line, and keep the line that scrolls off."""
        top, bottom = self.margins or (0, self.lines - 1)
        if self.cursor.y == bottom and top == 0 and not self.is_alternate:
            self.scrolled_off.append(_row(self.buffer[0], self.columns))
        super().index()

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        if kwargs.get("private"):
            self.modes |= set(modes)
            if ALTERNATE & set(modes) and self._set_aside is None:
                lines = {y: dict(line) for y, line in self.buffer.items()}
                self._set_aside = lines, (self.cursor.x, self.cursor.y)
                self.erase_in_display(2)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        """Turn modes off, and leave the alternate screen if one of them is for it."""
        if kwargs.get("private"):
            self.modes -= set(modes)
            if ALTERNATE & set(modes) and self._set_aside is not None:
                lines, (x, y) = self._set_aside
                self._set_aside = None
                self.erase_in_display(2)
                for number, line in lines.items():
                    self.buffer[number].update(line)
                self.cursor.x, self.cursor.y = min(x, self.columns - 1), min(y, self.lines - 1)
        super().reset_mode(*modes, **kwargs)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Change the size. If the cursor would be below the screen, lines scroll off; pyte would delete them."""
        lines, columns = lines or self.lines, columns or self.columns
        self.margins = None
        y = self.cursor.y
        above = max(0, y - lines + 1)
        self.cursor.y = self.lines - 1
        for _ in range(above):
            self.index()
        self.lines, self.columns = lines, columns
        self.cursor.x, self.cursor.y = min(self.cursor.x, columns - 1), y - above
        for number in [number for number in self.buffer if number >= lines]:
            del self.buffer[number]
        for line in self.buffer.values():
            for column in [column for column in line if column >= columns]:
                del line[column]
        self.dirty.update(range(lines))

    def write_process_input(self, data: str) -> None:
        """Send the program an answer to a query, such as the position of the cursor."""
        self._answer(data.encode())


class _Forgiving:
    """Forwards calls to a screen and ignores their errors: a program may print invalid escape sequences."""

    def __init__(self, screen: _Screen) -> None:
        self._screen = screen

    def __getattr__(self, name: str) -> Callable[..., None]:
        method = getattr(self._screen, name)

        def call(*args: Any, **kwargs: Any) -> None:
            with suppress(Exception):
                method(*args, **kwargs)

        setattr(self, name, call)
        return call


class _Parser(pyte.Stream):
    """Pyte's parser, with the line-drawing characters of curses, which pyte ignores in UTF-8 text."""

    def __init__(self, screen: _Forgiving) -> None:
        super().__init__(screen, strict=False)  # type: ignore[arg-type]
        self.use_utf8 = False

    def select_other_charset(self, code: str) -> None:
        """Do nothing: the text is decoded already."""


class Emulator:
    """The content of a terminal, made from the bytes that a program prints."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], object]) -> None:
        """Start with an empty screen. `answer` is called with the terminal's answers to queries of the program."""
        self._screen = _Screen(columns, lines, answer)
        self._stream = _Parser(_Forgiving(self._screen))
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._cut = ""
        """The start of a command whose rest is in the next output."""
        self._rows: dict[int, TerminalRow] = {}
        self.version = 0
        """Changes whenever the content may have changed."""

    @property
    def size(self) -> tuple[int, int]:
        """The number of columns and lines."""
        return self._screen.columns, self._screen.lines

    @property
    def is_full_screen(self) -> bool:
        """Whether a full-screen program uses the terminal."""
        return self._screen.is_alternate

    @property
    def modes(self) -> set[int]:
        """The private modes that are on."""
        return self._screen.modes

    def feed(self, data: bytes) -> None:
        """Process bytes that the program has printed."""
        text = _COMMAND.sub("", self._cut + self._decoder.decode(data))
        cut = _CUT_COMMAND.search(text)
        self._cut = "" if cut is None else _shortened(cut[0])
        text = text if cut is None else text[: cut.start()]
        for start in range(0, len(text), PIECE):
            with suppress(Exception):  # the parser resets itself
                self._stream.feed(text[start : start + PIECE])
        self._forget()

    def resize(self, columns: int, lines: int) -> None:
        """Change the size."""
        if (columns, lines) != self.size:
            self._screen.resize(lines, columns)
            self._rows.clear()
            self.version += 1

    @property
    def scrolled_off(self) -> int:
        """How many lines that have scrolled off are kept; 0 if a full-screen program uses the terminal."""
        return 0 if self.is_full_screen else len(self._screen.scrolled_off)

    @property
    def cursor(self) -> tuple[int, int] | None:
        """The column and line of the cursor; None if it is hidden. Lines are counted from the first kept one."""
        cursor = self._screen.cursor
        return None if cursor.hidden else (min(cursor.x, self._screen.columns - 1), self.scrolled_off + cursor.y)

    @property
    def rows(self) -> int:
        """The number of lines, including those that have scrolled off."""
        return self.scrolled_off + self._screen.lines

    def row(self, index: int) -> TerminalRow:
        """A line, counted from the first kept one."""
        if index < self.scrolled_off:
            return self._screen.scrolled_off[index]
        y = index - self.scrolled_off
        if y not in self._rows:
            self._rows[y] = _row(self._screen.buffer[y], self._screen.columns)
        return self._rows[y]

    def _forget(self) -> None:
        for y in self._screen.dirty:
            self._rows.pop(y, None)
        self._screen.dirty.clear()
        self.version += 1


def _shortened(command: str) -> str:
    """The start of an incomplete command, without its content: a picture may have megabytes."""
    return command if len(command) < PIECE else command[:2] + "\x1b" * command.endswith("\x1b")


def _row(line: Any, columns: int) -> TerminalRow:
    """The characters of a line, without the empty end; adjacent ones of the same style are joined."""
    pieces: list[tuple[str, Look]] = []
    last = max((x for x in line if x < columns), default=-1)
    for x in range(last + 1):
        char: Char = line[x]
        look = Look(char.fg, char.bg, char.bold, char.italics, char.underscore, char.strikethrough, char.reverse)
        if pieces and pieces[-1][1] == look:
            pieces[-1] = (pieces[-1][0] + char.data, look)
        else:
            pieces.append((char.data, look))
    return tuple(pieces)
