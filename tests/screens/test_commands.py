"""The declaration of commands: what it makes of keys, key bar and help, and that these can't disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from textual.binding import Binding

from asynclab.app import AsyncLabApp
from asynclab.screens.app_commands import APP_COMMANDS
from asynclab.screens.commands import GAP, BarEntry, Command, Situation, bar_entries, bindings_of, fit, shown_key
from asynclab.screens.fetch_lab_commands import FETCH_LAB_COMMANDS
from asynclab.screens.help import LAB_MARKS, help_text
from asynclab.screens.learn import LearnScreen
from asynclab.screens.learn_commands import LEARN_COMMANDS
from asynclab.widgets.cursor_view import CursorView
from asynclab.widgets.lane_cells import MARKS
from asynclab.widgets.timeline import TimelineView

COMMANDS = (*LEARN_COMMANDS, *APP_COMMANDS)

RUNNING = Situation(
    is_running=True, is_active=True, has_live_task=True, has_parameters=True, has_mistakes=True, has_lines=True
)


def bar(situation: Situation, width: int) -> str:
    return (" " * GAP).join(
        f"{entry.keys} {entry.name}" for entry in fit(bar_entries(COMMANDS, situation), width + GAP)
    )


def test_every_command_has_an_action_that_exists() -> None:
    for command in COMMANDS:
        owner: type = AsyncLabApp if command.action.startswith("app.") else LearnScreen
        assert hasattr(owner, f"action_{command.action.removeprefix('app.')}"), command.action


def test_every_command_says_what_it_does() -> None:
    for command in COMMANDS:
        assert command.help.endswith(".")
        assert command.name
        assert command.keys


def test_two_commands_share_a_key_only_where_one_of_them_applies() -> None:
    shared: dict[str, list[Command]] = {}
    for command in COMMANDS:
        for key in command.keys:
            shared.setdefault(key, []).append(command)
    situations = [Situation(), RUNNING, Situation(is_running=True, is_paused=True)]
    for key, commands in shared.items():
        for situation in situations:
            assert sum(command.applies(situation) for command in commands) <= 1, key


def test_each_key_gets_a_binding_with_an_id_of_its_own() -> None:
    bindings = bindings_of(COMMANDS)
    assert len({binding.id for binding in bindings}) == len(bindings)
    assert {binding.key for binding in bindings} == {key for command in COMMANDS for key in command.keys}


def test_the_key_becomes_the_argument_where_a_command_takes_it() -> None:
    command = Command("start_demo", ("1", "2"), "run", "Run.", "Demos", takes_key=True)
    assert [binding.action for binding in command.bindings()] == ["start_demo('1')", "start_demo('2')"]


@pytest.mark.parametrize(
    ("key", "shown"), [("ctrl+p", "^p"), ("comma", ","), ("question_mark", "?"), ("escape", "esc"), ("q", "q")]
)
def test_keys_are_written_as_a_person_reads_them(key: str, shown: str) -> None:
    assert shown_key(key) == shown


def test_the_bar_of_a_running_demo_at_80_columns_has_what_is_used_most() -> None:
    assert bar(RUNNING, 78) == ("0-9 run  space pause  n step  , . speed  c cancel  tab pane  ? help  q quit")


def test_the_bar_has_only_what_applies() -> None:
    idle = bar(Situation(in_list=True), 300)
    assert "pause" not in idle
    assert "cancel" not in idle
    assert "params" not in idle
    assert "resume" in bar(Situation(is_running=True, is_paused=True), 300)


@pytest.mark.parametrize("width", range(0, 200, 7))
def test_the_bar_never_is_wider_than_there_is_room(width: int) -> None:
    assert len(bar(RUNNING, width)) <= width


def test_help_and_quit_are_the_last_to_go() -> None:
    assert bar(RUNNING, 14) == "? help  q quit"


@pytest.mark.parametrize("commands", [LEARN_COMMANDS, FETCH_LAB_COMMANDS])
def test_the_way_back_is_named_wherever_there_is_one(commands: Sequence[Command]) -> None:
    for situation, way in (
        (replace(RUNNING, is_zoomed=True), "esc back"),
        (replace(RUNNING, has_filter=True), "esc back"),
        (replace(RUNNING, is_past=True), "esc now"),
        (replace(RUNNING, is_past=True, is_zoomed=True), "esc now"),
    ):
        entries = [f"{entry.keys} {entry.name}" for entry in fit(bar_entries(commands, situation), 78)]
        assert [entry for entry in entries if "esc" in entry] == [way]


def test_neighbours_share_an_entry() -> None:
    entries = [entry for entry in bar_entries(COMMANDS, RUNNING) if entry.name == "speed"]
    assert entries == [BarEntry(", .", "speed", "", entries[0].rank)]


def test_help_lists_every_key_of_every_command() -> None:
    lists = [binding for binding in CursorView.BINDINGS if isinstance(binding, Binding)]
    text = help_text(COMMANDS, {"Lists": lists}, LAB_MARKS).plain
    for command in COMMANDS:
        assert command.label in text
        assert command.help.split()[0] in text
    assert "down j" in text


def test_help_says_of_a_key_with_two_uses_when_each_applies() -> None:
    lines = help_text(COMMANDS, {}, LAB_MARKS).plain.splitlines()
    assert [line[14:].split(":")[0] for line in lines if line.startswith("space ")] == [
        "While lab time goes on",
        "While they are held",
    ]
    assert [line[14:] for line in lines if line.startswith("enter ")] == [
        "Run the selected demo, or run it again; enter does so in the",
        "On a task: tell its life in sentences: who made it, what it",
    ]
    assert not any(line.startswith("r ") for line in lines)


def test_help_explains_every_mark() -> None:
    text = help_text(COMMANDS, {}, LAB_MARKS).plain
    for mark in ("▸ ready", "► running", "◌ waiting", "✓ done", "✗ failed", "⊘ cancelled"):
        assert mark in text


def test_help_fits_into_80_columns() -> None:
    views = {"Lists": CursorView.BINDINGS, "Timeline": TimelineView.BINDINGS}
    assert max(map(len, help_text(COMMANDS, views, LAB_MARKS).plain.splitlines())) <= 80 - 5


def test_help_explains_every_mark_of_the_timeline() -> None:
    glyphs = {glyph for glyph, _ in MARKS.values()}
    explained = "".join(mark.drawn for mark in LAB_MARKS)
    assert [glyph for glyph in glyphs if glyph not in explained] == []
