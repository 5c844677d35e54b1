"""How much slower asyncio code runs in a lab: traced ÷ bare, in the same run, with every step recorded.

    python benchmarks/tracer_overhead.py [--rounds 7]

Each figure is the best of the rounds; bare, traced and debug-mode rounds take turns, so that a slow moment of the
machine hits all alike. "recorded" is what the observed program pays for the events; "and folded" adds the model that
the views read, also where the lab folds by itself, as a quarter of a million events wait.

The second table says what of "recorded" is there for pause and speed alone. "without" is a lab from whose code, for
this measurement, the question whether it is held is taken out and all arithmetic from real to lab time; the workloads
take no lab time, so that a lab at four times the speed, and one that was held before and goes on, have as much to do.
These differences are so small that the workloads are short and the rounds twenty times as many: of a few milliseconds
some go undisturbed on any machine.
"""

from __future__ import annotations
import __future__

import argparse
import ast
import asyncio
import gc
import logging
import platform
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from time import perf_counter
from types import CodeType, FunctionType
from typing import Any
from unittest.mock import patch

import asynclab.trace.lab
from asynclab.model import event_feed
from asynclab.model.events import Event
from asynclab.model.state import LabState
from asynclab.trace import Lab
from asynclab.trace.governing.timers import Timers
from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.patching.handles import TracedHandle
from asynclab.trace.recording.clock import VirtualClock

ADDED = 0.05
"""How much pause and speed may add to traced ÷ bare."""

Workload = Callable[[], Coroutine[Any, Any, None]]


async def _yielder(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


async def yields(steps: int = 100, tasks: int = 1_000) -> None:
    """Tasks that each yield `steps` times."""
    await asyncio.gather(*(_yielder(steps) for _ in range(tasks)))


async def _nothing() -> int:
    return 1


async def births(tasks: int = 20_000) -> None:
    """Tasks that end in their first step."""
    await asyncio.gather(*(_nothing() for _ in range(tasks)))


async def timers() -> None:
    """10,000 tasks that sleep for 1 to 20 ms."""
    await asyncio.gather(*(asyncio.sleep(0.001 + i % 20 / 1_000) for i in range(10_000)))


async def _timed(workload: Workload) -> float:
    gc.collect()
    begin = perf_counter()
    await workload()
    return perf_counter() - begin


def bare(workload: Workload) -> float:
    """Seconds without a lab."""
    return asyncio.run(_timed(workload))


def in_debug_mode(workload: Workload) -> float:
    """Seconds in asyncio's own debug mode, without its messages about slow callbacks."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    return asyncio.run(_timed(workload), debug=True)


def traced(workload: Workload) -> tuple[float, float, int]:
    """Seconds in a lab, seconds to fold what was recorded, and how many events that were."""
    counted, folding, fold = 0, 0.0, event_feed.fold

    def count(events: Sequence[Event]) -> None:
        nonlocal counted
        counted += len(events)

    def timed_fold(state: LabState, events: Iterable[Event]) -> None:
        nonlocal folding
        begin = perf_counter()
        fold(state, events)
        folding += perf_counter() - begin

    async def timed(lab: Lab) -> float:
        seconds = await _timed(workload) - folding
        lab.pump()
        return seconds

    async def main() -> float:
        async with Lab() as lab:
            lab.subscribe(count)
            ending = await lab.run(timed, lab)
            return ending.value  # type: ignore[return-value]

    with patch.object(event_feed, "fold", timed_fold):
        return asyncio.run(main()), folding, counted


def compare(name: str, workload: Workload, rounds: int, *, debug: bool) -> None:
    """Print one line of figures."""
    bares, traces = [], []
    for _ in range(rounds):
        bares.append(bare(workload))
        traces.append(traced(workload))
    base = min(bares)
    seconds, folding, events = min(traces)
    slow = f"{in_debug_mode(workload) / base:6.1f}" if debug else "     -"
    print(
        f"{name:<28}{base * 1e3:8.1f} ms{seconds / base:9.2f}{(seconds + folding) / base:12.2f}{slow:>12}{events:>10,}"
    )


class _Plain(ast.NodeTransformer):
    """Takes out of a function what pause and speed need in it."""

    changes = 0

    def visit_If(self, node: ast.If) -> ast.stmt | None:
        """A lab that is never held needs no detour."""
        if isinstance(node.test, ast.Attribute) and node.test.attr == "detour":
            self.changes += 1
            return None
        self.generic_visit(node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Lab time is real time: times the rate and plus the offset are nothing."""
        self.generic_visit(node)
        if isinstance(node.right, ast.Attribute) and node.right.attr in ("rate", "offset"):
            self.changes += 1
            return node.left
        return node


@cache
def _plain_code(function: FunctionType) -> CodeType:
    module = ast.parse(Path(function.__globals__["__file__"]).read_text())  # its code may name asyncio's own file
    named = (each for each in ast.walk(module) if isinstance(each, ast.FunctionDef) and each.name == function.__name__)
    (found,), plain = named, _Plain()
    found.decorator_list.clear()
    changed = ast.fix_missing_locations(ast.Module([plain.visit(found)], []))
    assert plain.changes, f"{function.__qualname__} has nothing to do with pause or speed any more"
    made: dict[str, Any] = {}
    exec(compile(changed, function.__code__.co_filename, "exec", __future__.annotations.compiler_flag), made)
    code = made[function.__name__].__code__
    assert isinstance(code, CodeType)
    return code


def _stay(clock: VirtualClock, _real: float, _now: float, rate: float) -> None:
    """Let lab time be real time, instead of what `VirtualClock._go_on` works out."""
    clock.rate, clock.offset = rate, 0.0


async def _in_lab(workload: Workload, speed: float, held: float) -> float:
    async with Lab(speed=speed) as lab:
        lab.start(_timed, workload)
        if held:
            lab.pause()
            await asyncio.sleep(held)
            lab.resume()
        return (await lab.wait()).value  # type: ignore[no-any-return]


def at_speed(workload: Workload, speed: float = 1.0, held: float = 0.0) -> float:
    """Seconds in a lab at a speed, after it was held before its first step for some seconds."""
    return asyncio.run(_in_lab(workload, speed, held))


def without(workload: Workload) -> float:
    """Seconds in a lab that knows neither pause nor speed."""
    run = type.__getattribute__(TracedHandle, "_run")  # as it shows that of asyncio's
    with ExitStack() as patches:
        for function in (run, Tracer.made_ready, Timers.loop_time):
            patches.callback(setattr, function, "__code__", function.__code__)
            function.__code__ = _plain_code(function)
        patches.enter_context(patch.object(VirtualClock, "_go_on", _stay))
        patches.enter_context(patch.object(asynclab.trace.lab, "BOUNDARY", run.__code__))
        return at_speed(workload)


def compare_controls(name: str, workload: Workload, rounds: int) -> None:
    """Print how much of the ratio is due to pause and speed."""
    kinds: tuple[Callable[[Workload], float], ...] = (
        bare,
        without,
        at_speed,
        lambda workload: at_speed(workload, speed=4.0),
        lambda workload: at_speed(workload, held=0.01),
    )
    times = [[run(workload) for run in kinds] for _ in range(rounds)]
    base, *others = map(min, zip(*times, strict=True))
    plain, *ratios = [seconds / base for seconds in others]
    added = "".join(f"{ratio:>10.2f} ({ratio - plain:+.2f})" for ratio in ratios)
    verdict = "ok" if max(ratios) - plain <= ADDED else f"more than {ADDED:g} added"
    print(f"{name:<28}{plain:>9.2f}{added}   {verdict}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each, of which the best counts")
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, best of {rounds}")
    print(f"{'':<28}{'bare':>11}{'recorded':>9}{'and folded':>12}{'debug mode':>12}{'events':>10}")
    compare("1,000 tasks x 100 sleep(0)", yields, rounds, debug=True)
    compare("1,000 tasks x 400 sleep(0)", lambda: yields(400), rounds, debug=False)
    compare("20,000 short tasks", births, rounds, debug=True)
    compare("10,000 timers", timers, rounds, debug=True)
    print(f"\n{'':<28}{'without':>9}{'at 1×':>18}{'at 4×':>18}{'after a hold':>18}")
    gc.freeze()
    compare_controls("200 tasks x 20 sleep(0)", lambda: yields(20, 200), 20 * rounds)
    compare_controls("1,000 short tasks", lambda: births(1_000), 20 * rounds)


if __name__ == "__main__":
    main()
