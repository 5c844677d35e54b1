"""Tests the words for events that show a finding. They are in a golden file."""

from asynclab.model import events
from asynclab.model.wording.occurrence import kind_and_task, occurrence
from tests.golden_files import Golden
from tests.model.short_histories import MAIN, TEA, tea_party

WAIT = events.Wait("queue.get", 1, file="/home/a/cafe.py", line=4)

SEEN: tuple[events.Event, ...] = (
    events.TaskWaiting(1.0, TEA, WAIT),
    events.TaskReady(1.0, TEA, "timer"),
    events.TaskEnded(1.0, TEA, "failed", "ValueError: boom"),
    events.TaskCancelRequested(1.0, TEA, MAIN),
    events.TaskCancelRequested(1.0, TEA),
    events.CancelIgnored(1.0, TEA),
    events.TaskCollected(1.0, TEA),
    events.CoroutineDropped(1.0, "brew"),
    events.ExceptionDropped(1.0, TEA),
    events.ExceptionDropped(1.0, None),
    events.ResultUnread(1.0, TEA),
    events.ItemLost(1.0, TEA, "'item'", "app.py", 5),
    events.StreamUnread(1.0, TEA, "", 1, 100),
    events.TaskCutOff(1.0, TEA),
    events.TaskCutOff(1.0, TEA, by_close=True),
    events.GeneratorKilled(1.0, TEA, "menu", "app.py", 5),
    events.TaskReplaced(1.0, TEA, MAIN, "Bar.task"),
    events.TaskReplaced(1.0, TEA, MAIN, "", 9),
    events.ConnectionDropped(1.0, "connection to 127.0.0.1:80", TEA, "app.py", 5),
    events.WriteUndrained(1.0, TEA, 1_000_000, 10, "app.py", 5),
    events.WriteUndrained(1.0, TEA, 0, 10, "app.py", 5, is_lost=True),
    events.LoopBlocked(1.0, None, 0.3, "/home/a/cafe.py", 9, "grind"),
    events.Outside(1.0),
    events.QueuePut(1.0, 1, "'tea'", 1, 1, TEA),
    events.LoopLagged(1.0, 0.1),
)


def test_what_shows_a_finding_is_told_as_a_clause(golden: Golden) -> None:
    state = tea_party()
    golden.check("occurrences", [(kind_and_task(event, state), occurrence(event, state)) for event in SEEN])
    assert kind_and_task(None, state) == ""
