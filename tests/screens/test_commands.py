"""Tests that keys, key bar, palette, help and README are made of the declared commands, and agree."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from asynclab.app import AsyncLabApp
from asynclab.fetch.row_lines import GLYPHS
from asynclab.model.lanes.lane import DRAWN, MARK_KINDS
from asynclab.screens.fetch.fetch_screen import FETCH_MARKS, FetchScreen
from asynclab.screens.learn.learn_screen import LearnScreen
from asynclab.screens.run.run_screen import RunScreen
from asynclab.screens.shared.command import GAP, BarEntry, Command, Commanding, bar_entries, fit, shown_key
from asynclab.screens.shared.command_screen import CommandScreen
from asynclab.screens.shared.help_page import LAB_MARKS, help_lines, key_rows
from asynclab.widgets.cursor_view import CursorView
from asynclab.widgets.event_marks import MARKS
from asynclab.widgets.fetch.waterfall import MARKS as PHASES
from asynclab.widgets.spans import plain, width_of
from asynclab.widgets.timeline import TimelineView
from tests.document_tables import check_table
from tests.screens.dashboard_stage import Stage, opened, read_help
from tests.screens.fetching import fetching

SCREENS: tuple[type[CommandScreen], ...] = (LearnScreen, FetchScreen, RunScreen)

VIEWS = {"Lists": CursorView.BINDINGS, "Timeline": TimelineView.BINDINGS}

COMMANDS = (*LearnScreen.commands, *AsyncLabApp.commands)


@asynccontextmanager
async def running(*keys: str) -> AsyncIterator[Stage]:
    """The Learn screen with the queue demo running, the focus on its tasks, and these keys pressed."""
    async with opened() as stage:
        await stage.press("7")
        await stage.until(lambda: stage.screen.has_past and stage.screen.has_lines)
        await stage.press("tab", *keys)
        yield stage


def bar(screen: CommandScreen, width: int = 300) -> str:
    return (" " * GAP).join(f"{entry.keys} {entry.name}" for entry in fit(screen.bar(), width + GAP))


class Kettle(Commanding):
    """Has commands, and no screen."""

    heat = 0

    @Command["Kettle"]("boil", key="b,ctrl+b", group="Run", rank=lambda kettle: kettle.heat, explains=True)
    def action_boil(self) -> None:
        """Boil the water
        at once.

        Not help any more.
        """

    @Command["Kettle"]("pour", key="p", group="Results", when=lambda kettle: kettle.heat > 0, rank=1)
    def action_pour(self) -> None:
        """Pour it."""


class QuietKettle(Kettle):
    """Overrides one action, and declares another one anew."""

    def action_boil(self) -> None:
        """Boil without a whistle."""

    @Command["QuietKettle"]("serve", key="p", group="Run", offered=lambda kettle: kettle.heat < 100)
    def action_pour(self) -> None:
        """Serve it."""


def test_a_command_is_what_its_method_declares_and_its_docstring_says() -> None:
    boil, pour = Kettle.commands
    assert (boil.action, boil.help, boil.keys) == ("boil", "Boil the water at once.", ("b", "ctrl+b"))
    assert (pour.action, pour.help, pour.title) == ("pour", "Pour it.", "pour (p)")


def test_a_subclass_inherits_the_declaration_and_has_its_own_help() -> None:
    told = {command.action: (command.name, command.help) for command in QuietKettle.commands}
    assert told == {"boil": ("boil", "Boil without a whistle."), "pour": ("serve", "Serve it.")}


def test_conditions_and_ranks_are_asked_of_whoever_has_the_command() -> None:
    kettle = Kettle()
    assert [entry.name for entry in bar_entries(kettle.own_offers)] == ["boil"]
    kettle.heat = 5
    assert [(entry.name, entry.rank) for entry in bar_entries(kettle.own_offers)] == [("boil", 5), ("pour", 1)]


def test_keys_of_what_does_not_apply_answer_only_to_explain() -> None:
    kettle, quiet = Kettle(), QuietKettle()
    assert kettle.answers("boil")
    assert not kettle.answers("pour")
    assert kettle.answers("something that is no command")
    quiet.heat = 100
    assert not quiet.answers("pour")


@pytest.mark.parametrize("owner", [*SCREENS, AsyncLabApp])
def test_every_command_says_what_it_does(owner: type[Commanding]) -> None:
    for command in owner.commands:
        assert command.help.endswith("."), command.action
        assert command.name


@pytest.mark.parametrize(
    ("keys", "ways"),
    [
        ((), []),
        (("space",), []),
        (("z",), ["esc back"]),
        (("slash", "o", "enter"), ["esc back"]),
        (("left_square_bracket",), ["esc now"]),
        (("z", "left_square_bracket"), ["esc now"]),
    ],
)
async def test_one_command_applies_to_a_key_and_the_way_back_is_named(keys: tuple[str, ...], ways: list[str]) -> None:
    async with running(*keys) as stage:
        assert [entry for entry in bar(stage.screen, 78).split("  ") if "esc" in entry] == ways
        applying = [key for offer in stage.screen.offers if offer.applies for key in offer.command.keys]
        assert {key: count for key, count in Counter(applying).items() if count > 1} == {
            "enter": 2  # the second is the list's own key, which explains a task only where there is no list
        } or max(Counter(applying).values()) == 1


@pytest.mark.parametrize("owner", [*SCREENS, AsyncLabApp])
def test_each_key_gets_a_binding_with_an_id_of_its_own(owner: Any) -> None:
    bindings = owner.BINDINGS
    assert len({binding.id for binding in bindings}) == len(bindings)
    assert {binding.key for binding in bindings} == {key for command in owner.commands for key in command.keys}


def test_the_key_becomes_the_argument_where_a_command_takes_it() -> None:
    command = Command[object]("run", key="1,2", group="Run", takes_key=True, action="start_demo")
    assert [binding.action for binding in command.bindings()] == ["start_demo('1')", "start_demo('2')"]


@pytest.mark.parametrize(
    ("key", "shown"), [("ctrl+p", "^p"), ("comma", ","), ("question_mark", "?"), ("escape", "esc"), ("q", "q")]
)
def test_keys_are_written_as_a_person_reads_them(key: str, shown: str) -> None:
    assert shown_key(key) == shown


async def test_the_bar_has_what_is_used_most_as_far_as_there_is_room_and_neighbours_share_an_entry() -> None:
    async with running() as stage:
        assert bar(stage.screen, 78) == "0-9 run  c cancel  space pause  n step  , . speed  tab pane  ? help  q quit"
        assert bar(stage.screen, 14) == "? help  q quit"
        assert all(len(bar(stage.screen, width)) <= width for width in range(0, 200, 7))
        entries = [entry for entry in stage.screen.bar() if entry.name == "speed"]
        assert entries == [BarEntry(", .", "speed", "", entries[0].rank)]


def test_help_has_all_of_every_command() -> None:
    text = " ".join(" ".join(map(plain, help_lines(COMMANDS, VIEWS, LAB_MARKS, 79))).split())
    for command in COMMANDS:
        if command.keys and command.action not in ("resume", "go_to_finding"):  # another's help speaks for both
            assert f"{command.all_keys} {command.help}" in text
    assert "down j" in text


def test_help_explains_every_mark() -> None:
    text = "\n".join(map(plain, help_lines(COMMANDS, {}, LAB_MARKS, 79)))
    for mark in ("▸ ready", "► running", "◌ waiting", "✓ done", "✗ failed", "⊘ cancelled"):
        assert mark in text
    explained = "".join(mark.drawn for mark in LAB_MARKS)
    assert [MARKS[kind][0] for kind in MARK_KINDS[:DRAWN] if MARKS[kind][0] not in explained] == [], "in the timeline"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("width", [30, 55, 79])
def test_help_is_wrapped_once_for_the_width_there_is(screen: type[CommandScreen], width: int) -> None:
    commands = (*screen.commands, *AsyncLabApp.commands)
    for marks in (LAB_MARKS, FETCH_MARKS):
        wrapped, whole = (help_lines(commands, VIEWS, marks, cells) for cells in (width, 999))
        assert max(map(width_of, wrapped)) <= width
        assert (
            " ".join(plain(line[1:]) for line in wrapped).split() == " ".join(plain(line[1:]) for line in whole).split()
        )


async def test_both_screens_declare_the_keys_of_time_once() -> None:
    keys = [
        {command.action: command.key for command in screen.commands if command.group == "Time"} for screen in SCREENS
    ]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 7


def key_table(screen: CommandScreen) -> str:
    """What help tells of a screen's keys, as a table in Markdown."""
    offered = [offer.command for offer in screen.offers if offer.is_offered]
    lines = ["| key | does |", "|---|---|"]
    for group, rows in key_rows(offered, screen.view_bindings()).items():
        lines.append(f"| **{group}** | |")
        lines += [f"| `{keys.replace('^', 'ctrl+').replace(' ', '` `')}` | {help} |" for keys, help in rows]
    return "\n".join(lines)


async def test_the_readme_lists_the_keys_of_the_learn_screen(request: pytest.FixtureRequest) -> None:
    async with opened() as stage:
        table = key_table(stage.screen)
    check_table("README.md", "keys", table, request)


async def test_the_page_about_fetching_lists_the_keys_of_the_fetch_screen(request: pytest.FixtureRequest) -> None:
    async with fetching() as stage:
        table = key_table(stage.screen)
    check_table("docs/fetching.md", "keys", table, request)


def test_the_help_of_the_time_keys_says_what_they_do_to_a_program_of_ones_own() -> None:
    of_demos, of_programs = (
        {command.name: command.help for command in screen.commands if command.group == "Time"}
        for screen in (LearnScreen, RunScreen)
    )
    alike = {name for name in of_demos if of_demos[name] == of_programs[name]}
    assert alike == {"resume", "instant"}  # help tells of pause for both; a program's time can't be skipped


def test_every_state_and_phase_is_explained_and_every_mark_has_one_meaning() -> None:
    drawn = [mark.drawn for mark in FETCH_MARKS]
    glyphs = [*GLYPHS.values(), *(mark for mark, _ in PHASES.values())]
    assert [text.split()[0] for text in drawn[: len(glyphs)]] == glyphs
    assert len(set(drawn)) == len(drawn)


async def test_the_help_of_the_screen_explains_its_own_marks_and_not_those_of_tasks() -> None:
    async with fetching() as stage:
        await stage.press("?")
        text = read_help(stage.app)
        assert "► under way" in text
        assert "its step is under way" not in text
