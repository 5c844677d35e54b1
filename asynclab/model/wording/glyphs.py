"""The symbol of each task state."""

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
"""The symbols. Each is one cell wide."""
