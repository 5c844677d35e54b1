"""Finds steps that kept other tasks from running."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter

from asynclab.findings.rule import Finding, Rule
from asynclab.model.events import BLAMED_AFTER, LoopBlocked
from asynclab.model.state import Block, LabState
from asynclab.model.tasks import place_in
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import quoted
from asynclab.model.wording.places import at_line
from asynclab.model.wording.quantities import measured

REPEATED = BLAMED_AFTER / 2
"""Seconds that a step may take once or twice, but not `TIMES` times."""

TIMES = 3


def find_blocks(state: LabState) -> Iterator[Finding]:
    """Long steps that held up other tasks."""
    by_function: defaultdict[tuple[str, str], list[tuple[float, Block, LoopBlocked]]] = defaultdict(list)
    for block in state.blocks:
        report = block.report
        if report is not None and block.kept_others and block.seconds - report.stolen >= REPEATED:
            by_function[report.file, report.function].append((block.seconds - report.stolen, block, report))
    for found in by_function.values():
        _, block, report = max(found, key=itemgetter(0))
        if not (_is_to_blame(report) or len(found) >= TIMES):
            continue
        took = f"took {measured(block.seconds)}" + (f", the longest of {len(found):,}" if len(found) > 1 else "")
        first = found[0]
        yield replace(_finding(state, report, block, took), at=first[1].begin, task=first[2].task)
    now = state.blocked
    if state.is_blocking and state.keeps_others and now is not None and _is_to_blame(now):
        yield _finding(state, now, None, f"has taken {measured(now.seconds)} and still runs")


def _is_to_blame(report: LoopBlocked) -> bool:
    """Whether the step itself took long; time in which the machine ran other programs doesn't count."""
    return report.seconds - report.stolen >= BLAMED_AFTER


def _finding(state: LabState, report: LoopBlocked, block: Block | None, took: str) -> Finding:
    who = "a callback" if report.task is None else f"one step of {quoted(state, report.task)}"
    place = place_in(report)
    text = f"{who} {took}, in {one_line(report.function)}{at_line(place)}; no other task could run"
    begin, event = (report.at, state.version) if block is None else (block.begin, block.event)
    return Finding("blocked-loop", text, begin, (event,), report.task, place, moves=True)


RULES = (
    Rule(
        "blocked-loop",
        "One step, or a callback, ran for long and kept all other tasks from running.",
        "Timers come late, and nobody is answered.",
        "Run blocking calls with asyncio.to_thread(); in a long computation, let others run: await asyncio.sleep(0).",
        find_blocks,
    ),
)
