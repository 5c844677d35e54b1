"""Tests the rules about queues, waits in vain, and the code that should have ended these waits."""

from collections.abc import Collection, Sequence

import pytest

from asynclab.findings.catalogue_of_rules import Findings
from asynclab.findings.growth import find_growing_queues
from asynclab.findings.rule import Finding
from asynclab.model.event_feed import EventFeed
from asynclab.model.events import (
    CancelIgnored,
    CancelShared,
    ClockChanged,
    ConditionNotified,
    Event,
    ExecutorFull,
    FailureUnseen,
    HandoverLost,
    ItemLost,
    LoopLagged,
    Outside,
    PrimitiveChanged,
    PrimitiveCreated,
    QueueCreated,
    QueueGot,
    QueuePut,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    TaskCancelRequested,
    TaskCreated,
    TaskEnded,
    TaskReady,
    TasksStranded,
    TaskWaiting,
    TimeoutExpired,
    TimeoutStarted,
    Wait,
    Waker,
)
from asynclab.model.resources import SOURCES_KEPT

MAIN, FIRST, SECOND = 1, 2, 3
IDLE = Outside(5.0)
LISTENING = Outside(5.0, io=1)


def _found(*events: Event) -> list[Finding]:
    """What the rules find in a run of main and two more tasks, which have all made a step and wait."""
    feed = EventFeed()
    findings = Findings(feed.state)
    feed.subscribe(findings.take)
    made: list[Event] = [RunStarted(0.0, "app.py", 0.0, "3.13.0"), TaskCreated(0.0, MAIN, "main", "main")]
    made += [TaskCreated(0.0, task, name, name, MAIN) for task, name in ((FIRST, "first"), (SECOND, "second"))]
    for task in (MAIN, FIRST, SECOND):
        made += [StepStarted(0.0, task), StepEnded(0.0, task, 0.0)]
    feed.take([*made, QueueCreated(0.0, 1, "Queue", 2), *events])
    return findings.found


def _waits(task: int, wait: Wait) -> TaskWaiting:
    return TaskWaiting(0.1, task, wait)


def _said(findings: list[Finding]) -> list[tuple[str, str, int | None]]:
    return [(finding.rule, finding.certainty, finding.task) for finding in findings]


def _fails(task: int) -> list[Event]:
    ready = TaskReady(0.1, task, "timer")
    return [ready, StepStarted(0.1, task), StepEnded(0.1, task, 0.0, ends=True), TaskEnded(0.1, task, "failed", "no")]


def _pool(rounds: int, *, takers: tuple[int, ...]) -> list[Event]:
    """A pool of two connections that were put back some times each, and are now with the takers."""
    names = ("one", "two")
    events: list[Event] = [QueuePut(0.0, 1, name, number, 0, MAIN) for number, name in enumerate(names, 1)]
    for _ in range(rounds):
        for name in names:
            events += [QueueGot(0.0, 1, name, 1, 0, 0, MAIN), QueuePut(0.0, 1, name, 2, 0, MAIN)]
    return events + [QueueGot(0.0, 1, name, 1 - number, 0, 0, takers[number]) for number, name in enumerate(names)]


GETS = Wait("queue.get", 1, file="app.py", line=7)
PUTS = Wait("queue.put", 1, file="app.py", line=9)
JOINS = Wait("queue.join", 1, file="app.py", line=11)


def test_a_pool_is_likely_drained_where_all_who_have_its_items_wait_for_one_more() -> None:
    waits = [_waits(task, GETS) for task in (FIRST, SECOND)]
    held = [_waits(MAIN, Wait("task", tasks=(FIRST,))), *waits, Outside(5.0, timers=1)]
    assert _said(_found(*_pool(3, takers=(FIRST, SECOND)), *held)) == [("pool-drained", "likely", FIRST)]
    # Once each is how often a queue of work may try a job again; and main may yet put back what it has.
    assert _said(_found(*_pool(1, takers=(FIRST, SECOND)), *held)) == []
    assert _said(_found(*_pool(3, takers=(FIRST, FIRST)), *held)) == []


def test_a_pool_is_likely_drained_where_who_waits_has_begun_whoever_waits_for_one_more() -> None:
    """As wait_for() does up to Python 3.11: the task that it makes waits for what its maker has."""
    waits = [_waits(FIRST, GETS), _waits(SECOND, Wait("wait_for", tasks=(FIRST,))), _waits(MAIN, Wait("event", 1))]
    said = _said(_found(*_pool(3, takers=(FIRST, SECOND)), *waits, IDLE))
    assert ("pool-drained", "likely", FIRST) in said


@pytest.mark.parametrize(("at", "said"), [(0.9, []), (1.2, [("pool-drained", "likely", FIRST)])])
def test_a_pool_is_likely_drained_where_who_waits_with_a_timeout_gets_no_item_of_a_task_that_has_failed(
    at: float, said: list[tuple[str, str, int]]
) -> None:
    timed = [*_fails(FIRST), TimeoutStarted(0.1, 1, 9.0, SECOND), _waits(SECOND, GETS)]
    sleeps = _waits(MAIN, Wait("sleep", deadline=9.0))
    assert _said(_found(*_pool(3, takers=(FIRST, FIRST)), *timed, sleeps, LoopLagged(at, 0.0))) == said


def _is_cut_short(task: int, timeout: int) -> list[Event]:
    """A task's wait of its own is cut short by a timeout, and it ends."""
    waits = [TimeoutStarted(0.1, timeout, 0.2, task), _waits(task, Wait("sleep", file="app.py", line=20))]
    ready = [TimeoutExpired(0.2, timeout), TaskReady(0.2, task, "cancel"), StepStarted(0.2, task)]
    return [*waits, *ready, StepEnded(0.2, task, 0.0, ends=True), TaskEnded(0.2, task, "done", "None")]


def test_it_is_told_where_a_timeout_cut_short_who_never_releases() -> None:
    permits = [PrimitiveCreated(0.0, 1, "semaphore", 1, 2), PrimitiveChanged(0.1, 1, 1, FIRST)]
    waits = [_waits(MAIN, Wait("semaphore", 1, file="app.py", line=8)), IDLE]
    both = [PrimitiveChanged(0.1, 1, 0, SECOND), *_is_cut_short(FIRST, 1), *_is_cut_short(SECOND, 2)]
    one = [PrimitiveChanged(0.1, 1, 0, FIRST), *_is_cut_short(FIRST, 1), *_fails(SECOND)]
    found = [*_found(*permits, *both, *waits), *_found(*permits, *one, *waits)]
    assert [each.text.rpartition(" and ")[2] for each in found] == [
        "ended at 0.200 s, each after a cancel in its wait at app.py:20",
        "ended at 0.200 s, after a cancel in its wait at app.py:20",
    ]


def test_who_waited_in_vain_is_found_where_it_waited_however_many_gave_up_before() -> None:
    held = [PrimitiveCreated(0.0, 1, "semaphore", 1, 1), PrimitiveChanged(0.1, 1, 0, FIRST), *_fails(FIRST)]
    wait = Wait("semaphore", 1, file="app.py", line=8)
    waits: list[Event] = []
    for task in range(10, 10 + SOURCES_KEPT):
        waits += [TaskCreated(0.1, task, "late", "late", MAIN), StepStarted(0.1, task), StepEnded(0.1, task, 0.0)]
        waits += [_waits(task, wait), *_fails(task)]
    waits += [*_fails(SECOND), *_fails(MAIN), TaskCreated(0.1, 9, "last", "last", file="app.py", line=35)]
    waits += [StepStarted(0.1, 9), StepEnded(0.1, 9, 0.0), _waits(9, wait), IDLE]
    interrupted = [TaskCancelRequested(6.0, 9), TaskReady(6.0, 9, "cancel"), StepStarted(6.0, 9)]
    ends = [StepEnded(6.0, 9, 0.0, ends=True), TaskEnded(6.0, 9, "cancelled"), RunEnded(6.0, "cancelled")]
    findings = _found(*held, *waits, *interrupted, *ends)
    assert {(each.rule, each.place) for each in findings} == {("never-released", ("app.py", 8))}


def test_a_lock_is_likely_never_released_to_who_waits_with_a_timeout() -> None:
    held = [PrimitiveCreated(0.0, 1, "lock", 1), PrimitiveChanged(0.1, 1, 1, FIRST), *_fails(FIRST)]
    waits = [TimeoutStarted(0.1, 1, 9.0, SECOND), _waits(SECOND, Wait("lock", 1))]
    sleeps = _waits(MAIN, Wait("sleep", deadline=9.0))
    assert _said(_found(*held, *waits, sleeps, LoopLagged(0.9, 0.0))) == []
    assert _said(_found(*held, *waits, sleeps, LoopLagged(1.2, 0.0))) == [("never-released", "likely", FIRST)]


@pytest.mark.parametrize(
    ("sources", "idle", "said"),
    [
        ((MAIN,), LISTENING, [("join-without-task-done", "likely", MAIN)]),
        ((MAIN,), IDLE, [("join-without-task-done", "proved", MAIN)]),
        ((MAIN, SECOND), LISTENING, []),
        ((MAIN, None), LISTENING, []),
        ((MAIN,), LoopLagged(0.9, 0.0), []),
        ((MAIN,), LoopLagged(1.2, 0.0), [("join-without-task-done", "likely", MAIN)]),
    ],
    ids=["a server lives", "nothing can wake it", "more may be put", "by a callback, too", "not for long", "for long"],
)
def test_join_waits_in_vain_where_all_who_took_items_wait_for_the_next(
    sources: tuple[int | None, ...], idle: Event, said: list[tuple[str, str, int]]
) -> None:
    puts = [QueuePut(0.0, 1, "job", 1, number, source) for number, source in enumerate(sources, 1)]
    gets = [QueueGot(0.0, 1, "job", 0, len(sources), 0, FIRST) for _ in sources]
    sleeps = _waits(SECOND, Wait("sleep", deadline=9.0) if idle is not IDLE else Wait("future"))
    assert _said(_found(*puts, *gets, _waits(FIRST, GETS), _waits(MAIN, JOINS), sleeps, idle)) == said


def test_a_join_with_a_timeout_is_told_of_whoever_waits_for_it() -> None:
    """Up to Python 3.11 wait_for() makes a task of join(), another one for each try."""
    taken = [QueuePut(0.0, 1, "job", 1, 1, MAIN), QueueGot(0.0, 1, "job", 0, 1, 0, FIRST), _waits(FIRST, GETS)]
    waits = [_waits(SECOND, JOINS), _waits(MAIN, Wait("wait_for", tasks=(SECOND,), deadline=9.0))]
    assert _said(_found(*taken, *waits, LoopLagged(2.0, 0.0))) == [("join-without-task-done", "likely", MAIN)]


def test_who_waits_in_join_for_an_item_of_its_own_is_named_and_not_who_waits_for_it() -> None:
    taken = [QueuePut(0.0, 1, "last", 1, 1, MAIN), QueueGot(0.0, 1, "last", 0, 1, 0, FIRST)]
    waits = [_waits(FIRST, JOINS), _waits(MAIN, Wait("wait", tasks=(FIRST,)))]
    (finding,) = _found(*taken, *waits, _waits(SECOND, Wait("future")), IDLE)
    assert (finding.rule, finding.task) == ("join-without-task-done", FIRST)
    assert finding.text.endswith("only it itself has taken items: it waits for itself")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], [("consumer-gone", "likely", SECOND)]),
        ([TaskReady(0.1, MAIN, "task", FIRST), StepStarted(0.1, MAIN), StepEnded(0.1, MAIN, 0.0)], []),
        ([TimeoutStarted(0.1, 1, 9.0, SECOND)], []),
    ],
    ids=["nobody knows", "who knows may begin another", "a timeout"],
)
def test_a_consumer_has_failed_while_the_loop_waits_for_io(more: list[Event], said: list[tuple[str, str, int]]) -> None:
    filled = [QueuePut(0.0, 1, "job", size, size, SECOND) for size in (1, 2)]
    taken = [QueueGot(0.0, 1, "job", 1, 2, 0, FIRST), QueuePut(0.0, 1, "job", 2, 3, SECOND)]
    assert _said(_found(*filled, *taken, _waits(SECOND, PUTS), *_fails(FIRST), *more, LISTENING)) == said


def test_who_notified_a_condition_is_gone_with_the_cancel_of_another() -> None:
    condition = [PrimitiveCreated(0.0, 1, "condition", 1), ConditionNotified(0.0, 1, 1, FIRST)]
    request = Wait("task", tasks=(SECOND,), file="app.py", line=5)
    cancelled = [TaskCancelRequested(0.1, SECOND, MAIN), TaskReady(0.1, SECOND, "cancel", MAIN)]
    cancelled += [StepStarted(0.1, SECOND), StepEnded(0.1, SECOND, 0.0, ends=True), TaskEnded(0.1, SECOND, "cancelled")]
    ends = [TaskReady(0.1, FIRST, "task", SECOND), StepStarted(0.1, FIRST), StepEnded(0.1, FIRST, 0.0, ends=True)]
    waits = [_waits(MAIN, Wait("condition", 1)), Outside(0.9, timers=1)]
    findings = _found(*condition, _waits(FIRST, request), *cancelled, *ends, TaskEnded(0.1, FIRST, "done"), *waits)
    assert _said(findings) == [("cancel-of-another", "proved", FIRST)]
    assert findings[0].place == ("app.py", 5)


@pytest.mark.parametrize("asked", [False, True])
def test_a_cancel_is_shared_where_one_caller_cancels_what_another_waits_for(asked: bool) -> None:
    waits = _waits(SECOND, Wait("future", file="app.py", line=7))
    requests = [TaskCancelRequested(0.1, SECOND, MAIN)] if asked else []
    hit = [CancelShared(0.1, SECOND, FIRST), TaskReady(0.1, SECOND, "task", FIRST), StepStarted(0.1, SECOND)]
    ends = [StepEnded(0.1, SECOND, 0.0, ends=True), TaskEnded(0.1, SECOND, "cancelled"), Outside(0.6, io=1)]
    findings = _found(waits, *requests, *hit, *ends)
    assert [(each.rule, each.task, each.place) for each in findings] == (
        [] if asked else [("shared-cancel", SECOND, ("app.py", 7))]
    )


@pytest.mark.parametrize(
    ("wait", "said"),
    [(None, [("shared-cancel", "likely", 5)]), (Wait("future"), [])],
    ids=["it has waited for nothing", "it has waited for what may be cancelled by itself"],
)
def test_who_ends_cancelled_unasked_may_have_awaited_what_an_earlier_cancel_hit(
    wait: Wait | None, said: list[tuple[str, str, int]]
) -> None:
    made = [TaskCreated(0.1, 4, "load", "load", FIRST), TaskCreated(0.1, 5, "later", "first", MAIN)]
    waits = [_waits(FIRST, Wait("task", tasks=(4,), file="app.py", line=7)), _waits(MAIN, Wait("sleep"))]
    asked = [TaskCancelRequested(0.2, 4, MAIN), TaskCancelRequested(0.2, FIRST, MAIN)]
    ends = [TaskEnded(0.2, 4, "cancelled"), TaskEnded(0.2, FIRST, "cancelled")]
    begins = [StepStarted(0.3, 5), StepEnded(0.3, 5, 0.0), *([_waits(5, wait)] if wait else [])]
    ready = [TaskReady(0.4, 5, "task", SECOND), StepStarted(0.4, 5), StepEnded(0.4, 5, 0.0, ends=True)]
    found = _found(*made, *waits, *asked, *ends, *begins, *ready, TaskEnded(0.4, 5, "cancelled"), LISTENING)
    assert _said(found) == said


def test_a_librarys_lookup_is_found_where_the_code_waits_that_has_asked_for_it() -> None:
    full = ExecutorFull(0.6, "getaddrinfo", 0.6, 1, (), 2, FIRST)
    (finding,) = _found(_waits(MAIN, Wait("library", library="aiohttp", file="app.py", line=2)), full)
    assert (finding.rule, finding.place) == ("executor-full", ("app.py", 2))


@pytest.mark.parametrize("then", [LISTENING, IDLE], ids=["others go on", "nothing else goes on"])
def test_a_timeout_that_waits_for_a_task_shows_that_it_ignores_its_cancel(then: Event) -> None:
    """As wait_for() does since Python 3.12: it has waited for the task all the time."""
    sleep, pause = Wait("event", 1, file="app.py", line=3), Wait("sleep", file="app.py", line=6)
    waits = [_waits(MAIN, Wait("wait_for", tasks=(FIRST,))), TimeoutStarted(0.1, 1, 0.2, MAIN), _waits(FIRST, sleep)]
    asked = [TimeoutExpired(0.2, 1), TaskCancelRequested(0.2, FIRST, MAIN), TaskReady(0.2, FIRST, "timer")]
    cleans = [StepStarted(0.2, FIRST), StepEnded(0.2, FIRST, 0.0), TaskWaiting(0.2, FIRST, pause)]
    again = [TaskReady(0.3, FIRST, "timer"), StepStarted(0.3, FIRST), StepEnded(0.3, FIRST, 0.0)]
    goes_on = [TaskWaiting(0.3, FIRST, sleep), CancelIgnored(0.3, FIRST, by=MAIN)]
    found = _found(*waits, *asked, *cleans, *again, *goes_on, then)
    assert _said(found) == [("ignored-cancel", "proved", FIRST)]


def test_a_standstill_names_those_who_failed_before() -> None:
    waits = [_waits(task, Wait("event", task, file="app.py", line=task)) for task in (MAIN, SECOND)]
    (finding,) = _found(*waits, TaskEnded(0.2, FIRST, "failed", "ValueError: no"), IDLE)
    assert finding.rule == "standstill"
    assert "'first' failed at 0.200 s with ValueError: no" in finding.text


def test_a_standstill_names_those_whom_the_cancel_of_another_has_ended() -> None:
    awaited = Wait("task", tasks=(FIRST,), file="app.py", line=5)
    cancelled = [_waits(SECOND, awaited), TaskCancelRequested(0.1, FIRST, MAIN), TaskEnded(0.1, FIRST, "cancelled")]
    ends = [TaskReady(0.1, SECOND, "task", FIRST), StepStarted(0.1, SECOND), TaskEnded(0.1, SECOND, "done")]
    (finding,) = _found(*cancelled, *ends, _waits(MAIN, Wait("event", 1)), IDLE)
    assert (finding.rule, finding.text.count("'first'")) == ("standstill", 1)
    assert finding.text.endswith("'second' ended at 0.100 s, as 'first' was cancelled")


def test_a_standstill_names_those_who_were_cancelled_though_nobody_had_asked() -> None:
    ends = [StepStarted(0.1, FIRST), TaskEnded(0.1, FIRST, "cancelled")]
    asked = [TaskCancelRequested(0.1, SECOND, MAIN), StepStarted(0.1, SECOND), TaskEnded(0.1, SECOND, "cancelled")]
    (finding,) = _found(*ends, *asked, _waits(MAIN, Wait("event", 1)), IDLE)
    assert "'first' was cancelled at 0.100 s, though nobody had asked for that" in finding.text
    assert "'second'" not in finding.text


def test_a_standstill_names_whoever_was_cancelled_where_nobody_failed() -> None:
    stood = _waits(FIRST, Wait("sleep", file="app.py", line=7))
    asked = [TaskCancelRequested(0.2, FIRST, MAIN), StepStarted(0.2, FIRST), TaskEnded(0.2, FIRST, "cancelled")]
    waits = [_waits(task, Wait("event", task)) for task in (MAIN, SECOND)]
    (finding,) = _found(stood, *asked, *waits, IDLE)
    assert finding.text.endswith("'first' was cancelled by 'main' (app.py:7) and ended at 0.200 s")


def test_a_standstill_names_nobody_who_may_have_cancelled_a_task() -> None:
    stood = _waits(FIRST, Wait("sleep", file="app.py", line=7))
    asked = [TaskCancelRequested(0.2, FIRST), StepStarted(0.2, FIRST), TaskEnded(0.2, FIRST, "cancelled")]
    (finding,) = _found(stood, *asked, *(_waits(task, Wait("event", task)) for task in (MAIN, SECOND)), IDLE)
    assert finding.text.endswith("'first' was cancelled (app.py:7) and ended at 0.200 s")


def test_a_standstill_tells_of_timeouts_where_everything_has_ended_as_it_should() -> None:
    expired = [TimeoutStarted(0.0, 1, 0.2, FIRST), TimeoutExpired(0.2, 1), TaskEnded(0.3, FIRST, "done")]
    waits = [_waits(task, Wait("condition", 1)) for task in (MAIN, SECOND)]
    (finding,) = _found(*waits, *expired, IDLE)
    assert (finding.rule, finding.text.count("expired")) == ("standstill", 1)
    assert finding.text.endswith("a timeout of 'first' expired at 0.200 s")


def test_of_cancels_that_a_task_ignored_at_one_place_the_first_is_told() -> None:
    goes_on = _waits(FIRST, Wait("sleep", file="app.py", line=7))
    ignored = [CancelIgnored(at, FIRST, by_timeout=True) for at in (0.2, 0.3)]
    (finding,) = _found(goes_on, *ignored, RunEnded(0.4, "cancelled"))
    assert finding.at == 0.2


def test_which_function_would_have_woken_a_task_is_told_and_what_became_of_who_ran_it() -> None:
    waits = [_waits(task, Wait("event", 1, file="app.py", line=7)) for task in (MAIN, SECOND)]
    idle = Outside(0.9, wakers=(Waker(SECOND, "first", "app.py", 4),))
    (finding,) = _found(*_fails(FIRST), PrimitiveCreated(0.0, 1, "event", 1), *waits, idle)
    assert "nobody has set (app.py:7): first sets it (app.py:4), and 'first', which ran that, failed" in finding.text


def test_who_has_cleared_an_event_is_told_of_whoever_waits_for_it() -> None:
    changes = [PrimitiveChanged(0.1, 1, 1, FIRST), PrimitiveChanged(0.1, 1, 0, SECOND)]
    waits = [_waits(task, Wait("event", 1)) for task in (MAIN, FIRST, SECOND)]
    (finding,) = _found(PrimitiveCreated(0.0, 1, "event", 1), *changes, *waits, IDLE)
    assert "waits for event#1, last set by 'first', and cleared by 'second' since" in finding.text


@pytest.mark.parametrize(
    ("stranded", "serves", "said"),
    [((), False, "likely"), ((MAIN,), False, "proved"), ((MAIN,), True, "proved")],
    ids=["others may wake it", "nothing can", "nothing can, and a server goes on"],
)
def test_an_unseen_failure_is_why_nothing_can_wake_a_task(stranded: tuple[int, ...], serves: bool, said: str) -> None:
    waits = [_waits(MAIN, Wait("event", 1)), _waits(SECOND, Wait("sleep"))]
    fails = [*_fails(FIRST), FailureUnseen(1.2, FIRST, (MAIN,)), TasksStranded(1.3, stranded, serves=serves)]
    assert _said(_found(*waits, *fails, LISTENING)) == [("unseen-failure", said, FIRST)]


@pytest.mark.parametrize(("serves", "said"), [(False, ""), (True, ", unless it is there to keep a server running")])
def test_a_main_task_that_nothing_can_wake_may_let_a_server_go_on(serves: bool, said: str) -> None:
    (finding,) = _found(
        _waits(MAIN, Wait("future", file="app.py", line=7)), TasksStranded(3.0, (MAIN,), serves=serves), LISTENING
    )
    assert (finding.rule, finding.certainty) == ("partial-deadlock", "likely" if serves else "proved")
    assert finding.text.endswith(f"'main' waits for a future (app.py:7){said}")


def test_a_lock_is_not_held_long_by_who_can_never_go_on() -> None:
    holds = [PrimitiveCreated(0.0, 1, "lock", 1), PrimitiveChanged(0.1, 1, 1, FIRST), _waits(FIRST, Wait("event", 1))]
    hangs = [_waits(MAIN, Wait("lock", 1, (FIRST,))), TasksStranded(1.3, (MAIN, FIRST)), LoopLagged(4.0, 0.0)]
    assert [finding.rule for finding in _found(*holds, *hangs)] == ["partial-deadlock"]
    step = [StepStarted(5.0, FIRST), PrimitiveChanged(5.0, 1, 0, FIRST), StepEnded(5.0, FIRST, 0.0)]
    ends = [*step, RunEnded(5.0, "done")]
    assert [finding.rule for finding in _found(*holds, *hangs, *ends)] == ["partial-deadlock"]


def test_a_program_that_is_killed_has_the_findings_that_it_had_before() -> None:
    wait = Wait("future", file="app.py", line=7)
    handed = [_waits(FIRST, wait), _waits(SECOND, wait), TaskReady(0.1, FIRST, "callback")]
    lost = [HandoverLost(0.1, FIRST, "'connection'"), StepStarted(0.1, FIRST), TaskEnded(0.1, FIRST, "cancelled")]
    stranded = [_waits(MAIN, Wait("task", tasks=(SECOND,))), TasksStranded(3.0, (MAIN, SECOND))]
    findings = _said(_found(*handed, *lost, *stranded, LoopLagged(4.0, 0.0), RunEnded(5.0, "cancelled")))
    assert findings == [("lost-handover", "proved", FIRST)]


@pytest.mark.parametrize(
    ("made_each", "taken_each", "said"),
    [
        (0.01, 0.1, [("growing-queue", "likely", None)]),
        (0.01, 0.009, []),
        (0.0001, 0.1, []),
    ],
    ids=["made faster than they get through", "as fast", "all at once"],
)
def test_a_line_of_tasks_grows_where_nothing_makes_their_maker_wait(
    made_each: float, taken_each: float, said: list[tuple[str, str, int | None]]
) -> None:
    made: list[Event] = [PrimitiveCreated(0.0, 1, "semaphore", 1, 1)]
    for number in range(200):
        at = 0.1 + number * made_each
        made += [TaskCreated(at, 10 + number, "work", "work", MAIN, file="app.py", line=5)]
        made += [StepStarted(at, 10 + number), StepEnded(at, 10 + number, 0.0)]
        made += [TaskWaiting(at, 10 + number, Wait("semaphore", 1))]
    for number in range(30):
        at = 2.2 - (30 - number) * min(taken_each, 0.07)
        made += [PrimitiveChanged(at, 1, 1, None), PrimitiveChanged(at, 1, 0, None)]
    made.sort(key=lambda event: event.at)
    findings = _found(*made, LoopLagged(2.2, 0.0))
    assert [each for each in _said(findings) if each[0] == "growing-queue"] == said


def test_a_queue_that_changes_often_is_seen_to_grow_and_how_long_its_next_item_waits() -> None:
    changes: list[Event] = []
    for turn in range(4_000):  # 4,000 puts and 1,000 gets a second
        at, gets = turn / 4_000, turn // 4
        changes.append(QueuePut(at, 1, "x", turn + 1 - gets, 0, FIRST))
        if turn % 4 == 3:
            changes.append(QueueGot(at, 1, "x", turn - gets, 0, 0, SECOND))
    feed = EventFeed()
    feed.take([QueueCreated(0.0, 1, "Queue", 0), *changes])
    (finding,) = find_growing_queues(feed.state)
    assert "an item put now waits for some 2.999 s" in finding.text


@pytest.mark.parametrize(("releases", "said"), [(FIRST, ["lock-held-long"]), (SECOND, [])])
def test_a_lock_is_held_long_only_by_who_releases_it(releases: int, said: list[str]) -> None:
    found = _found(
        PrimitiveCreated(0.0, 1, "lock", 1),
        PrimitiveChanged(0.1, 1, 1, FIRST),
        _waits(MAIN, Wait("lock", 1, (FIRST,))),
        StepStarted(3.0, releases),
        PrimitiveChanged(3.0, 1, 0, releases),
        StepEnded(3.0, releases, 0.0),
        RunEnded(3.0, "done"),
    )
    assert [finding.rule for finding in found] == said


@pytest.mark.parametrize(
    ("waiting", "said"),
    [((SECOND,), "'second' waits for the lock"), ((MAIN, SECOND), "'main' and 'second' wait for the lock")],
)
def test_who_waits_for_a_lock_that_is_held_for_long_is_told_in_grammar(waiting: Sequence[int], said: str) -> None:
    taken = [PrimitiveCreated(0.0, 1, "lock", 1, 0), PrimitiveChanged(0.0, 1, 1, FIRST)]
    waits = [_waits(task, Wait("lock", 1, (FIRST,))) for task in waiting]
    (finding,) = _found(
        *taken, *waits, _waits(FIRST, Wait("sleep", deadline=9.0)), ClockChanged(5.0, False, 1.0, False)
    )
    assert said in finding.text


@pytest.mark.parametrize(("still", "said"), [((), 1), ((0.5,), 1), ((0.3, 0.5, 0.7), 0)])
def test_a_queue_grows_though_the_machine_stands_still_for_a_while(still: Collection[float], said: int) -> None:
    times = [number / 100 for number in range(161)]
    went_on = [at for at in times if not any(begin <= at / 1.6 < begin + 0.14 for begin in still)]
    puts = [QueuePut(at, 2, "job", size, size, FIRST) for size, at in enumerate(went_on, 1)]
    begin = [
        QueueCreated(0.0, 2, "Queue", 0),
        QueuePut(0.0, 2, "job", 1, 1, FIRST),
        QueueGot(0.0, 2, "job", 0, 0, 0, SECOND),
    ]
    found = _found(*begin, *puts)
    assert sum(finding.rule == "growing-queue" for finding in found) == said


def _permits(value: int, task: int, *, taker: int | None = None) -> PrimitiveChanged:
    return PrimitiveChanged(0.1, 1, value, task, taker=taker)


def test_who_alone_took_all_permits_is_named_though_others_gave_some_back() -> None:
    made = PrimitiveCreated(0.0, 1, "semaphore", 1, 2)
    taken = [_permits(1, FIRST), _permits(0, FIRST), _permits(1, SECOND), _permits(0, FIRST)]
    waits = [_waits(FIRST, Wait("semaphore", 1, file="app.py", line=4)), _waits(MAIN, Wait("task", tasks=(FIRST,)))]
    (finding,) = _found(made, *taken, *_fails(SECOND), *waits, IDLE)
    assert "whose permits were all taken by 'first'" in finding.text


@pytest.mark.parametrize(("until", "said"), [(2.5, [("lock-held-long", "likely", FIRST)]), (1.0, [])])
def test_a_lock_is_held_for_long_to_those_who_gave_up(until: float, said: list[tuple[str, str, int]]) -> None:
    taken = [PrimitiveCreated(0.0, 1, "lock", 1, 0), PrimitiveChanged(0.0, 1, 1, FIRST)]
    waits = [_waits(SECOND, Wait("lock", 1, (FIRST,))), _waits(FIRST, Wait("sleep", deadline=3.0))]
    given_up = [TaskReady(until, SECOND, "timer"), StepStarted(until, SECOND), StepEnded(until, SECOND, 0.0, ends=True)]
    released = [TaskEnded(until, SECOND, "done"), TaskReady(3.0, FIRST, "timer"), StepStarted(3.0, FIRST)]
    assert _said(_found(*taken, *waits, *given_up, *released, PrimitiveChanged(3.0, 1, 0, FIRST))) == said


def test_a_standstill_tells_first_who_waits_for_no_task() -> None:
    waits = [
        _waits(MAIN, Wait("task", tasks=(FIRST,))),
        _waits(FIRST, Wait("event", 1)),
        _waits(SECOND, Wait("event", 2)),
    ]
    (finding,) = _found(*waits, IDLE)
    assert (finding.rule, finding.task) == ("standstill", FIRST)
    assert finding.text.index("'first' waits for event#1") < finding.text.index("'main' waits for task 'first'")


def test_a_queue_that_grows_names_its_last_reader_if_that_has_ended() -> None:
    feed = EventFeed()
    made = [TaskCreated(0.0, task, "read", "read", None) for task in (MAIN, FIRST)]
    events: list[Event] = [*made, QueueCreated(0.0, 1, "Queue", 0), QueuePut(0.0, 1, "x", 1, 0, MAIN)]
    events += [StepStarted(0.0, FIRST), QueueGot(0.0, 1, "x", 0, 0, 0, FIRST), StepEnded(0.0, FIRST, 0.0, ends=True)]
    events.append(TaskEnded(0.0, FIRST, "done"))
    events += [QueuePut(0.01 * number, 1, "x", number, 0, MAIN) for number in range(1, 200)]
    feed.take(events)
    (finding,) = find_growing_queues(feed.state)
    assert "1 got, last by 'read', which ended at" in finding.text


@pytest.mark.parametrize("takers", [(FIRST,), (FIRST, SECOND)])
def test_tasks_that_fill_a_queue_from_which_only_they_take_are_told_at_once(takers: tuple[int, ...]) -> None:
    taken = [
        each for task in takers for each in (QueuePut(0.0, 1, "x", 1, 0, MAIN), QueueGot(0.0, 1, "x", 0, 0, 0, task))
    ]
    full = [QueuePut(0.0, 1, "x", number, 0, MAIN) for number in (1, 2)]
    (finding,) = _found(*taken, *full, *(_waits(task, PUTS) for task in takers), _waits(MAIN, Wait("event", 1)), IDLE)
    who = "they themselves take" if len(takers) > 1 else "it itself takes"
    assert finding.text.endswith(f": only {who} from it")


@pytest.mark.parametrize(("idle", "certainty"), [(LISTENING, "likely"), (IDLE, "proved")])
def test_an_item_was_lost_where_nothing_else_brings_one_to_who_waits_for_it(idle: Event, certainty: str) -> None:
    lost = [QueuePut(0.0, 1, "job", 1, 1, MAIN), QueueGot(0.0, 1, "job", 0, 1, 0, FIRST), ItemLost(0.1, FIRST, "job")]
    waits = [_waits(MAIN, Wait("task", tasks=(SECOND,))), _waits(SECOND, GETS), _waits(FIRST, Wait("future"))]
    said = [(finding.rule, finding.certainty) for finding in _found(*lost, *waits, idle)]
    assert ("abandoned-get", certainty) in said


@pytest.mark.parametrize(("wait", "found"), [(Wait("lock", 1), True), (Wait("event", 1), False)])
def test_a_lock_is_released_by_another_that_has_given_up_waiting_for_it(wait: Wait, found: bool) -> None:
    """Others may hand it on: a task that waited for something else may release it for its holder."""
    held = [PrimitiveCreated(0.0, 1, "lock", 1), PrimitiveChanged(0.1, 1, 1, FIRST), _waits(SECOND, wait)]
    cancelled = [TaskCancelRequested(0.2, SECOND, MAIN), TaskReady(0.2, SECOND, "cancel"), StepStarted(0.2, SECOND)]
    released = PrimitiveChanged(0.2, 1, 0, SECOND, file="app.py", line=7)
    handed_on = [PrimitiveChanged(0.2, 1, 0, FIRST), PrimitiveChanged(0.2, 1, 1, MAIN)]
    for since in ([], handed_on):
        said = _said(_found(*held, *cancelled, *since, released, StepEnded(0.2, SECOND, 0.0)))
        assert said == [("released-by-another", "proved", SECOND)] * found
