import pytest

from asynclab.model import events
from asynclab.model.fold import apply, fold
from asynclab.model.state import LabState
from asynclab.widgets.queues_view import QueuesView, lines_of_queues
from tests.widgets.folded_labs import folded, full_queue, step, task
from tests.widgets.view_stage import on_stage, painted, part_at, subtitle


def deadlines() -> LabState:
    """One timeout that runs, one that expired, one that was met."""
    return folded(
        task(1, "main"),
        *(events.TimeoutStarted(0.2, number, deadline, 1) for number, deadline in ((1, 2.2), (2, 1.2), (3, 1.2))),
        events.TimeoutMet(0.7, 2),
        events.TimeoutExpired(1.201, 3),
    )


async def test_a_queue_shows_its_items_as_cells_its_size_its_waiters_and_its_history() -> None:
    state = full_queue("'a'", "'b'", "3")
    fold(
        state,
        (
            events.QueueGot(0.2, 1, "'a'", 2, 3, task=1),
            events.QueueTaskDone(0.3, 1, 2, 1),
            events.QueuePut(0.4, 1, "4", 3, 3, 2),
        ),
    )
    async with on_stage(QueuesView(), 110, 10, shows=(state, 0.5)) as (gauges, _):
        assert painted(gauges)[:3] == [
            " queue#1       'b'   3   4                                      3 / 3 full  unfinished 3",
            " waiting to put  producer                  waiting to get  nobody",
            " depth        ▃▅█▅█                                              put 4  got 1  done 1",
        ]


async def test_in_a_narrow_pane_labels_are_short_and_each_part_keeps_a_gap_to_the_next() -> None:
    state = full_queue(*(f"'item {size}'" for size in range(1, 9)))
    waiting = range(3, 7)
    fold(
        state,
        (
            *(task(number, f"consumer-{number}", 1) for number in waiting),
            events.PrimitiveCreated(0.2, 1, "semaphore", 10, 1),
            *(event for number in waiting for event in step(number, 0.2)),
            *(events.TaskWaiting(0.2, number, events.Wait("queue.get", 1)) for number in waiting),
            *(events.QueueGot(0.3, 1, "", size, size) for size in (7, 6)),
        ),
    )
    async with on_stage(QueuesView(), 60, 10, shows=(state, 0.5)) as (gauges, _):
        assert painted(gauges)[:5] == [
            " queue#1    'item 3'   'item 4'  +4       6 / 8",
            " to put  producer           to get  consumer-3, consum…",
            " depth     ▁▂▃▄▅▆▇█▇▆               put 8  got 2  done 0",
            "",
            " sema…e#10 1 permit left",
        ]


async def test_full_and_empty_are_words_not_only_colours() -> None:
    async with on_stage(QueuesView(), 110, 10, shows=(full_queue("1"), 0.5)) as (gauges, _):
        assert "1 / 1 full" in painted(gauges)[0]
        assert part_at(gauges.compose_line(0, 100), "full") == "strong ready"
        gauges.show(folded(events.QueueCreated(0.0, 1, "Queue", 4)), 0.5)
        assert "0 / 4 empty" in painted(gauges)[0]
        gauges.show(folded(events.QueueCreated(0.0, 1, "Queue", 0), events.QueuePut(0.1, 1, "1", 1, 1)), 0.5)
        assert "1 item  unfinished 1" in painted(gauges)[0]
        gauges.show(folded(events.QueueCreated(0.0, 1, "Queue", 0), events.QueuePut(0.1, 1, "2", 2, 2)), 0.5)
        assert "2 items" in painted(gauges)[0]
        gauges.show(folded(events.QueueCreated(0.0, 1, "Queue", 0), events.QueueShutDown(0.1, 1, immediate=False)), 0.5)
        assert "0 shut down" in painted(gauges)[0]


async def test_the_figures_of_a_queue_keep_their_place_while_items_come() -> None:
    state = folded(events.QueueCreated(0.0, 1, "Queue", 5))
    places = set()
    async with on_stage(QueuesView(), 110, 10) as (gauges, _):
        for size in range(1, 6):
            apply(state, events.QueuePut(0.1, 1, f"'item {size}'", size, size))
            gauges.show(state, 0.1)
            places.add(painted(gauges)[0].index(f"{size} / 5"))
    assert len(places) == 1


async def test_unfinished_items_are_counted_in_a_narrow_pane_if_a_task_waits_for_them() -> None:
    state = full_queue("'a'")
    async with on_stage(QueuesView(), 56, 10, shows=(state, 0.5)) as (gauges, pilot):
        assert "unfinished" not in painted(gauges)[0]
        fold(state, (task(9, "main"), *step(9, 0.2), events.TaskWaiting(0.2, 9, events.Wait("queue.join", 1))))
        gauges.show(state, 0.6)
        await pilot.pause()
        assert painted(gauges)[0].endswith("unfinished 1")


async def test_items_that_do_not_fit_are_counted() -> None:
    puts = (events.QueuePut(0.1, 1, f"'item {size}'", size, size) for size in range(1, 501))
    state = folded(events.QueueCreated(0.0, 1, "Queue", 0), *puts)
    async with on_stage(QueuesView(), 110, 10, shows=(state, 0.1)) as (gauges, _):
        assert "'item 1'   'item 2'   'item 3'   'item 4'  +496" in painted(gauges)[0]
        assert "500 items" in painted(gauges)[0]


async def test_a_queue_is_drawn_with_two_lines_in_a_low_pane_and_with_all_where_they_fit() -> None:
    state = full_queue("1")
    async with on_stage(QueuesView(), 110, 4, shows=(state, 0.5)) as (gauges, pilot):
        assert gauges.line_count() == 2
        await pilot.resize_terminal(110, lines_of_queues(state) + 2)
        await pilot.pause()
        assert gauges.line_count() == lines_of_queues(state) == 3
        assert "depth" in painted(gauges)[2]


async def test_a_timeout_counts_down_with_a_bar_while_no_event_comes_and_then_says_how_it_ended() -> None:
    state = deadlines()
    async with on_stage(QueuesView(), 110, 10, shows=(state, 1.59)) as (gauges, _):
        assert painted(gauges)[:3] == [
            " timeout      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸─────────────  0.61 s left of 2.00 s for main",
            " timeout      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  expired at 1.201 s for main",
            " timeout      ━━━━━━━━━━━━━━━━━━━━━━──────────────────────  met with 0.50 s to spare for main",
        ]
        parts = [gauges.compose_line(index, 100)[2][1] for index in range(3)]
        assert parts == ["ready", "cancelled", "done"]
        gauges.show(state, 1.7)
        assert "0.50 s left" in painted(gauges)[0]
        gauges.show(folded(events.TimeoutStarted(1.0, 1, 0.5, None)), 1.0)
        assert "─" not in painted(gauges)[0]  # a deadline in the past is full


async def test_locks_come_before_timeouts_that_have_ended_and_nobody_sees_those_that_a_library_has_met() -> None:
    state = folded(
        task(1, "main"),
        *(events.TimeoutStarted(0.2, number, 1.2, 1, library="aiohttp") for number in (1, 2)),
        events.TimeoutStarted(0.2, 3, 1.2, 1),
        *(events.TimeoutMet(0.7, number) for number in (1, 3)),
        events.TimeoutExpired(1.2, 2),
        events.PrimitiveCreated(1.3, 1, "lock", 1),
    )
    async with on_stage(QueuesView(), 110, 10, shows=(state, 1.5)) as (gauges, _):
        lock, mine, theirs = filter(None, painted(gauges))
        assert lock.startswith(" lock#1")
        assert mine.endswith("met with 0.50 s to spare for main")
        assert theirs.endswith("expired at 1.200 s for main in aiohttp")
        assert lines_of_queues(state) == 3


async def test_a_timeout_that_was_missed_says_how_late_and_one_without_a_deadline_that_it_has_none() -> None:
    state = folded(task(1, "main"), events.TimeoutStarted(0.2, 1, None, 1), events.TimeoutStarted(0.2, 2, 0.7, 1))
    fold(state, (events.TimeoutMet(1.2, 2, 0.5),))
    async with on_stage(QueuesView(), 110, 10, shows=(state, 1.59)) as (gauges, _):
        assert painted(gauges)[:2] == [
            " timeout      ────────────────────────────────────────────  no deadline for main",
            " timeout      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  missed by 0.50 s for main",
        ]
        assert [gauges.compose_line(index, 100)[2][1] for index in range(2)] == ["rest", "failed"]


@pytest.mark.parametrize(
    ("created", "changed", "text"),
    [
        (events.PrimitiveCreated(0.1, 1, "lock", 1), None, " lock#1       free"),
        (
            events.PrimitiveCreated(0.1, 1, "lock", 1),
            events.PrimitiveChanged(0.1, 1, 1, 1),
            " lock#1       held by main                  waiting  child",
        ),
        (events.PrimitiveCreated(0.1, 1, "semaphore", 1, 2), None, " semaphore#1  2 permits left"),
        (
            events.PrimitiveCreated(0.1, 1, "semaphore", 1, 1),
            events.PrimitiveChanged(0.1, 1, 0, 1),
            " semaphore#1  held by main",
        ),
        (events.PrimitiveCreated(0.1, 1, "event", 1), None, " event#1      not set"),
        (events.PrimitiveCreated(0.1, 1, "event", 1), events.PrimitiveChanged(0.1, 1, 1, 1), " event#1      set"),
        (events.PrimitiveCreated(0.1, 1, "barrier", 1), events.PrimitiveChanged(0.1, 1, 2), " barrier#1    2 there"),
        (events.PrimitiveCreated(0.1, 1, "condition", 1), None, " condition#1  no waiters"),
    ],
)
async def test_a_primitive_says_in_which_condition_it_is_and_who_waits(
    created: events.PrimitiveCreated, changed: events.PrimitiveChanged | None, text: str
) -> None:
    state = folded(task(1, "main"), task(2, "child", 1), created, *([changed] if changed else []))
    fold(state, (*step(2, 0.2), events.TaskWaiting(0.2, 2, events.Wait("lock", 1, (1,)))) if "child" in text else ())
    async with on_stage(QueuesView(), 110, 10, shows=(state, 0.3)) as (gauges, _):
        assert painted(gauges)[0] == text


async def test_the_frame_counts_what_there_is_and_the_pane_says_that_there_is_nothing() -> None:
    state = full_queue("1")
    apply(state, events.TimeoutStarted(0.2, 1, 2.0, 1))
    async with on_stage(QueuesView(), 110, 10, shows=(state, 0.5)) as (gauges, pilot):
        await pilot.pause()
        assert subtitle(gauges) == "1 queue · 1 timeout"
        assert gauges.text_to_copy().splitlines() == painted(gauges)[: gauges.line_count()]
        gauges.show(LabState(), 0.0)
        assert painted(gauges)[0] == " no queues, locks or timeouts yet"


async def test_many_gauges_scroll() -> None:
    timeouts = (events.TimeoutStarted(0.0, number, float(number), None) for number in range(1, 41))
    async with on_stage(QueuesView(), 110, 10, shows=(folded(*timeouts), 0.0)) as (gauges, pilot):
        await pilot.pause()
        gauges.scroll_to(y=gauges.max_scroll_y, animate=False)
        assert painted(gauges)[-1].endswith("40.00 s left of 40.00 s")
