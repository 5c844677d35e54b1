from collections.abc import Iterable

import pytest

from asynclab.model import events
from asynclab.model.fold import apply
from asynclab.model.loop_anatomy import loop_parts
from asynclab.model.state import LabState
from asynclab.widgets import loop_view
from asynclab.widgets.loop_view import LoopView
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.spans import Line
from tests.widgets.folded_labs import crowd, folded, sleeps, step, task
from tests.widgets.view_stage import on_stage, painted, part_at, said, subtitle


def waits(number: int, wait: events.Wait, at: float = 0.0) -> Iterable[events.Event]:
    return (*step(number, at), events.TaskWaiting(at, number, wait))


def busy_loop(*further: events.Event) -> LabState:
    """Two tasks are ready, one sleeps under a timeout, one reads from a stream, a callback is set for later."""
    return folded(
        task(1, "main"),
        events.StepStarted(0.0, 1),
        *(task(number, name, 1) for number, name in ((2, "first"), (3, "second"), (4, "sleeper"), (5, "reader"))),
        events.StepEnded(0.0, 1, 0.0),
        events.TaskWaiting(0.0, 1, events.Wait("gather", tasks=(2, 3, 4, 5), count=4)),
        *waits(2, events.Wait("event", 1)),
        *waits(3, events.Wait("event", 1)),
        events.TimeoutStarted(0.0, 1, 4.0, 4),
        *sleeps(4, 2.0),
        *waits(5, events.Wait("stream")),
        events.CallScheduled(0.0, 1, "Future.set_result", 1.0, 1),
        events.TaskReady(0.5, 3, "task", 2),
        events.TaskReady(0.5, 2, "timer"),
        *further,
    )


def test_what_never_comes_is_no_timer() -> None:
    never = events.CallScheduled(0.0, 9, "never", None), events.TimeoutStarted(0.0, 9, None, 4)
    assert loop_parts(busy_loop(*never), 9) == loop_parts(busy_loop(), 9)


async def test_every_part_of_the_loop_has_its_lines_and_timers_count_down_with_no_event() -> None:
    state = busy_loop()
    async with on_stage(LoopView(), 60, 16, shows=(state, 0.5)) as (view, _):
        assert painted(view)[:11] == [
            " between steps",
            " ready queue  2",
            "    1  second              woken by first",
            "    2  first               woken by a timer",
            " timers  3",
            "   0.500 s ━━━━━━╸────── main          calls Future.set_…",
            "   1.500 s ━━━────────── sleeper       sleep 2.00 s",
            "   3.500 s ━╸─────────── sleeper       timeout of 4.00 s",
            " outside the loop  1",
            "   reader              a stream",
            "",
        ]
        assert subtitle(view) == "2 ready · 3 timers · 1 outside"
        view.show(state, 0.75)
        assert "0.250 s" in painted(view)[5]


async def test_a_loop_names_the_task_that_runs_or_is_next_also_where_another_was_chosen() -> None:
    async with on_stage(LoopView(), 60, 16, shows=(busy_loop(events.StepStarted(0.6, 3)), 0.6)) as (view, _):
        assert painted(view)[:3] == [" ► second runs", " ready queue  1", "    1  first               woken by a timer"]
        view.show(busy_loop(events.ClockChanged(0.5, paused=True, speed=1.0, instant=False)), 0.5, next_task=2)
        lines = painted(view)
        assert lines[0] == " paused: no step runs"
        assert lines[2].startswith("    1  second")
        assert lines[3].startswith(" ►next first")
        assert part_at(view.compose_line(3, 58), "►next") == "strong running"


async def test_timers_of_a_library_are_one_line_for_each_task_and_belong_to_no_task_that_is_done() -> None:
    state = folded(
        task(1, "main"),
        task(2, "fetch", 1),
        events.CallScheduled(0.0, 1, "_weakref_handle", 2.0, 2, "aiohttp"),
        events.CallScheduled(0.0, 2, "TimerContext.timeout", 3.0, 1, "aiohttp"),
        *(events.CallScheduled(0.0, number, "_weakref_handle", number, 2, "aiohttp") for number in range(3, 15)),
        events.CallScheduled(0.0, 15, "its own", 9.0, 1),
        events.CallScheduled(0.0, 16, "another", 9.5, 1),
        events.CallScheduled(0.0, 17, "never", None, 1, "aiohttp"),
        events.TaskEnded(0.5, 2, "done", "None"),
    )
    async with on_stage(LoopView(), 60, 16, shows=(state, 0.5)) as (view, _):
        assert painted(view)[4:6] == [
            "   1.500 s ━━━────────── 13 timers of aiohttp",
            "   2.500 s ━━─────────── main          a timer of aiohttp",
        ]
        assert painted(view)[6].endswith("main          calls its own")
        assert painted(view)[7].endswith("main          calls another")
        assert subtitle(view) == "1 ready · 16 timers"


async def test_a_task_that_timed_out_or_slept_says_so() -> None:
    happened = [
        task(1, "sleeper"),
        task(2, "waiter"),
        *sleeps(1, 1.0),
        *waits(2, events.Wait("event", 1)),
        events.TimeoutStarted(0.0, 1, 1.0, 2),
        events.TaskReady(1.0, 1, "timer"),
        events.TimeoutExpired(1.0, 1),
        events.TaskReady(1.0, 2, "timer"),
    ]
    async with on_stage(LoopView(), 60, 16, shows=(folded(*happened), 1.0)) as (view, _):
        assert painted(view)[2].endswith("sleeper             its sleep is over")
        assert painted(view)[3].endswith("waiter              its timeout expired")


async def test_the_cursor_goes_through_all_lines_tells_whose_they_are_and_stays_with_its_task() -> None:
    state = busy_loop()
    async with on_stage(LoopView(), 60, 16, shows=(state, 0.5)) as (view, pilot):
        view.focus()
        await pilot.press("j", "j", "j", "j")
        assert [message.task for message in said(pilot) if isinstance(message, TaskSelected)] == [3, 2]
        view.select(5)
        assert painted(view)[9].startswith("▌")
        view.select(2)
        assert view.cursor == 3
        apply(state, events.StepStarted(0.6, 3))
        view.show(state, 0.6)
        assert view.cursor == 2


async def test_a_run_that_has_ended_has_nothing_to_do() -> None:
    async with on_stage(LoopView(), 60, 16, shows=(busy_loop(events.RunEnded(1.0, "cancelled")), 1.0)) as (view, _):
        assert painted(view)[:2] == [" the run has ended", " ready queue  empty"]
        view.show(LabState(), 0.0)
        assert painted(view)[0] == ""


def test_thousands_of_timers_are_counted_and_the_next_ones_listed() -> None:
    parts = loop_parts(crowd(5_001), 20)
    assert parts.timer_count == 5_000
    assert len(parts.timers) == 20


async def test_of_many_timers_only_those_in_sight_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def bar(fraction: float, width: int, part: str) -> Line:
        drawn.append(part)
        return ()

    monkeypatch.setattr(loop_view, "bar", bar)
    async with on_stage(LoopView(), 60, 12, shows=(crowd(500), 0.5)) as (view, _):
        assert view.line_count() > 100
        assert 0 < len(drawn) <= 10


async def test_a_task_that_is_no_longer_kept_keeps_its_line_until_the_parts_are_listed_anew() -> None:
    state = busy_loop()
    async with on_stage(LoopView(), 60, 16, shows=(state, 0.5)) as (view, _):
        del state.tasks[3], state.tasks[5]
        assert view.line_text(2).split()[:3] == ["1", "task", "3"]
        assert view.line_text(9).split()[:2] == ["task", "5"]
