"""Describes findings for programs: defines all that the JSON, SARIF and text formats contain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from itertools import islice
from os.path import join, normpath
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from asynclab.findings.alike import gathered, with_others
from asynclab.findings.allowed import FindingFilter
from asynclab.findings.catalogue_of_rules import RULES
from asynclab.findings.known_bugs import path_within
from asynclab.findings.rule import Finding
from asynclab.model.state import LabState
from asynclab.model.tasks import Place, TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural
from asynclab.model.wording.wait import held_now, plain_wait, waited_tasks

VERSION = 1
"""The version of the format. It increases when a field is removed or its meaning changes."""

FLOWS = 8
"""The most tasks that are listed for a chain of waits."""

_RULES = {rule.name: rule for rule in RULES}


class FlowStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One moment in the life of a task."""

    text: str
    """What happened, or what the task waits for."""
    at: float | None
    """Seconds since the program's start; null if unknown."""
    file: str | None
    line: int | None


class Flow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The steps by which a task came to the finding's place."""

    task: str
    """Its name."""
    steps: tuple[FlowStep, ...]
    """The steps, from the task's creation on."""


class ToldFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding, described for programs."""

    rule: str
    """The rule's name, as `--fail-on` and `--allow` take it."""
    certainty: Literal["proved", "likely"]
    """`likely` findings are included only with `--likely`."""
    text: str
    """What is wrong, in one sentence with names, numbers and lines."""
    why: str
    """The harm that the bug does."""
    mend: str
    """How to fix the bug."""
    demo: str
    """The demo that teaches the bug, for `asynclab demo`; empty if none does."""
    loop: int
    """The number of the event loop, from 1."""
    task: str | None
    """The name of the task; null if the finding is about no task."""
    at: float
    """When it was found, in seconds since the program's start."""
    evidence: tuple[int, ...]
    """The numbers of that loop's events that show the bug, from 1: `asynclab replay` can go to them."""
    file: str | None
    """Relative to the folder in which the program ran; absolute if it is outside; null if unknown."""
    line: int | None
    """Counted from 1."""
    function: str
    """The function around that line; empty if there is none, or its code can't be read."""
    code: str
    """The line itself, without its comment; empty if it can't be read."""
    flows: tuple[Flow, ...]
    """The earlier steps of the task, and of each task that it waits for."""
    fingerprint: str
    """An identifier that is equal in each run, on each machine, and after the code has moved to other lines."""


class LeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many findings are left out, for each reason."""

    allowed: int
    """Left out because of `--allow`, or of a comment in the code."""
    known: int
    """Left out because they are in the file of `--baseline`."""
    likely: int
    """Left out because they are only likely; `--likely` reports them."""


class FindingsReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the rules found in one run of a program."""

    version: int
    """The version of this format: 1."""
    asynclab: str
    """The version of asynclab."""
    program: str | None
    """The program, such as "app.py"; null if it could not be observed."""
    python: str | None
    """The version of the Python that ran it."""
    exit_code: int | None
    """The program's exit code; below 0, the number of the signal that killed it; null if it had not ended."""
    observed: bool
    """Whether the program could be observed; if not, an empty list of findings means nothing."""
    events_lost: int
    """How many events are missing: lost, or left out of the recording. Then findings may be missing, too."""
    rules_failed: tuple[str, ...]
    """The rules that raised an error in this run, each with the type of the error: a bug of asynclab."""
    file: str | None
    """The file in which the first task was created, as in `findings`; null if unknown."""
    line: int | None
    findings: tuple[ToldFinding, ...]
    """In the order of loops, and for each loop in the order of discovery.

    If the same rule finds bugs at one place again and again, the first 25 are included.
    """
    left_out: LeftOut


class FoundOnLoop(NamedTuple):
    """A finding, with the loop in which it was found."""

    loop: int
    """The number of the event loop, from 1."""
    state: LabState
    """The loop's current state."""
    finding: Finding
    flows: tuple[Flow, ...]
    """Made when the finding was first found: tasks may have continued since."""


def told_findings(
    found: Iterable[FoundOnLoop], judge: FindingFilter, folder: str
) -> tuple[tuple[ToldFinding, ...], LeftOut]:
    """The described findings, with paths relative to `folder`, and how many findings are left out; `judge` decides."""
    told: list[ToldFinding] = []
    verdicts: Counter[str] = Counter()
    for each in found:
        verdict = judge.verdict(each.finding)
        verdicts[verdict] += 1
        if verdict == "told":
            told.append(_told(each, judge, folder))
    return tuple(told), LeftOut(verdicts["allowed"], verdicts["known"], verdicts["likely"])


def text_lines(report: FindingsReport) -> Iterator[str]:
    """A line for each finding, in the form of compiler errors: place, rule, bug. Similar findings share a line."""
    for finding, others in gathered(report.findings, _likeness):
        where = one_line(finding.file or report.program or "", limit=10_000)
        at = f"{where}:{finding.line}" if finding.line else where
        likely = " (likely)" if finding.certainty == "likely" else ""
        yield f"{at}: {finding.rule}{likely}: {with_others(finding.text, others)}"


def missing(report: FindingsReport) -> Iterator[str]:
    """Reasons why findings may be missing, each as a clause."""
    if not report.observed:
        yield "the program could not be observed"
    if report.events_lost:
        yield f"{plural(report.events_lost, 'event')} got lost"
    for failed in report.rules_failed:
        yield f"asynclab's rule {failed} failed"


def shown_path(file: str, folder: str) -> str:
    """A path relative to a folder, if the file is in it; otherwise the absolute path."""
    return path_within(file, folder) or normpath(join(folder, file))


def first_place(states: Iterable[LabState]) -> Place | None:
    """The place where a program's first task was created; None if unknown."""
    tasks = (task for state in states for task in state.tasks.values())
    return next(((task.file, task.line) for task in tasks if task.line), None)


def flows_of(state: LabState, finding: Finding) -> tuple[Flow, ...]:
    """A flow for the finding's task, and for each task that it waits for; paths are absolute."""
    return tuple(_flow(state, number, finding) for number in _tasks_of(state, finding))


def _told(found: FoundOnLoop, judge: FindingFilter, folder: str) -> ToldFinding:
    loop, state, finding, flows = found
    rule, known = _RULES[finding.rule], judge.known_as(finding)
    source = None if finding.place is None else judge.sources[finding.place[0]]
    file, line = _shown(finding.place, folder)
    return ToldFinding(
        rule=finding.rule,
        certainty=finding.certainty,
        text=finding.text,
        why=rule.why,
        mend=rule.mend,
        demo=rule.demo,
        loop=loop,
        task=None if finding.task is None else state.task_name(finding.task),
        at=round(finding.at, 6),
        evidence=finding.evidence,
        file=file,
        line=line,
        function=known.function,
        code="" if source is None or line is None else source.code(line),
        flows=tuple(_within(flow, folder) for flow in flows),
        fingerprint=known.fingerprint,
    )


def _likeness(finding: ToldFinding) -> Hashable:
    place = (finding.file, finding.line) if finding.line else finding.text
    return finding.rule, finding.certainty, finding.loop, place


def _tasks_of(state: LabState, finding: Finding) -> list[int]:
    """The task of a finding, the tasks that it still waits for, the tasks that these wait for, and so on."""
    if finding.task is None or finding.task not in state.tasks:
        return []
    found = [finding.task]
    for number in found:  # the list grows while it is read
        if len(found) < FLOWS and _still_waits(state.tasks[number], finding):
            wait = state.tasks[number].waits_for
            awaited = () if wait is None else waited_tasks(wait, state)
            found += islice((other for other in awaited if other in state.tasks and other not in found), FLOWS)
    return found[:FLOWS]


def _still_waits(task: TaskState, finding: Finding) -> bool:
    return task.state == "waiting" and task.since <= finding.at


def _flow(state: LabState, number: int, finding: Finding) -> Flow:
    task = state.tasks[number]
    steps = [_step("created", task.created_at, (task.file, task.line))] if task.line else []
    if number == finding.task:
        steps.append(_step(finding.text, finding.at, finding.place))
    elif _still_waits(task, finding) and task.waits_for is not None:
        steps.append(_step(plain_wait(held_now(task.waits_for, state), state)[0], task.since, task.place))
    return Flow(state.task_name(number), tuple(steps))


def _step(text: str, at: float, place: Place | None) -> FlowStep:
    return FlowStep(text, round(at, 6), *(place or (None, None)))


def _within(flow: Flow, folder: str) -> Flow:
    """A flow whose paths are relative to a folder."""
    steps = (replace(step, file=step.file and shown_path(step.file, folder)) for step in flow.steps)
    return replace(flow, steps=tuple(steps))


def _shown(place: Place | None, folder: str) -> tuple[str | None, int | None]:
    return (None, None) if place is None else (shown_path(place[0], folder), place[1])
