"""Says what keys send to a program in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
