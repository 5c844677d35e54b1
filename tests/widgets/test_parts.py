"""The looks of parts in the colours of a theme."""

from __future__ import annotations

import pytest
from rich.style import Style

from asynclab.widgets.lines import style_of

VARIABLES = {
    "state-past": "#111111",
    "state-waiting": "#222222",
    "state-row": "#333333",
    "state-step-text": "#444444",
    "state-running": "#555555",
    "state-accent": "#666666",
}


@pytest.mark.parametrize(
    ("parts", "style"),
    [
        ("", Style()),
        ("waiting", Style(color="#222222")),
        ("strong", Style(bold=True)),
        ("heading", Style(color="#111111", bold=True)),
        ("row strong waiting", Style(color="#222222", bgcolor="#333333", bold=True)),
        ("row past", Style(color="#111111", bgcolor="#333333")),
        ("row step", Style(color="#444444", bgcolor="#555555")),
        ("flag", Style(color="#444444", bgcolor="#666666", bold=True)),
    ],
)
def test_a_part_has_the_colours_of_the_theme_and_the_last_of_several_counts_most(parts: str, style: Style) -> None:
    assert style_of(parts, VARIABLES) == style
