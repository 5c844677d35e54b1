"""Says where a program was last seen, when nothing is heard of it any more."""

from __future__ import annotations

from collections.abc import Iterable

from asynclab.model.state import LabState
from asynclab.model.wording.grammar import place


def last_seen(states: Iterable[LabState | None]) -> str:
    """Where that was, as the end of a sentence; empty where nobody can know."""
    for state in states:
        if state is None:
            continue
        report = state.blocked if state.is_blocking else None
        task = state.running if report is None else report.task
        if task is None and state.ready_queue:
            task = next(iter(state.ready_queue))
        if task is not None:
            where = "" if report is None else place(report.file, report.line)
            return f"; last seen in {state.task_name(task)}{where}"
    return ""
