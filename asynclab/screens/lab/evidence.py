"""Collects the evidence of a finding: the events that its rule names, and the waits that led to it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from asynclab.findings.live_findings import Found
from asynclab.findings.rule import Finding
from asynclab.model.events import TaskWaiting, Wait
from asynclab.model.lanes import WAITING
from asynclab.model.wording.occurrence import occurrence, waiting
from asynclab.screens.lab.run_record import Record
from asynclab.widgets.findings_view import Evidence

WAITS_TOLD = 6
"""The most waits that are shown: that of the finding's task, and those of the tasks that it waits for."""

LOOKED_THROUGH = 500
"""How many events are searched for the one that reports what a task waits for."""


def evidence_of(record: Record, found: Found) -> list[Evidence]:
    """The evidence of a finding. Events of other tasks only show when it was found, so they aren't described."""
    finding = found.finding
    told = {number: record.event(number) for number in finding.evidence}
    tasks = {number: getattr(event, "task", None) for number, event in told.items()}
    evidence = [] if finding.task in tasks.values() else list(_waits(record, finding))
    is_told = {each.event for each in evidence}
    for number, event in told.items():
        if event is None:
            evidence.append(Evidence(number, None, ""))
        elif number not in is_told:
            is_own = tasks[number] in (None, finding.task)
            words = occurrence(event, record.present) if is_own else "found while other tasks ran"
            evidence.append(Evidence(number, event.at, words))
    return evidence


def _waits(record: Record, finding: Finding) -> Iterator[Evidence]:
    """The wait of the finding's task when it was found, and the waits of the tasks that it waited for."""
    found = max(finding.evidence, default=0)
    tasks = [] if finding.task is None else [finding.task]
    for task in tasks:  # the body appends to this list
        lane = record.timeline.lanes.get(task)
        index = -1 if lane is None else bisect_right(lane.moments, found) - 1
        reason = lane.reasons[index] if lane is not None and index >= 0 and lane.kinds[index] == WAITING else None
        if lane is not None and isinstance(reason, Wait):
            tasks += [other for other in reason.tasks if other not in tasks][: WAITS_TOLD - len(tasks)]
            words = waiting(record.present.task_name(task), reason, record.present)
            moment = _explained(record, task, lane.moments[index], found)
            yield Evidence(moment, lane.begins[index], words)


def _explained(record: Record, task: int, begin: int, found: int) -> int:
    """The number of the event that reports what a task waits for, or if none comes soon, that starts the wait."""
    for number in range(begin, min(found, begin + LOOKED_THROUGH) + 1):
        event = record.event(number)
        if isinstance(event, TaskWaiting) and event.task == task:
            return number
    return begin
