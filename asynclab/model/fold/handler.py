"""Defines the type of a function that folds one kind of event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from asynclab.model.events import Event
from asynclab.model.state import LabState

Handlers: TypeAlias = "dict[type[Event], Callable[[LabState, Any, float], None]]"
"""Each takes the state, the event of its type, and the lab time, which is never before the state's."""
