"""Words for the events that show a finding."""

from __future__ import annotations

import pytest

from asynclab.model import events
from asynclab.model.state import LabState
from asynclab.model.wording.occurrence import kind_and_task, occurrence


@pytest.mark.parametrize(
    "event",
    [
        events.ResultUnread(1.0, 2),
        events.ItemLost(1.0, 2, "'item'", "app.py", 5),
        events.StreamUnread(1.0, 2, "", 1, 100),
        events.TaskCutOff(1.0, 2),
        events.ConnectionDropped(1.0, "connection to 127.0.0.1:80", 2, "app.py", 5),
        events.WriteUndrained(1.0, 2, 1_000_000, 10, "app.py", 5),
    ],
)
def test_what_shows_a_finding_is_told_as_a_clause(event: events.Event) -> None:
    state = LabState()
    assert occurrence(event, state) != kind_and_task(event, state)
