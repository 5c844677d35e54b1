"""Loads and saves the user's settings."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asynclab.model.text import one_line


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's choices. The defaults are for the first start."""

    theme: str = ""
    """The name of the chosen theme; empty for the app's own."""


def settings_path() -> Path:
    """The path of the settings file, in `$XDG_CONFIG_HOME`, or in `~/.config` if that is not set."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(home) if os.path.isabs(home) else Path.home() / ".config"
    return base / "asynclab" / "settings.json"


def load(path: Path) -> tuple[Settings, str]:
    """Load the settings, or the defaults if the file is unusable. The text is a complaint about the file, or ""."""
    if not os.path.exists(path):  # unlike Path.exists, it doesn't raise an error if access is denied
        return Settings(), ""
    if not os.path.isfile(path):  # reading a pipe would block
        return Settings(), f"Ignoring {path}: not a file. Using defaults."
    import msgspec

    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings), ""
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Settings(), f"Ignoring {path}: {_reason(error)}. Using defaults."


def save(settings: Settings, path: Path) -> str:
    """Save the settings, completely or not at all. Returns an error in one line, or ""."""
    import msgspec

    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(settings) + b"\n")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return f"Can't save the settings in {path}: {_reason(error)}."
    return ""


def _reason(error: Exception) -> str:
    return one_line(getattr(error, "strerror", None) or str(error)) or type(error).__name__
