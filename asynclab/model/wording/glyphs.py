"""The mark of each task state."""

from __future__ import annotations

from asynclab.model.tasks import StateWord

GLYPHS: dict[StateWord, str] = {
    "ready": "▸",
    "running": "►",
    "waiting": "◌",
    "done": "✓",
    "failed": "✗",
    "cancelled": "⊘",
}
"""All are one cell wide."""
