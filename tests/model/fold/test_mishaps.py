"""Tests which incidents are remembered, where, and which of them are sure."""

import pytest

from asynclab.model import events
from asynclab.model.tasks import Place
from tests.model.short_histories import COFFEE, MAIN, TEA, suspended, tea_party

HERE = ("/home/a/cafe.py", 9)
STANDS = ("/home/a/cafe.py", 3)
"""Where the tea waits, for the end of the coffee."""

BREWING = (
    *suspended(0.1, TEA, events.Wait("task", tasks=(COFFEE,), file=STANDS[0], line=STANDS[1])),
    *suspended(0.1, COFFEE, events.Wait("process")),
)

GENERATOR = events.GeneratorStands("menu", *HERE, "lock", 1)


@pytest.mark.parametrize(
    ("event", "place", "is_sure"),
    [
        (events.CoroutineDropped(1.0, "brew", *HERE), HERE, True),
        (events.CallbackFailed(1.0, "ring", "ValueError", *HERE), HERE, True),
        (events.LoopSpun(1.0, (TEA,), 1.0, *HERE), HERE, True),
        (events.TimeoutDropped(1.0, TEA, *HERE), HERE, False),
        (events.WriteUndrained(1.0, TEA, 9, 9, *HERE), HERE, False),
        (events.WriteUndrained(1.0, TEA, 0, 9, *HERE, is_lost=True), HERE, True),
        (events.ClockMistaken(1.0, "ring", 1.8e9, TEA, *HERE), HERE, True),
        (events.LocksPrivate(1.0, (TEA, COFFEE), *HERE), HERE, False),
        (events.UpdateLost(1.0, (TEA, COFFEE), "self.total", file=HERE[0], line=HERE[1]), HERE, False),
        (events.UpdateLost(1.0, (TEA, COFFEE), "self.total", False, True, *HERE), HERE, True),
        (events.Misused(1.0, TEA, "loop"), STANDS, True),
        (events.Misused(1.0, TEA, "loop", *HERE), HERE, True),
        (events.Misused(1.0, TEA, "future", *HERE, COFFEE, 0.5), HERE, True),
        (events.ChildLeft(1.0, TEA, 7), STANDS, False),
        (events.ChildLeft(1.0, TEA, 7, *HERE), HERE, False),
        (events.PipeKeptOpen(1.0, TEA, "stdout"), STANDS, False),
        (events.PipeKeptOpen(1.0, TEA, "stdin"), STANDS, True),
        (events.ItemLost(1.0, TEA, "'A1'", *HERE), HERE, False),
        (events.ItemLost(1.0, TEA, "<Connection>", *HERE, is_leaked=True), HERE, True),
        (events.ReplyUnread(1.0, TEA, COFFEE, reads_once=True, is_queue=True, file=HERE[0], line=HERE[1]), HERE, False),
        (events.ReplyUnread(1.0, TEA, COFFEE, reads_once=True, file=HERE[0], line=HERE[1]), HERE, True),
        (events.ExceptionDropped(1.0, TEA), None, True),
        (events.ExceptionDropped(1.0, None, "ValueError", *HERE), HERE, True),
        (events.ExceptionDropped(1.0, None, "ValueError"), None, False),
        (events.FailureUnseen(1.0, TEA, (), *HERE), HERE, False),
        (events.ExecutorFull(1.0, "getaddrinfo", 1.0, 1, task=TEA), STANDS, True),
        (events.SourceDropped(1.0, TEA), STANDS, True),
        (events.SourceDropped(1.0, TEA, condition=1), STANDS, True),
        (events.SourceDropped(1.0, TEA, event=1), STANDS, False),
        (events.TaskCutOff(1.0, TEA), STANDS, False),
        (events.TaskCutOff(1.0, TEA, by_close=True), STANDS, False),
        (events.TaskCutOff(1.0, TEA, by_close=True, cleans_up=True), STANDS, True),
        (events.GeneratorKilled(1.0, TEA, "menu", *HERE), HERE, False),
        (events.TaskReplaced(1.0, TEA, COFFEE, "Bar.task"), STANDS, True),
        (events.CoroutineCached(1.0, "brew", 2, *HERE), HERE, True),
        (events.StreamUnread(1.0, TEA, "aiohttp", 1, 9), STANDS, False),
        (events.TasksStranded(1.0, (TEA,)), None, True),
        (events.TasksStranded(1.0, (TEA,), is_sure=False), None, False),
        (events.TasksStranded(1.0, (MAIN,), serves=True), None, False),
        (events.GeneratorLeft(1.0, GENERATOR), HERE, False),
        (events.ReplyUnread(1.0, TEA, COFFEE, file=HERE[0], line=HERE[1]), HERE, False),
        (events.ResultUnread(1.0, TEA), None, False),
        (events.ResultUnread(1.0, TEA, is_sure=True), None, True),
        (events.ScheduledFromThread(1.0, TEA), STANDS, True),
        (events.ScheduledFromThread(1.0, TEA, "thread", *HERE), HERE, True),
        (events.ConnectionDropped(1.0, "connection to a", TEA), STANDS, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, events.Event) else None,
)
def test_an_incident_has_a_place_and_may_be_sure(event: events.Event, place: Place | None, is_sure: bool) -> None:
    (incident,) = tea_party(*BREWING, event).incidents
    assert (incident.event, incident.place, incident.is_sure) == (event, place, is_sure)


def test_a_timeout_around_who_waits_for_a_child_may_bring_its_input() -> None:
    kept = events.PipeKeptOpen(1.0, COFFEE, "stdin")
    assert not tea_party(*BREWING, events.TimeoutStarted(0.5, 1, 9.0, TEA), kept).incidents
    assert tea_party(*BREWING, events.TimeoutStarted(0.5, 1, 9.0, MAIN), kept).incidents


def test_who_waits_at_a_queue_for_some_time_only_may_want_to_see_that_nothing_comes() -> None:
    dropped = events.SourceDropped(1.0, TEA, queue=1)
    assert not tea_party(*BREWING, events.TimeoutStarted(0.5, 1, 9.0, TEA), dropped).incidents
    assert tea_party(*BREWING, events.TimeoutStarted(0.5, 1, 9.0, MAIN), dropped).incidents


def test_what_nobody_has_any_more_was_meant_for_who_waited_in_shield_and_gave_up() -> None:
    unread = events.ResultUnread(1.0, COFFEE, is_sure=True, is_given_up=True)
    assert not tea_party(*BREWING, unread).incidents
    shielded = events.TaskWaiting(0.5, TEA, events.Wait("shield", tasks=(COFFEE,)))
    (incident,) = tea_party(*BREWING, shielded, events.TaskReady(0.6, TEA, "timer"), unread).incidents
    assert incident.others == (TEA,)


def test_an_event_that_another_one_came_after_is_dropped_for_sure() -> None:
    later = events.PrimitiveCreated(0.5, 1, "event", 2)
    (incident,) = tea_party(*BREWING, later, events.SourceDropped(1.0, TEA, event=1)).incidents
    assert incident.is_sure


@pytest.mark.parametrize(
    ("others", "is_sure"),
    [
        ((), True),  # tea waits for coffee, and main for both
        ((events.CallScheduled(0.5, 1, "ring", 9.0),), False),
        ((events.TaskCreated(0.5, 9, "milk", "boil", MAIN),), False),
    ],
    ids=["all_wait_for_it", "a_callback_may_read", "another_task_may_read"],
)
def test_a_full_pipe_is_sure_where_nobody_else_can_read_it(others: tuple[events.Event, ...], is_sure: bool) -> None:
    waiting = events.TaskWaiting(0.2, MAIN, events.Wait("gather", tasks=(TEA, COFFEE)))
    (incident,) = tea_party(*BREWING, waiting, *others, events.PipeFull(1.0, COFFEE, "stdout")).incidents
    assert incident.is_sure == is_sure


@pytest.mark.parametrize("again_at", [10, 20])
def test_what_a_gather_has_left_behind_is_sure_where_that_is_called_again(again_at: int) -> None:
    serves = events.Wait("gather", tasks=(7, 8), file="cafe.py", line=10)
    state = tea_party(
        *(events.TaskCreated(0.1, number, "pour", "pour", MAIN, "cafe.py", 10) for number in (7, 8)),
        *suspended(0.2, MAIN, serves),
        *(event for number in (7, 8) for event in suspended(0.3, number, events.Wait("sleep"))),
        *_stepped(0.4, 7, events.TaskEnded(0.4, 7, "failed", "OSError")),
        events.TaskReady(0.4, MAIN, "task", 7),
        *suspended(0.5, MAIN, events.Wait("gather", tasks=(TEA,), file="cafe.py", line=again_at)),
        *_stepped(0.6, 8, events.TaskEnded(0.6, 8, "done", "None")),
    )
    assert [incident.is_sure for incident in state.incidents if incident.kind == "left_behind"] == [again_at == 10]


@pytest.mark.parametrize("made_at", [10, 9])
def test_what_acts_after_its_gather_has_failed_is_sure_where_nobody_else_has_it(made_at: int) -> None:
    state = tea_party(
        *(events.TaskCreated(0.1, number, "pour", "pour", MAIN, "cafe.py", made_at) for number in (7, 8)),
        *suspended(0.2, MAIN, events.Wait("gather", tasks=(7, 8), file="cafe.py", line=10)),
        *suspended(0.3, 8, events.Wait("sleep")),
        *_stepped(0.4, 7, events.TaskEnded(0.4, 7, "failed", "OSError")),
        events.WorkLeft(0.4, 8, MAIN, "cafe.py", 20),
        events.TaskReady(0.4, MAIN, "task", 7),
        *_stepped(0.6, 8, events.TaskEnded(0.6, 8, "done", "None")),
    )
    left = [(incident.place, incident.is_sure) for incident in state.incidents if incident.kind == "left_behind"]
    assert left == [(("cafe.py", 20), made_at == 10)]


@pytest.mark.parametrize(("ended_at", "result", "told"), [(0.6, "'tea'", 1), (0.6, "None", 0), (0.4, "'tea'", 0)])
def test_a_dropped_task_is_left_behind_if_its_result_comes_after_the_wait(
    ended_at: float, result: str, told: int
) -> None:
    state = tea_party(
        *(events.TaskCreated(0.1, number, "pour", "pour", MAIN, "cafe.py", 10) for number in (7, 8)),
        *suspended(0.2, MAIN, events.Wait("wait", tasks=(7, 8), file="cafe.py", line=11)),
        events.TasksDropped(0.2, MAIN, (7, 8), "cafe.py", 11),
        *suspended(0.3, 8, events.Wait("sleep")),
        *_stepped(0.4, 7, events.TaskEnded(0.4, 7, "done", "'coffee'")),
        *(_stepped(0.4, 8, events.TaskEnded(0.4, 8, "done", result)) if ended_at == 0.4 else ()),
        events.TaskReady(0.4, MAIN, "task", 7),
        *suspended(0.5, MAIN, events.Wait("sleep")),
        *(_stepped(0.6, 8, events.TaskEnded(0.6, 8, "done", result)) if ended_at == 0.6 else ()),
    )
    left = [(each.others, each.is_sure) for each in state.incidents if each.kind == "left_by_wait"]
    assert left == [((MAIN,), True)] * told


def _stepped(at: float, task: int, end: events.Event) -> tuple[events.Event, ...]:
    ends = events.StepEnded(at, task, 0.0, ends=True)
    return events.TaskReady(at, task, "timer"), events.StepStarted(at, task), ends, end


def test_a_task_that_a_recording_says_to_have_made_itself_has_no_other_makers() -> None:
    odd = events.TaskCreated(0.0, 9, "odd", "odd", 9, internal=True)
    state = tea_party(odd, events.ExecutorFull(1.0, "getaddrinfo", 1.0, 1, task=9))
    assert [incident.place for incident in state.incidents] == [None]
