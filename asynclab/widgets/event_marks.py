"""Defines the glyphs and colours of things that happen, for the activity log, stories and the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from asynclab.model.activity import ActivityKind
from asynclab.model.lanes import MarkKind
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.widgets.spans import Span

MARKS: Mapping[ActivityKind | MarkKind, Span] = MappingProxyType(
    {
        "done": (GLYPHS["done"], "done"),
        "failed": (GLYPHS["failed"], "failed"),
        "cancelled": (GLYPHS["cancelled"], "cancelled"),
        "created": ("+", "past"),
        "waits": (GLYPHS["waiting"], "waiting"),
        "woke": (GLYPHS["ready"], "ready"),
        "warned": ("!", "failed"),
        "blocked": ("!", "failed"),
        "expired": ("◷", "cancelled"),
        "late": ("◶", "failed"),
        "cancel": ("⊗", "cancelled"),
        "put": ("→", ""),
        "got": ("←", ""),
        "printed": ("»", ""),
        "raised": ("○", ""),
        "lowered": ("○", ""),
        "changed": ("○", ""),
        "task_done": ("·", ""),
        "timeout": ("⊢", ""),
        "met": ("⊣", "done"),
        "progress": ("·", "past"),
        "clock": ("·", "past"),
        "chosen": ("·", "accent"),
        "run": ("·", "accent"),
    }
)
"""Each glyph is one cell wide. Kinds without an entry have no glyph and no colour."""
