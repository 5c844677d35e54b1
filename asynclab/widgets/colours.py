"""Defines asynclab's themes, and the colours of task states and other meanings in all themes.

A colour has one meaning in all views. The colours are theme variables, which a theme may define. Otherwise they are
derived from those of the theme's colours that have a similar hue, and made legible on each background.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from textual.color import Color
from textual.theme import Theme


def _theme(*, accent: str, background: str, frame: str, row: str, hover: str, **colours: Any) -> Theme:
    """A theme whose frames and scrollbars have few colours. By default, Textual uses more."""
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
"""A dark background with a cyan accent."""

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
"""A light background with a cyan accent."""

THEMES = (DARK, LIGHT)
"""The themes that the app adds to those of Textual."""


LEGIBLE = 4.5
"""The least contrast ratio of text and its background (WCAG AA)."""

_HUES: Mapping[str, str] = MappingProxyType(
    {
        "state-running": "#7fd88f",
        "state-ready": "#f5c06b",
        "state-waiting": "#6ea8fe",
        "state-failed": "#ff6b7f",
        "state-accent": "#4dd0dc",
    }
)
"""The preferred colour of each meaning, for themes that don't define one."""

_SIXTEEN_ON_DARK = {
    "state-text": "ansi_default",
    "state-running": "ansi_bright_green",
    "state-ready": "ansi_bright_yellow",
    "state-waiting": "ansi_bright_blue",
    "state-done": "ansi_green",
    "state-failed": "ansi_bright_red",
    "state-cancelled": "ansi_yellow",
    "state-past": "ansi_bright_black",
    "state-accent": "ansi_bright_cyan",
    "state-keyword": "ansi_bright_magenta",
    "state-frame": "ansi_bright_black",
    "state-rest": "ansi_bright_black",
    "state-row": "ansi_default",
    "state-cell": "ansi_blue",
    "state-cell-text": "ansi_bright_white",
    "state-step-text": "ansi_black",
}

_SIXTEEN_ON_LIGHT = {
    **_SIXTEEN_ON_DARK,
    "state-running": "ansi_green",
    "state-ready": "ansi_yellow",
    "state-waiting": "ansi_blue",
    "state-failed": "ansi_red",
    "state-cancelled": "ansi_bright_red",
    "state-accent": "ansi_cyan",
    "state-keyword": "ansi_magenta",
    "state-step-text": "ansi_bright_white",
}


def state_variables(theme: Theme) -> dict[str, str]:
    """The CSS variables for states and other meanings in a theme: colours by name, without the dollar sign.

    The theme's own `variables` take precedence.
    """
    if theme.ansi:
        return dict(_SIXTEEN_ON_DARK if theme.dark else _SIXTEEN_ON_LIGHT)
    generated = theme.to_color_system().generate()
    ground, surface, panel = (Color.parse(generated[name]) for name in ("background", "surface", "panel"))
    hues = {name: _pick(theme, hue) for name, hue in _HUES.items()}
    row = Color.parse(theme.variables.get("state-row", ground.blend(hues["state-waiting"], 0.16).hex))
    grounds = ground, surface, panel, row
    named = {name: legible(hue, *grounds) for name, hue in hues.items()}
    running, ready, waiting = named["state-running"], named["state-ready"], named["state-waiting"]
    text = legible(Color.parse(generated["foreground"]), *grounds)
    cell = ground.blend(waiting, 0.42)
    colours = {
        **named,
        "state-text": text,
        "state-done": legible(running.blend(ground, 0.3), *grounds),
        "state-cancelled": legible(ready.blend(named["state-failed"], 0.5), *grounds),
        "state-past": legible(text.blend(ground, 0.55), *grounds),
        "state-keyword": legible(waiting.blend(named["state-failed"], 0.45), *grounds),
        "state-frame": ground.blend(text, 0.18),
        "state-rest": ground.blend(text, 0.22),
        "state-row": row,
        "state-cell": cell,
        "state-cell-text": legible(text, cell),
        "state-step-text": legible(ground, running, named["state-accent"]),
    }
    return {name: colour.hex for name, colour in colours.items()}


def legible(colour: Color, *grounds: Color) -> Color:
    """The colour, made lighter or darker until it is legible on each of the backgrounds."""
    pole = Color(255, 255, 255) if grounds[0].brightness < 0.5 else Color(0, 0, 0)
    for hundredths in range(0, 101, 2):
        moved = colour.blend(pole, hundredths / 100, alpha=1.0)
        if min(contrast(moved, ground) for ground in grounds) >= LEGIBLE:
            break
    return moved


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two colours as WCAG defines it, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (_linear(channel) for channel in colour.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _pick(theme: Theme, wanted: str) -> Color:
    """The theme's colour with the nearest hue, or the wanted colour if none is near."""
    target = Color.parse(wanted)
    offered = (theme.success, theme.warning, theme.error, theme.primary, theme.secondary, theme.accent)
    near = [(distance, name) for name in offered if name and (distance := _hue_distance(name, target)) < 0.05]
    return Color.parse(min(near)[1]) if near else target


def _hue_distance(name: str, target: Color) -> float:
    """The distance of two hues, from 0 to 0.5 of the colour circle. Greys have the distance 0.5."""
    hue, saturation, lightness = Color.parse(name).hsl
    if saturation < 0.25 or not 0.2 < lightness < 0.95:
        return 0.5
    apart = abs(hue - target.hsl.h)
    return min(apart, 1 - apart)
