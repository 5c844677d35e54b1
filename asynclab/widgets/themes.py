"""asynclab's own themes: dark and light, with quiet frames and one accent."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="asynclab",
    primary="#4dd0dc",
    secondary="#6ea8fe",
    accent="#4dd0dc",
    success="#7fd88f",
    warning="#f5c06b",
    error="#ff6b7f",
    foreground="#dfe3ea",
    background="#0f131a",
    surface="#131822",
    panel="#18202c",
    dark=True,
    variables={
        "state-frame": "#303848",
        "state-row": "#1d2a39",
        "border": "#4dd0dc",
        "border-blurred": "#303848",
        "scrollbar": "#303848",
        "scrollbar-hover": "#46526a",
        "scrollbar-active": "#4dd0dc",
        "scrollbar-background": "#0f131a",
        "scrollbar-background-hover": "#0f131a",
        "scrollbar-background-active": "#0f131a",
        "scrollbar-corner-color": "#0f131a",
    },
)
"""Dark ground, cyan accent."""

LIGHT = Theme(
    name="asynclab-light",
    primary="#0b7285",
    secondary="#1f5fbf",
    accent="#0b7285",
    success="#2b7a3a",
    warning="#8f6200",
    error="#b4232f",
    foreground="#1d2430",
    background="#fafbfc",
    surface="#f1f3f6",
    panel="#e6eaef",
    dark=False,
    variables={
        "state-frame": "#c5ccd6",
        "state-row": "#dde8f2",
        "border": "#0b7285",
        "border-blurred": "#c5ccd6",
        "scrollbar": "#c5ccd6",
        "scrollbar-hover": "#9aa5b4",
        "scrollbar-active": "#0b7285",
        "scrollbar-background": "#fafbfc",
        "scrollbar-background-hover": "#fafbfc",
        "scrollbar-background-active": "#fafbfc",
        "scrollbar-corner-color": "#fafbfc",
    },
)
"""The same on a light ground."""

THEMES = (DARK, LIGHT)
"""The themes that the app adds to Textual's own."""
