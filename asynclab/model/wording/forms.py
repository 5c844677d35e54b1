"""Texts in several lengths, so that a narrow place can take the longest that fits."""

from __future__ import annotations

from typing import TypeAlias

from asynclab.model.text import cell_width

Forms: TypeAlias = tuple[str, ...]
"""At least one text, the longest first. All are clean."""


def fitting(forms: Forms, width: int) -> str:
    """The first form that fits into `width` cells, or else the last."""
    return next((text for text in forms if cell_width(text) <= width), forms[-1])
