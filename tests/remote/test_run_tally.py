"""Tests the sums over a whole run that a report needs."""

from asynclab.model import events
from asynclab.model.fold import fold
from asynclab.model.state import LabState
from asynclab.remote.run_tally import KEPT, TOLD, BlockedTime, RunTally, SlowStep


def tallied(*happened: events.Event) -> RunTally:
    state = LabState()
    tally = RunTally(state)
    for event in happened:
        fold(state, [event])
        tally.take([event])
    return tally


MADE = events.TaskCreated(0.0, 1, "tea", "brew"), events.TaskCreated(0.0, 2, "toast", "burn")


def blocked(at: float, task: int | None, seconds: float, line: int = 9) -> events.LoopBlocked:
    return events.LoopBlocked(at, task, seconds, "cafe.py", line, "grind")


def test_a_block_lasts_as_long_as_its_step_and_not_up_to_the_latest_report() -> None:
    tally = tallied(
        *MADE,
        events.StepStarted(1.0, 1),
        blocked(1.1, 1, 0.1),
        blocked(1.2, 1, 0.2, 11),
        events.StepEnded(1.39, 1, 0.39),
        events.StepStarted(2.0, 2),
        blocked(2.3, 2, 0.3),
        events.StepEnded(2.35, 2, 0.35),
    )
    assert tally.blocks == [
        BlockedTime(0.39, "tea", ("cafe.py", 11), "grind"),
        BlockedTime(0.35, "toast", ("cafe.py", 9), "grind"),
    ]
    assert [(step.seconds, step.task, step.seen_at) for step in tally.slowest_steps] == [
        (0.39, "tea", ("cafe.py", 11)),
        (0.35, "toast", ("cafe.py", 9)),
    ]


def test_a_long_wait_inside_asyncio_has_the_line_that_made_its_task() -> None:
    made = events.TaskCreated(0.0, 1, "tea", "sleep", file="cafe.py", line=5)
    waits = [events.Wait("sleep"), events.Wait("sleep", file="cafe.py", line=7)]
    woken = events.TaskReady(3.0, 1, "timer")
    tally = tallied(made, *(each for wait in waits for each in (events.TaskWaiting(1.0, 1, wait), woken)))
    assert [wait.place for wait in tally.longest_waits] == [("cafe.py", 5), ("cafe.py", 7)]


def test_a_long_wait_for_a_lock_names_its_holder_only_where_it_has_not_changed_hands() -> None:
    lock = events.PrimitiveCreated(0.0, 1, "lock", 1)
    wait = events.Wait("lock", 1, (2,))
    begin, end = events.TaskWaiting(1.0, 1, wait), events.TaskReady(3.0, 1, "task", 2)
    own = events.PrimitiveChanged(0.0, 1, 1, 2), events.PrimitiveChanged(3.0, 1, 0, 2)
    others = events.PrimitiveChanged(1.5, 1, 0, 2), events.PrimitiveChanged(1.5, 1, 1, 3)
    for meanwhile, holders in [((), (2,)), (others, ())]:
        tally = tallied(*MADE, lock, own[0], begin, *meanwhile, own[1], end)
        assert [wait.wait.tasks for wait in tally.longest_waits] == [holders]


def test_a_slow_step_is_placed_where_it_was_seen_or_behind_the_await_that_it_went_on_from() -> None:
    tally = tallied(
        MADE[0],
        events.Stepped(1.0, 1, 0.05),
        events.TaskWaiting(1.05, 1, events.Wait("sleep", file="cafe.py", line=7)),
        events.TaskReady(1.1, 1, "timer"),
        events.Stepped(1.1, 1, 0.04, True),
        events.Stepped(1.2, 1, 0.03),
        events.TaskWaiting(1.25, 1, events.Wait("sleep")),
        events.TaskReady(1.3, 1, "timer"),
        events.Stepped(1.3, 1, 0.02),
    )
    assert tally.slowest_steps == [
        SlowStep(0.05, "tea", None, None, True),
        SlowStep(0.04, "tea", None, ("cafe.py", 7), False),
        SlowStep(0.03, "tea", None, None, False, others=1),
    ]


def test_a_callback_that_blocked_lasts_up_to_its_end() -> None:
    tally = tallied(blocked(1.1, None, 0.1), events.LoopFreed(1.19, 0.19, "grind"))
    assert tally.blocks == [BlockedTime(0.19, "", ("cafe.py", 9), "grind")]


def test_what_still_blocks_has_taken_as_long_as_was_reported_last() -> None:
    tally = tallied(*MADE, events.StepStarted(1.0, 1), blocked(1.1, 1, 0.1), blocked(1.2, 1, 0.2))
    assert tally.blocks == [BlockedTime(0.2, "tea", ("cafe.py", 9), "grind")]


def test_what_is_alike_is_told_once_by_the_longest_with_the_number_of_the_others() -> None:
    sleeps = [
        each
        for at, seconds in ((1.0, 0.2), (2.0, 0.3), (3.0, 0.1))
        for each in (
            events.TaskWaiting(at, 1, events.Wait("sleep", seconds=seconds, file="cafe.py", line=7)),
            events.TaskReady(at + seconds, 1, "timer"),
            events.StepStarted(at + seconds, 1),
            blocked(at + seconds, 1, 0.2),
            events.StepEnded(at + seconds + 0.2, 1, seconds),
        )
    ]
    tally = tallied(*MADE, *sleeps)
    for (longest,) in (tally.longest_waits, tally.slowest_steps, tally.blocks):
        assert (round(longest.seconds, 3), longest.others) == (0.3, 2)


def test_of_any_number_of_places_the_longest_waits_are_told() -> None:
    lines = range(1, 3 * KEPT)
    waits = ((events.Wait("sleep", file="cafe.py", line=line), 1.0 + line) for line in lines)
    ways = ((events.TaskWaiting(1.0, 1, wait), events.TaskReady(at, 1, "timer")) for wait, at in waits)
    tally = tallied(MADE[0], *(event for way in ways for event in way))
    assert [wait.place for wait in tally.longest_waits] == [("cafe.py", line) for line in lines[: -TOLD - 1 : -1]]
