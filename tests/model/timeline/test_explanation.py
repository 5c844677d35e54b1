"""Tests how moments of a task's life are explained. The words are in a golden file."""

from collections.abc import Iterator

from asynclab.model import events
from asynclab.model.timeline.explanation import explain
from tests.golden_files import Golden
from tests.model.timeline.short_runs import COFFEE, MAIN, TEA, Run, brewing, step, woken

SLEEP = events.Wait("sleep", seconds=1.0, deadline=1.3)

PRINTS: list[events.Event] = [events.Output(0.21, f"line {number}\n", TEA) for number in range(6)]

WAKES = {
    "a timer": events.TaskReady(1.0, TEA, "timer"),
    "something outside": events.TaskReady(1.0, TEA, "callback"),
    "cancel() from outside": events.TaskReady(1.0, TEA, "cancel"),
    "another task's cancel()": events.TaskReady(1.0, TEA, "cancel", COFFEE),
    "another task": events.TaskReady(1.0, TEA, "task", COFFEE),
    "an unknown task": events.TaskReady(1.0, TEA, "task"),
}


def sleeping(*further: events.Event) -> Run:
    """The tea sleeps from 0.3 s on; then these events follow."""
    run = brewing(*step(TEA, 0.2, 0.3, wait=SLEEP))
    run.take(*further)
    return run


def late() -> Run:
    """A task that is created late, and ends."""
    return brewing(
        events.TaskCreated(1.0, 4, "late", "brew"), events.StepStarted(1.0, 4), events.TaskEnded(2.0, 4, "done", "'x'")
    )


def crowd() -> Run:
    """Six tasks run before the coffee."""
    run = brewing(*(events.TaskCreated(0.1, number, f"t{number}", "t") for number in range(4, 10)))
    run.take(*(event for number in range(4, 10) for event in step(number, number / 10, number / 10 + 0.05)))
    run.take(*step(COFFEE, 2.0, 2.1))
    return run


def timed_out() -> Run:
    """A timeout ends the tea's wait for an event."""
    run = brewing(*step(TEA, 0.2, 0.3, events.TimeoutStarted(0.2, 1, 1.0, TEA), wait=events.Wait("event", 1)))
    run.take(events.TimeoutExpired(1.0, 1), events.TaskCancelRequested(1.0, TEA), woken(1.0, TEA, "timer"))
    return run


def with_timeouts() -> Run:
    """A step in which timeouts begin and end."""
    started = events.TimeoutStarted(0.2, 1, 1.0, TEA), events.TimeoutStarted(0.2, 2, None, TEA)
    return brewing(*step(TEA, 0.2, 0.3, *started, events.TimeoutMet(0.3, 2), events.TimeoutMet(0.3, 1, 0.15)))


def with_a_get(queue: int) -> Run:
    """The coffee gets from queue#1 while the tea waits to put into a queue."""
    got = events.QueueGot(1.0, 1, "'x'", 0, 0, 0, COFFEE)
    run = brewing(events.QueueCreated(0.1, 1, "Queue", 1), *step(TEA, 0.2, 0.3, wait=events.Wait("queue.put", queue)))
    run.take(*step(COFFEE, 1.0, 1.1, got, woken(1.0, TEA, "task", COFFEE)))
    return run


def awaited() -> Run:
    """The coffee, for which the tea waits, ends in its step."""
    run = brewing(*step(TEA, 0.2, 0.3, wait=events.Wait("task", tasks=(COFFEE,))))
    run.take(events.StepStarted(1.0, COFFEE), events.TaskEnded(1.1, COFFEE, "done"), woken(1.1, TEA, "task", COFFEE))
    return run


def gathered() -> Run:
    """The coffee, for which the tea waits, ends after its last step."""
    run = brewing(*step(TEA, 0.2, 0.3, wait=events.Wait("gather", tasks=(COFFEE,), count=1)))
    run.take(
        events.Stepped(1.0, COFFEE, 0.1, ends=True),
        events.TaskEnded(1.1, COFFEE, "done"),
        woken(1.1, TEA, "task", COFFEE),
    )
    return run


def moments() -> Iterator[tuple[str, Run, int, float]]:
    """What is explained: a run, a task and a moment."""
    yield "a task that nobody knows", brewing(), 99, 0.0
    yield "before its creation", late(), 4, 0.5
    yield "at its end", late(), 4, 2.0
    yield "after its end", late(), 4, 9.0
    yield "a step", brewing(*step(TEA, 0.2, 0.3, PRINTS[0])), TEA, 0.25
    yield "a step under way that did a lot", brewing(events.StepStarted(0.2, TEA), *PRINTS), TEA, 0.21
    yield "a step with timeouts", with_timeouts(), TEA, 0.2
    yield "a wait that lasts", sleeping(), TEA, 0.8
    yield "a wait that is over", sleeping(woken(1.3, TEA, "timer")), TEA, 0.8
    yield "an earlier moment of a wait that lasts", sleeping(*step(COFFEE, 0.3, 0.9)), TEA, 0.5
    yield "a wait that nobody looked at", brewing(*step(TEA, 0.2, 0.3)), TEA, 0.8
    yield "new, behind another", brewing(*step(TEA, 0.2, 0.3), *step(COFFEE, 0.4, 0.5)), COFFEE, 0.3
    yield "new, behind a crowd", crowd(), COFFEE, 1.0
    yield "ready after yielding", brewing(events.StepStarted(0.2, TEA), events.StepEnded(0.3, TEA, 0.1, True)), TEA, 0.3
    for name, wake in WAKES.items():
        yield f"a wait that was ended by {name}", sleeping(wake), TEA, 0.5
        yield f"ready because of {name}", sleeping(wake), TEA, 1.0
    yield "ready because of a timeout", timed_out(), TEA, 1.0
    yield "a put that was ended by a get", with_a_get(1), TEA, 0.5
    yield "a put into another queue", with_a_get(2), TEA, 0.5
    yield "a wait that was ended by a task's end", awaited(), TEA, 0.5
    yield "a gather that was ended by an end after the last step", gathered(), TEA, 0.5
    yield "ready because of an end after the last step", gathered(), TEA, 1.1


def test_explanations(golden: Golden) -> None:
    golden.check("explanations", ((name, run.told(task, at)) for name, run, task, at in moments()))


def test_an_interval_is_explained_as_each_moment_in_it_is() -> None:
    run = sleeping(woken(1.3, TEA, "timer"))
    lane = run.timeline.lanes[TEA]
    for index, begin in enumerate(lane.begins):
        assert explain(run.timeline, lane, index, begin, run.state)[0] == run.told(TEA, begin)


def test_the_end_is_told_however_much_was_done_at_the_same_moment() -> None:
    prints = (events.Output(1.0, f"{number}\n", TEA) for number in range(1_000))
    run = brewing(events.StepStarted(1.0, TEA), *prints, events.TaskEnded(1.0, TEA, "failed", "ValueError: cold"))
    assert "ValueError: cold" in run.told(TEA, 1.0)


def test_a_task_that_created_others_ran_meanwhile() -> None:
    assert brewing().told(MAIN, 0.0).startswith("ran for 100 ms")
