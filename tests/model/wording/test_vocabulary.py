"""Tests every kind of wait, wake, deed and ending in each of its forms. They are in golden files."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias, get_args

import pytest

from asynclab.model import events
from asynclab.model.state import Block, ClockState, LabState
from asynclab.model.story.turns import Verb
from asynclab.model.tasks import StateWord
from asynclab.model.text import cell_width
from asynclab.model.wording import deed
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.model.wording.grammar import NAMES_LISTED, Forms, each_does, fitting, listed, names_of, sentence
from asynclab.model.wording.outcome import ending
from asynclab.model.wording.step_deeds import done, done_in_general
from asynclab.model.wording.wait import held_now, plain_wait, short_wait, waited
from asynclab.model.wording.wake import ENDED_BY_TASKS, Wake, ends, plain_wake, short_wake, woke_it
from tests.golden_files import Golden, Said
from tests.model.short_histories import COFFEE, MAIN, TEA, lab, tea_party

PRIMITIVES: tuple[events.PrimitiveKind, ...] = get_args(events.PrimitiveKind)

STATE = tea_party(
    events.QueueCreated(0.0, 1, "Queue", 3),
    *(events.PrimitiveCreated(0.0, number, kind, 1) for number, kind in enumerate(PRIMITIVES, 1)),
    events.PrimitiveChanged(0.0, 1, 1, COFFEE),
)
"""A lab with a bounded queue and one primitive of each kind; the lock, which tea had, has gone to coffee."""

TIMED = tea_party(events.TimeoutStarted(0.0, 1, 2.0, TEA))
"""A lab with a timeout of two seconds."""

NUMBERED = ("queue.get", "queue.put", "queue.join", *PRIMITIVES)


def every_wait() -> Iterator[tuple[str, events.Wait]]:
    """Each kind of wait with all its details, and without, if that is said otherwise."""
    for kind in get_args(events.WaitKind):
        number = 1 if kind in NUMBERED else 0
        tasks = (TEA, COFFEE) if kind in ("gather", "wait", "task_group") else (TEA,)
        known = events.Wait(
            kind, number, () if number and kind != "lock" else tasks, len(tasks), 2.0, library="aiohttp"
        )
        yield kind, known
        if plain_wait(events.Wait(kind), STATE) != plain_wait(known, STATE):
            yield f"{kind} (no details)", events.Wait(kind)


def all_of(forms: Forms) -> str:
    """All forms of one thing, the longest first."""
    return " | ".join(forms)


def test_waits(golden: Golden) -> None:
    said: list[Said] = []
    for name, wait in every_wait():
        said.append((f"{name}: short", all_of(short_wait(wait, STATE))))
        said.append((f"{name}: plain", all_of(plain_wait(wait, STATE))))
        said.append((f"{name}: story", waited(wait, "500 ms", STATE)))
    golden.check("waits", [*said, ("not looked at: story", waited(None, "500 ms", STATE))])


@pytest.mark.parametrize(("value", "said"), [(1, "lock#1 held by coffee"), (0, "lock#1")])
def test_a_wait_for_a_lock_names_who_has_it_now(value: int, said: str) -> None:
    state = tea_party(events.PrimitiveCreated(0.0, 1, "lock", 1), events.PrimitiveChanged(0.0, 1, value, COFFEE))
    wait = events.Wait("lock", 1, (TEA,), file="cafe.py", line=3)
    assert short_wait(wait, state) == (said, "lock#1")
    assert plain_wait(held_now(wait, state), state)[0] == f"waits for {said}"
    assert plain_wait(wait, state)[0] == "waits for lock#1 held by tea", "as it was when it began"


def test_a_wait_for_a_permit_names_who_has_one() -> None:
    state = tea_party(
        events.PrimitiveCreated(0.0, 1, "semaphore", 1, 2),
        events.PrimitiveChanged(0.0, 1, 1, COFFEE),
        events.PrimitiveChanged(0.0, 1, 0, MAIN),
    )
    assert short_wait(events.Wait("semaphore", 1), state) == ("semaphore#1 held by coffee and 1 more", "semaphore#1")


ENDINGS_OF_WAITS: dict[events.WaitKind, events.Event] = {
    "queue.get": events.QueuePut(1.0, 1, "'A1'", 1, 1, COFFEE),
    "queue.put": events.QueueGot(1.0, 1, "'A1'", 0, 1, 0, COFFEE),
    "queue.join": events.QueueTaskDone(1.0, 1, 0, COFFEE),
    **{kind: events.PrimitiveChanged(1.0, number, 1, COFFEE) for number, kind in enumerate(PRIMITIVES, 1)},
    "condition": events.ConditionNotified(1.0, 1 + PRIMITIVES.index("condition"), 1, COFFEE),
    **dict.fromkeys(sorted(ENDED_BY_TASKS), events.TaskEnded(1.0, COFFEE, "done")),
}
"""For each kind of wait that a task can end, what it does for that."""


def every_wake() -> Iterator[tuple[str, Wake]]:
    """Each cause of a wake, and each deed that ends a wait."""
    yield "yielded", Wake(None)
    for cause in get_args(events.WakeCause):
        yield cause, Wake(cause)
        yield f"{cause} by coffee", Wake(cause, COFFEE)
    yield "timer of a sleep", Wake("timer", wait=events.Wait("sleep"))
    yield "timer of a timeout", Wake("timer", timed_out=True)
    for kind, event in ENDINGS_OF_WAITS.items():
        yield f"{kind} ended by coffee", Wake("task", COFFEE, events.Wait(kind, 1), deed=event)


def test_wakes(golden: Golden) -> None:
    said: list[Said] = []
    for name, wake in every_wake():
        said.append((f"{name}: short", all_of(short_wake(wake, STATE))))
        said += [(f"{name}: plain", plain_wake(wake, STATE)), (f"{name}: story", woke_it(wake, STATE))]
    golden.check("wakes", said)


@pytest.mark.parametrize("kind", [kind for kind in ENDINGS_OF_WAITS if kind not in ENDED_BY_TASKS])
def test_a_deed_ends_a_wait_for_that_queue_or_primitive_alone(kind: events.WaitKind) -> None:
    event = ENDINGS_OF_WAITS[kind]
    assert ends(event, events.Wait(kind, 1), STATE)
    assert not ends(event, events.Wait(kind, 2), STATE)
    assert not any(ends(event, events.Wait(other, 1), STATE) for other in get_args(events.WaitKind) if other != kind)


def test_a_queue_is_joined_by_the_last_task_done_alone() -> None:
    assert not ends(events.QueueTaskDone(1.0, 1, 1), events.Wait("queue.join", 1), STATE)


def activity_forms() -> Iterator[tuple[str, Forms]]:
    """Each kind of activity line but those of waits and endings."""
    yield "put", deed.put(events.QueuePut(0.0, 1, "'A1'", 2, 2), STATE)
    yield "put, no bound", deed.put(events.QueuePut(0.0, 2, "'A1'", 2, 2), STATE)
    yield "got", deed.got(events.QueueGot(0.0, 1, "'A1'", 1, 2), STATE)
    yield "task_done", deed.task_done(events.QueueTaskDone(0.0, 1, 2), STATE)
    yield "shut down", deed.shut_down(events.QueueShutDown(0.0, 1, False), STATE)
    yield "shut down, immediate", deed.shut_down(events.QueueShutDown(0.0, 1, True), STATE)
    for primitive in STATE.primitives.values():
        yield f"{primitive.kind} rises", deed.changed(events.PrimitiveChanged(0.0, primitive.id, 1), STATE, 0)
        yield f"{primitive.kind} falls", deed.changed(events.PrimitiveChanged(0.0, primitive.id, 0), STATE, 1)
    yield "notify", deed.notified(events.ConditionNotified(0.0, 1 + PRIMITIVES.index("condition"), 2), STATE)
    yield "timeout", deed.timeout_started(events.TimeoutStarted(0.0, 1, 2.0), STATE)
    yield "timeout, no deadline", deed.timeout_started(events.TimeoutStarted(0.0, 1, None), STATE)
    yield "timeout of a library", deed.timeout_started(events.TimeoutStarted(0.0, 1, 300.0, library="aiohttp"), STATE)
    yield "timeout moved", deed.timeout_moved(events.TimeoutRescheduled(0.0, 1, 3.0), STATE)
    yield "timeout moved to no deadline", deed.timeout_moved(events.TimeoutRescheduled(0.0, 1, None), STATE)
    yield "timeout expired", deed.timeout_expired(events.TimeoutExpired(2.0, 1), TIMED)
    yield "timeout expired late", deed.timeout_expired(events.TimeoutExpired(2.5, 1), TIMED)
    yield "timeout met", deed.timeout_met(events.TimeoutMet(1.5, 1), TIMED)
    yield "timeout met, no deadline", deed.timeout_met(events.TimeoutMet(1.5, 1), STATE)
    yield "timeout missed, blocked", deed.timeout_met(events.TimeoutMet(2.5, 1, 0.5), TIMED)
    yield "timeout missed, busy", deed.timeout_met(events.TimeoutMet(2.01, 1, 0.01), TIMED)
    yield "cancel", deed.cancel_requested(events.TaskCancelRequested(0.0, TEA, MAIN), STATE)
    yield "cancel by itself", deed.cancel_requested(events.TaskCancelRequested(0.0, TEA, TEA), STATE)
    yield "cancel from outside", deed.cancel_requested(events.TaskCancelRequested(0.0, TEA), STATE)
    yield "created", deed.created(TEA, STATE)
    yield "woke", deed.woke(1.0)
    yield "chosen", deed.chosen(events.TaskChosen(0.0, TEA, COFFEE), STATE)
    yield "step blocks", deed.blocks_loop(events.LoopBlocked(0.0, TEA, 0.5, "/home/a/cafe.py", 9, "grind"))
    yield "callback blocks", deed.blocks_loop(events.LoopBlocked(0.0, None, 0.5, "", 0, "time.sleep"))
    yield "step blocked", deed.blocked_loop(0.5)
    yield "callback blocked", deed.blocked_loop(0.5, "time.sleep")
    yield "clock", (deed.clock_changed(events.ClockChanged(0.0, True, 0.5, True), ClockState(), is_over=False),)
    clock = ClockState(paused=True, speed=1.0, instant=True)
    yield "clock goes on", (deed.clock_changed(events.ClockChanged(0.0, False, 1.0, False), clock, is_over=False),)
    yield (
        "clock goes on for the clean-up",
        (deed.clock_changed(events.ClockChanged(0.0, False, 1.0, True), clock, is_over=True),),
    )


def block_forms() -> Iterator[tuple[str, Forms]]:
    """What the frame says of a loop that is blocked, or was."""
    report = events.LoopBlocked(0.3, TEA, 0.3, "/home/a/cafe.py", 9, "grind")
    long, short = Block(TEA, 0.0, 1.0, 1.0, report), Block(None, 1.0, 1.2, 0.2)
    yield "nothing blocked", deed.latest_blocks(STATE)
    yield "blocks now", deed.latest_blocks(replace(STATE, blocked=report, is_blocking=True, blocks=(long,)))
    yield "blocked once", deed.latest_blocks(replace(STATE, blocks=(long,)))
    yield "blocked twice", deed.latest_blocks(replace(STATE, blocks=(short, long)))
    yield "blocked by a callback", deed.latest_blocks(replace(STATE, blocks=(short,)))
    no_python = replace(short, report=events.LoopBlocked(1.2, None, 0.2, "", 0, "sleep"))
    yield "blocked outside Python", deed.latest_blocks(replace(STATE, blocks=(no_python,)))


MARKS: dict[str, events.Event] = {
    "put": events.QueuePut(0.0, 1, "'A1'", 2, 2),
    "got": events.QueueGot(0.0, 1, "'A1'", 1, 2),
    "task_done": events.QueueTaskDone(0.0, 1, 2),
    "shut down": events.QueueShutDown(0.0, 1, False),
    "lock": events.PrimitiveChanged(0.0, 1, 1),
    "semaphore": events.PrimitiveChanged(0.0, 2, 1),
    "primitive not kept": events.PrimitiveChanged(0.0, 99, 1),
    "notify": events.ConditionNotified(0.0, 1 + PRIMITIVES.index("condition"), 2),
    "notify not kept": events.ConditionNotified(0.0, 99, 2),
    "printed": events.Output(0.0, "tea is ready\n", TEA),
    "warned": events.Warned(0.0, "coroutine 'brew' was never awaited", TEA),
    "blocked": events.LoopBlocked(0.0, TEA, 0.5, "/home/a/cafe.py", 9, "grind"),
    "cancel": events.TaskCancelRequested(0.0, TEA, MAIN),
    "ended": events.TaskEnded(0.0, TEA, "done", "'tea'"),
    "collected": events.TaskCollected(0.0, TEA),
    "timeout": events.TimeoutStarted(1.0, 9, 3.0),
    "timeout, no deadline": events.TimeoutStarted(1.0, 9, None),
    "timeout expired": events.TimeoutExpired(2.0, 9),
    "timeout met": events.TimeoutMet(2.0, 9),
    "timeout missed": events.TimeoutMet(2.0, 9, 0.5),
    "anything else": events.TaskCreated(0.0, TEA, "tea", "brew"),
}
"""Each kind of mark on a timeline."""


def test_deeds(golden: Golden) -> None:
    said = [(f"{name}: plain", all_of(forms)) for name, forms in activity_forms()]
    said += [(f"{name}: frame", all_of(forms)) for name, forms in block_forms()]
    said += [(f"{name}: mark", deed.mark_text(event, STATE)) for name, event in MARKS.items()]
    golden.check("deeds", said)


def test_a_mark_knows_the_deadline_of_a_timeout_that_is_still_kept() -> None:
    state = tea_party(events.TimeoutStarted(0.0, 1, 2.0, TEA), events.TimeoutMet(1.5, 1))
    for event in (events.TimeoutMet(1.5, 1), events.TimeoutMet(2.5, 1, 0.5), events.TimeoutExpired(2.5, 1)):
        assert deed.mark_text(event, state) == deed.mark_text(event, TIMED) != deed.mark_text(event, STATE)


StepDeed: TypeAlias = tuple[Verb, int, list[str | int], int]


def every_change(*rises: int) -> Iterator[StepDeed]:
    for number in STATE.primitives:
        yield "changed", number, [*rises], len(rises)


STEP_DEEDS: list[StepDeed] = [
    ("created", 0, [TEA, COFFEE], 2),
    ("woke", 0, [TEA, COFFEE], 9),
    ("asked", 0, [TEA], 1),
    ("asked_itself", 0, [], 1),
    ("asked_itself", 0, [], 2),
    ("was_asked", 0, [COFFEE], 1),
    ("was_asked", 0, ["code outside of tasks"], 1),
    ("put", 1, ["'A1'", "'A2'"], 2),
    ("got", 1, ["'A1'", "'A2'", "'A3'"], 5),
    ("task_done", 1, [], 1),
    ("task_done", 1, [], 3),
    ("shut_down", 1, [], 1),
    *every_change(1),
    *every_change(1, 0),
    ("changed", 1, [1, 0, 1], 9),
    ("changed", 1, [], 2),
    ("changed", 99, [1], 1),
    ("notified", 1 + PRIMITIVES.index("condition"), [], 2),
    ("set_timeout", 0, [deed.timeout_text(2.0), deed.timeout_text(None)], 2),
    ("moved_timeout", 0, ["3.000 s", "no deadline"], 2),
    ("met_timeout", 0, ["timeout of 2.00 s with 0.500 s to spare"], 1),
    ("missed_timeout", 0, ["timeout of 2.00 s by 0.500 s (the loop was blocked)"], 1),
    ("timed_out", 0, ["timeout of 2.00 s"], 1),
    ("printed", 0, ["tea is ready"], 3),
    ("warned", 0, ["coroutine 'brew' was never awaited"], 1),
    ("blocked", 0, ["0.300 s in grind() at cafe.py line 9"], 1),
]
"""Each verb, with what it was done to."""


def test_step_deeds(golden: Golden) -> None:
    assert {verb for verb, *_ in STEP_DEEDS} == set(get_args(Verb))
    said: list[Said] = []
    for verb, resource, things, count in STEP_DEEDS:
        said.append((f"{verb} {count}×", done(verb, resource, things, count, STATE)))
        said.append((f"{verb} in general", done_in_general(verb, resource)))
    golden.check("step_deeds", list(dict.fromkeys(said)))


def test_endings(golden: Golden) -> None:
    endings = {
        "done": ending("done", "'tea'"),
        "done, no detail": ending("done", ""),
        "failed": ending("failed", "ValueError: boom"),
        "failed, two lines": ending("failed", "ValueError: two\nlines"),
        "cancelled": ending("cancelled", "CancelledError"),
    }
    golden.check("endings", [(name, all_of(forms)) for name, forms in endings.items()])


def test_the_longest_form_that_fits_is_taken() -> None:
    forms = ("ready again", "ready", "►")
    assert [fitting(forms, width) for width in (11, 10, 5, 4, 0)] == ["ready again", "ready", "ready", "►", "►"]


def test_no_form_is_longer_than_the_one_before() -> None:
    forms = [short_wait(wait, STATE) for _, wait in every_wait()] + [
        plain_wait(wait, STATE) for _, wait in every_wait()
    ]
    forms += [short_wake(wake, STATE) for _, wake in every_wake()] + [forms for _, forms in activity_forms()]
    forms += [forms for _, forms in block_forms()]
    assert [said for said in forms if list(map(len, said)) != sorted(map(len, said), reverse=True)] == []


def test_foreign_text_is_cleaned() -> None:
    state = lab(events.TaskCreated(0.0, 1, "\x1b[31mred", "brew"))
    assert short_wait(events.Wait("task", tasks=(1,)), state)[0] == "task ␛[31mred"
    assert plain_wait(events.Wait("library", library="lib\x07"), state) == ("waits inside lib␇",)
    assert deed.mark_text(events.QueuePut(0.0, 1, "\x07", 1, 1), state).startswith("put ␇ → queue#1")
    assert done("printed", 0, ["\x07"], 1, state) == "printed “␇”"


def test_only_the_first_of_many_names_are_listed() -> None:
    state = tea_party()
    assert names_of((MAIN, TEA), state) == "main, tea"
    assert names_of(range(1, 9), state) == "main, tea, coffee, task 4, task 5 and 3 more"


def test_a_list_has_an_and_and_a_sentence_a_capital_and_a_stop() -> None:
    assert [listed(parts) for parts in ([], ["a"], ["a", "", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert [sentence(text) for text in ("tea is ready", "ready?")] == ["Tea is ready.", "Ready?"]


def test_each_state_has_its_own_mark_one_cell_wide() -> None:
    assert set(GLYPHS) == set(get_args(StateWord))
    assert len(set(GLYPHS.values())) == len(GLYPHS)
    assert {cell_width(glyph) for glyph in GLYPHS.values()} == {1}


def test_of_many_tasks_in_one_sentence_those_that_do_the_same_are_named_once() -> None:
    same = [(number, "waits for lock#1") for number in range(3)]
    others = [(number, f"waits for 'task {number + 1}'") for number in range(10, 10 + NAMES_LISTED + 1)]
    said = each_does(LabState(), [*same, *others, *same])
    assert said[:2] == ["'task 0' waits for lock#1, and 5 like it", "'task 10' waits for 'task 11'"]
    assert said[NAMES_LISTED:] == ["2 tasks more"]
