"""Keeps what a program's terminal shows: text, colours, cursor, and the lines that have scrolled off."""

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
"""How many characters are parsed at once; if an escape sequence makes no sense, at most this many are lost."""

ALTERNATE = {47, 1047, 1049}
"""The modes that switch to the alternate screen; a full-screen program sets one of them."""

# Pyte would show them as text: pictures, and questions for what a terminal can (DCS, SOS, PM and APC in ECMA-48).
_COMMAND = re.compile(r"\x1b[PX^_][^\x1b\x07\x18\x1a]*(?:\x1b\\|[\x07\x18\x1a]|(?=\x1b[^\\]))")
_CUT_COMMAND = re.compile(r"\x1b(?:[PX^_][^\x1b]*\x1b?)?\Z")

APPLICATION_KEYS, BRACKETED_PASTE = 1, 2004
"""Modes that change what keys send."""


class Look(NamedTuple):
    """How a piece of text looks. A colour is a name such as "red" or "brightred", six hex digits, or "default"."""

    fore: str = "default"
    back: str = "default"
    bold: bool = False
    italic: bool = False
    underlined: bool = False
    struck: bool = False
    reversed: bool = False


TerminalRow: TypeAlias = tuple[tuple[str, Look], ...]
"""A line: pieces of text that look the same."""


class _Screen(pyte.Screen):
    """Pyte's screen, and what it lacks: lines that scrolled off, and a second screen for full-screen programs."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], object]) -> None:
        self.scrolled_off: deque[TerminalRow] = deque(maxlen=LINES_KEPT)
        self.modes: set[int] = set()
        """Private modes that are on."""
        self._answer = answer
        self._set_aside: tuple[Any, Any] | None = None
        super().__init__(columns, lines)

    @property
    def is_alternate(self) -> bool:
        """Whether a full-screen program has the screen."""
        return self._set_aside is not None

    def index(self) -> None:
        """Go down a line, and keep the one that scrolls off."""
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
        """Turn modes off."""
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
        """Take another size. Where the cursor needs it, lines scroll off at the top; pyte would delete them."""
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
        """Answer the program, which asked where the cursor is, or what terminal this is."""
        self._answer(data.encode())


class _Forgiving:
    """Ignores the errors of calls that make no sense: a program may print any escape sequence."""

    def __init__(self, screen: _Screen) -> None:
        self._screen = screen

    def __getattr__(self, name: str) -> Callable[..., None]:
        method = getattr(self._screen, name)

        def call(*args: Any, **kwargs: Any) -> None:
            with suppress(Exception):
                method(*args, **kwargs)

        setattr(self, name, call)
        return call


class _Stream(pyte.Stream):
    """Pyte's parser, with the characters that curses draws frames with: pyte ignores them in UTF-8 text."""

    def __init__(self, screen: _Forgiving) -> None:
        super().__init__(screen, strict=False)  # type: ignore[arg-type]
        self.use_utf8 = False

    def select_other_charset(self, code: str) -> None:
        """The text is decoded already."""


class Emulator:
    """What a terminal shows, folded from the bytes that a program prints."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], object]) -> None:
        """Begin with an empty screen; `answer` gets what a terminal tells a program that asks."""
        self._screen = _Screen(columns, lines, answer)
        self._stream = _Stream(_Forgiving(self._screen))
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._cut = ""
        """The beginning of a command that the next output continues."""
        self._rows: dict[int, TerminalRow] = {}
        self.version = 0
        """Counts what was printed."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        return self._screen.columns, self._screen.lines

    @property
    def is_full_screen(self) -> bool:
        """Whether a full-screen program has it."""
        return self._screen.is_alternate

    @property
    def modes(self) -> set[int]:
        """The private modes that are on."""
        return self._screen.modes

    def feed(self, data: bytes) -> None:
        """Take in what was printed."""
        text = _COMMAND.sub("", self._cut + self._decoder.decode(data))
        cut = _CUT_COMMAND.search(text)
        self._cut = "" if cut is None else _shortened(cut[0])
        text = text if cut is None else text[: cut.start()]
        for start in range(0, len(text), PIECE):
            with suppress(Exception):  # the parser resets itself
                self._stream.feed(text[start : start + PIECE])
        self._forget()

    def resize(self, columns: int, lines: int) -> None:
        """Take another size."""
        if (columns, lines) != self.size:
            self._screen.resize(lines, columns)
            self._rows.clear()
            self.version += 1

    @property
    def scrolled_off(self) -> int:
        """How many lines are kept that have scrolled off; none if a full-screen program has the screen."""
        return 0 if self.is_full_screen else len(self._screen.scrolled_off)

    @property
    def cursor(self) -> tuple[int, int] | None:
        """The column of the cursor, and the line counted with those that have scrolled off; None if it is hidden."""
        cursor = self._screen.cursor
        return None if cursor.hidden else (min(cursor.x, self._screen.columns - 1), self.scrolled_off + cursor.y)

    @property
    def rows(self) -> int:
        """How many lines there are, with those that have scrolled off."""
        return self.scrolled_off + self._screen.lines

    def row(self, index: int) -> TerminalRow:
        """A line, counted from the first that is kept."""
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
    """The beginning of a command, up to the part that shows where it ends: a picture may have megabytes."""
    return command if len(command) < PIECE else command[:2] + "\x1b" * command.endswith("\x1b")


def _row(line: Any, columns: int) -> TerminalRow:
    """The characters of a line, without the empty end; neighbours that look the same are joined."""
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
