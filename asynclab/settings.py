"""What a user chose once and expects to find again."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asynclab.model.text import one_line


@dataclass(frozen=True, slots=True)
class Settings:
    """The remembered choices; every field has the value of a first start as its default."""

    theme: str = ""
    """The name of the chosen theme; empty for the app's own."""


def settings_path() -> Path:
    """Where the settings are kept: below `$XDG_CONFIG_HOME`, or `~/.config` where that is not set."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(home) if os.path.isabs(home) else Path.home() / ".config"
    return base / "asynclab" / "settings.json"


def load(path: Path) -> tuple[Settings, str]:
    """Read the settings.

    Returns:
        The settings, which are the defaults where the file is missing or can't be used, and what was wrong with it
        in one line, or "".
    """
    if not os.path.exists(path):  # unlike Path.exists, it takes "not allowed to look" for an answer
        return Settings(), ""
    if not os.path.isfile(path):  # a pipe would be read for ever
        return Settings(), f"The settings in {path} can't be used (it is no file); these are the defaults."
    import msgspec

    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings), ""
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Settings(), f"The settings in {path} can't be used ({_reason(error)}); these are the defaults."


def save(settings: Settings, path: Path) -> str:
    """Write the settings, whole or not at all.

    Returns:
        What went wrong in one line, or "".
    """
    import msgspec

    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(settings) + b"\n")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return f"The settings can't be saved in {path} ({_reason(error)})."
    return ""


def _reason(error: Exception) -> str:
    return one_line(getattr(error, "strerror", None) or str(error)) or type(error).__name__
