"""asynclab's own themes: dark and light, with quiet frames and one accent."""

from __future__ import annotations

from typing import Any

from textual.theme import Theme


def _theme(*, accent: str, background: str, frame: str, row: str, hover: str, **colours: Any) -> Theme:
    """A theme whose frames and scrollbars are of few colours; Textual would give them more."""
    variables = {"state-frame": frame, "state-row": row, "border": accent, "border-blurred": frame}
    bars = {"": frame, "-hover": hover, "-active": accent, "-corner-color": background}
    grounds = dict.fromkeys(("-background", "-background-hover", "-background-active"), background)
    variables |= {f"scrollbar{part}": colour for part, colour in {**bars, **grounds}.items()}
    return Theme(primary=accent, accent=accent, background=background, variables=variables, **colours)


DARK = _theme(
    name="asynclab",
    dark=True,
    accent="#4dd0dc",
    secondary="#6ea8fe",
    success="#7fd88f",
    warning="#f5c06b",
    error="#ff6b7f",
    foreground="#dfe3ea",
    background="#0f131a",
    surface="#131822",
    panel="#18202c",
    frame="#303848",
    row="#1d2a39",
    hover="#46526a",
)
"""Dark ground, cyan accent."""

LIGHT = _theme(
    name="asynclab-light",
    dark=False,
    accent="#0b7285",
    secondary="#1f5fbf",
    success="#2b7a3a",
    warning="#8f6200",
    error="#b4232f",
    foreground="#1d2430",
    background="#fafbfc",
    surface="#f1f3f6",
    panel="#e6eaef",
    frame="#c5ccd6",
    row="#dde8f2",
    hover="#9aa5b4",
)
"""The same on a light ground."""

THEMES = (DARK, LIGHT)
"""The themes that the app adds to Textual's own."""
