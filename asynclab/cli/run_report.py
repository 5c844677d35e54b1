"""The report about a run, which is printed at its end, as lines or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from heapq import nlargest
from typing import Any

from asynclab.findings.alike import gathered, likeness, with_others
from asynclab.findings.allowed import FindingFilter
from asynclab.findings.catalogue_of_rules import Findings
from asynclab.findings.findings_report import Flow, FoundOnLoop, flows_of
from asynclab.findings.rule import Finding
from asynclab.findings.stuck_report import stuck_lines
from asynclab.model.events import Event
from asynclab.model.frames import file_name
from asynclab.model.state import LabState
from asynclab.model.tasks import Place, TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import duration, measured, plural
from asynclab.model.wording.wait import NOT_RECORDED, held_now, plain_wait
from asynclab.remote.observed_program import ObservedLoop, ObservedProgram, how_ended
from asynclab.remote.run_tally import RunTally, SlowStep
from asynclab.remote.wire import AnyFrame

LISTED = 10
"""The most entries of each section."""

LOOPS_LISTED = 10
"""The most loops in the printed report: those with findings, then those with the most tasks."""

LOOPS_KEPT = 200
"""The most loops that are kept. A program may call asyncio.run() for each request that it serves."""

_LATEST = 50
"""How many of the newest loops are never dropped, because late frames about them may still come."""

NAME_WIDTH = 16
"""The width of a task's name in cells. A longer name is not cut."""


class Report:
    """Observes a program, and reports at its end what it did."""

    def __init__(self, program: ObservedProgram, judge: FindingFilter | None = None) -> None:
        """Observe a program from its start. Without a judge, all findings are reported."""
        self._program = program
        self._judge = judge
        self._tallies: dict[int, RunTally] = {}
        self._findings: dict[int, Findings] = {}
        self._flows: dict[tuple[int, object], tuple[Flow, ...]] = {}
        self._loops_left_out = 0
        program.takers.append(self._follow)

    def _follow(self, _: AnyFrame) -> None:
        """Subscribe to new loops."""
        if len(self._program.loops) > LOOPS_KEPT:
            self._make_room()
        for number, loop in self._program.loops.items():
            if number not in self._tallies:
                self._tallies[number] = tally = RunTally(loop.state)
                loop.feed.subscribe(tally.take)
                self._findings[number] = findings = Findings(loop.state)
                loop.feed.subscribe(findings.take)
                loop.feed.subscribe(partial(self._keep_flows, number))

    def _make_room(self) -> None:
        """Drop some ended loops, the least interesting ones."""
        loops = list(self._program.loops.values())
        ended = [loop for loop in loops[:-_LATEST] if loop.state.outcome is not None]
        gone = {loop.number for loop in sorted(ended, key=self._weight)[: LOOPS_KEPT // 2]}
        for number in gone:
            del self._program.loops[number], self._tallies[number], self._findings[number]
        self._flows = {key: flows for key, flows in self._flows.items() if key[0] not in gone}
        self._loops_left_out += len(gone)

    def _weight(self, loop: ObservedLoop) -> tuple[bool, int]:
        return bool(self._told(loop)), sum(loop.state.counts.values())

    def _keep_flows(self, loop: int, _: Sequence[Event]) -> None:
        for finding in self._findings[loop].seen:
            self._flows_of(loop, finding)

    def lines(self) -> Iterator[str]:
        """The lines of the report."""
        program = self._program
        started, ended = program.started, program.ended
        if started is None or ended is None:
            yield f"the program could not be observed; it ended with {how_ended(0 if ended is None else ended.code)}"
            return
        yield f"{one_line(started.name)} ran {measured(program.now)}: {how_ended(ended.code)}"
        yield from self.loop_lines()

    def lines_so_far(self) -> Iterator[str]:
        """The lines of a report on a program whose end is unknown: what it did, and what its tasks wait for."""
        yield from self.loop_lines()
        for loop in self._program.loops.values():
            if _alive(loop.state):
                yield f"loop {loop.number} at {measured(self._program.now)}:"
                yield from stuck_lines(loop.state, self._program.now)

    def loop_lines(self) -> Iterator[str]:
        """The lines about each loop."""
        loops = [loop for loop in self._program.loops.values() if loop.state.tasks]
        if not loops:
            yield "it ran no asyncio task; processes that it started are not observed"
        listed = nlargest(LOOPS_LISTED, loops, key=self._weight)
        for loop in sorted(listed, key=lambda loop: loop.number):
            if len(loops) > 1:
                thread = f", on {one_line(loop.thread)}" if loop.thread else ""
                yield f"loop {loop.number} ({one_line(loop.kind)}{thread})"
            yield from self._lines_of(loop)
        others = len(loops) - len(listed) + self._loops_left_out
        if others:
            yield f"and {plural(others, 'more loop')}"

    def found(self) -> Iterator[FoundOnLoop]:
        """All findings."""
        for number, findings in self._findings.items():
            state = self._program.loops[number].state
            for finding in findings.found:
                yield FoundOnLoop(number, state, finding, self._flows_of(number, finding))

    def rules_failed(self) -> list[str]:
        """The rules that failed with an error, each with the kind of error. Call `found` first."""
        failed = {name: kind for findings in self._findings.values() for name, kind in findings.failed.items()}
        return [f"{name} ({kind})" for name, kind in failed.items()]

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        program = self._program
        started, ended = program.started, program.ended
        return {
            "name": None if started is None else started.name,
            "python": None if started is None else started.python,
            "seconds": round(program.now, 6),
            "exit_code": None if ended is None else ended.code,
            "loops": [self._loop_json(loop) for loop in program.loops.values()],
            "loops_left_out": self._loops_left_out,
        }

    def _flows_of(self, loop: int, finding: Finding) -> tuple[Flow, ...]:
        """The events and places that led to a finding, as of the first call."""
        key = (loop, finding.key)
        if key not in self._flows:
            self._flows[key] = flows_of(self._program.loops[loop].state, finding)
        return self._flows[key]

    def _told(self, loop: ObservedLoop) -> list[Finding]:
        """The findings about a loop to report, including likely ones."""
        found, judge = self._findings[loop.number].found, self._judge
        return [each for each in found if judge is None or judge.verdict(each) not in ("allowed", "known")]

    def _lines_of(self, loop: ObservedLoop) -> Iterator[str]:
        state, tally = loop.state, self._tallies[loop.number]
        counts = state.counts
        ends = [f"{counts[word]:,} {word}" for word in ("done", "failed", "cancelled") if counts[word]]
        pending = len(_leaked(state))
        ends += [f"{pending:,} never ended"] if pending else []
        alive = _alive(state)
        ends += [f"{alive:,} still there"] if alive else []
        yield f"  tasks     {sum(counts.values()):,}: {', '.join(ends)}"
        yield (
            f"  time      steps {duration(tally.running)}, ready {duration(tally.ready)}, "
            f"waiting {duration(tally.waiting)}, all tasks together"
        )
        if loop.not_seen:
            yield f"  not seen  {loop.not_seen}"
        if state.dropped.events:
            yield f"  lost      {plural(state.dropped.events, 'event')}, as they came faster than they were read"
        if (error := loop.feed.error) is not None:
            yield f"  missing   a part of this report, as asynclab itself failed: {one_line(repr(error))}"
        if found := self._told(loop):
            yield "  findings"
            for finding, others in gathered(found, likeness):
                yield f"    {with_others(finding.line, others)}"
        for section, entries in _entries(loop, tally).items():
            if entries:
                yield f"  {_SECTIONS[section]}"
            for entry in entries[:LISTED]:
                yield _entry_line(entry)
            if len(entries) > LISTED:
                yield f"    and {len(entries) - LISTED:,} more"

    def _loop_json(self, loop: ObservedLoop) -> dict[str, Any]:
        state, tally = loop.state, self._tallies[loop.number]
        seconds = {"running": tally.running, "ready": tally.ready, "waiting": tally.waiting}
        return {
            "loop": loop.number,
            "kind": loop.kind,
            "tasks": {"made": sum(state.counts.values()), **state.counts},
            "seconds": {name: round(value, 6) for name, value in seconds.items()},
            "events_lost": state.dropped.events,
            "failed": None if loop.feed.error is None else one_line(repr(loop.feed.error)),
            "findings": [_finding_json(finding, state) for finding in self._told(loop)],
            **_entries(loop, tally),
        }


_SECTIONS = {
    "blocked": "blocked the loop",
    "slowest_steps": "slowest steps",
    "longest_waits": "longest waits",
    "never_ended": "never ended",
}


def _entries(loop: ObservedLoop, tally: RunTally) -> dict[str, list[dict[str, Any]]]:
    """The entries of each section: what took long, and what never ended."""
    state = loop.state
    return {
        "blocked": [
            _entry(each.seconds, each.task, each.place, function=each.function, others=each.others)
            for each in tally.blocks
        ],
        "slowest_steps": [
            _entry(each.seconds, each.task, each.seen_at or each.began_at, step=_step_place(each), others=each.others)
            for each in tally.slowest_steps
        ],
        "longest_waits": [
            _entry(each.seconds, each.task, each.place, wait=plain_wait(each.wait, state)[0], others=each.others)
            for each in tally.longest_waits
        ],
        "never_ended": [
            _entry(
                max(0.0, state.now - task.since),
                state.task_name(task.id),
                task.place,
                state=task.state,
                wait=_standing(task, loop),
            )
            for task in _leaked(state)
        ],
    }


def _entry(seconds: float, task: str, place: Place | None, **more: str | int) -> dict[str, Any]:
    return {"seconds": seconds, "task": task, **more, **_place_json(place)}


def _step_place(step: SlowStep) -> str:
    """The kind of a slow step's place: where the step was seen to run ("at"), or after which line it began."""
    if step.seen_at is not None:
        return "at"
    return "after" if step.began_at is not None else "first" if step.is_first else "unknown"


_STEP_PLACES = {"after": "after ", "first": "its first step"}


def _entry_line(entry: dict[str, Any]) -> str:
    what = f"in {one_line(entry['function'])}" if "function" in entry else entry.get("wait", "")
    place = f"{one_line(file_name(entry['file']))}:{entry['line']}" if entry["line"] else ""
    where = _STEP_PLACES.get(entry.get("step", ""), "") + place
    others = f"(and {entry['others']:,} like it)" if entry.get("others") else ""
    begin = f"    {duration(entry['seconds']):>9}  {entry['task'] or 'a callback':<{NAME_WIDTH}}"
    return "  ".join(filter(None, (begin, what, where, others))).rstrip()


def _alive(state: LabState) -> int:
    """The number of pending tasks; 0 after the end of the run."""
    return sum(state.counts[word] for word in ("ready", "running", "waiting")) if state.outcome is None else 0


def _leaked(state: LabState) -> list[TaskState]:
    """The tasks that never ended and are still kept."""
    return [state.tasks[number] for number in state.leaked if number in state.tasks]


def _standing(task: TaskState, loop: ObservedLoop) -> str:
    """What a task that never ended was doing at last, or what it was waiting for."""
    if task.state != "waiting":
        return f"was {task.state}"
    wait = task.waits_for
    return NOT_RECORDED if wait is None else plain_wait(held_now(wait, loop.state), loop.state)[0]


def _finding_json(finding: Finding, state: LabState) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "certainty": finding.certainty,
        "text": finding.text,
        "at": finding.at,
        "task": None if finding.task is None else state.task_name(finding.task),
        "evidence": finding.evidence,
        **_place_json(finding.place),
    }


def _place_json(place: Place | None) -> dict[str, Any]:
    return {"file": place[0] if place else None, "line": place[1] if place else None}
