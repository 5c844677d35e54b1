"""Tests the findings on the screen: counted, listed, explained, and with a jump to their moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from asynclab.cli.findings_options import FindingsOptions
from asynclab.findings.allowed import Allowance
from asynclab.findings.known_bugs import KnownBug
from asynclab.screens.lab.story_screen import StoryScreen
from asynclab.screens.lab.stuck_screen import StuckScreen
from asynclab.widgets.findings_view import NOTHING
from asynclab.widgets.spans import plain
from asynclab.widgets.static_lines import StaticLines
from tests.screens import deadlocked
from tests.screens.dashboard_stage import Stage, opened
from tests.screens.recordings import Shown, shown, text_of, written
from tests.screens.test_learn import run_main
from tests.widgets.view_stage import painted


@asynccontextmanager
async def recording(folder: Path, size: tuple[int, int] = (140, 44)) -> AsyncIterator[Shown]:
    """A recording of two tasks that waited for each other until ctrl+c."""
    told = deadlocked.program(str(folder / "ticker.py"))
    async with shown(written(folder / "bank.rec", *told, code=deadlocked.CODE), size) as stage:
        await stage.press()
        yield stage


async def test_what_was_found_is_counted_its_key_named_and_its_task_marked_in_every_view(tmp_path: Path) -> None:
    async with recording(tmp_path) as stage:
        assert "✗ 1 finding" in stage.title
        assert "b findings" in stage.bar
        for view in (stage.views.tasks, stage.views.timeline):
            assert [index for index, line in enumerate(text_of(view).splitlines()) if line.startswith("✗")] == [1]


async def test_a_key_opens_the_list_in_place_of_the_activity_and_closes_it(tmp_path: Path) -> None:
    async with recording(tmp_path) as stage:
        views = stage.views
        assert views.log_pane.display
        await stage.press("b")
        assert views.findings.has_focus
        assert views.findings.region.area
        assert not views.log_pane.region.area
        said = " ".join(text_of(views.findings).split())
        assert "deadlock out · ticker.py:6" in said
        assert "'out' waits for lock#2 held by 'back'" in said
        assert "why Neither they nor the tasks that wait for them" in said
        assert "mend Take locks and permits in the same order" in said
        assert "b activity" in stage.bar
        await stage.press("y")
        assert stage.app.clipboard.startswith("✗ deadlock  out")
        assert "mend  Take locks" in stage.app.clipboard
        await stage.press("b")
        assert views.activity.has_focus
        assert not views.findings.region.area


ALLOWING = deadlocked.CODE.replace("async with target:", "async with target:  # asynclab: allow {}")

TITLES = {
    "comment": (ALLOWING.format("deadlock"), FindingsOptions()),
    "option": (deadlocked.CODE, FindingsOptions(allowances=(Allowance("deadlock", "ticker.py", 6),))),
    "baseline": (
        deadlocked.CODE,
        FindingsOptions(baseline=frozenset({KnownBug("deadlock", "ticker.py", "transfer", "async with target:")})),
    ),
}


@pytest.mark.parametrize("way", TITLES)
async def test_what_is_allowed_or_known_is_marked_nowhere_and_counted_below_the_list(tmp_path: Path, way: str) -> None:
    code, asked = TITLES[way]
    told = deadlocked.program(str(tmp_path / "ticker.py"))
    file = written(tmp_path / "bank.rec", *told, code=code)
    async with shown(file, judge=lambda _, sources: asked.judge(str(tmp_path), sources)) as stage:
        await stage.press("b")
        assert "finding" not in stage.title
        assert "✗" not in text_of(stage.views.tasks)
        why = "in the baseline" if way == "baseline" else "allowed"
        assert f"Nothing else found; 1 left out: 1 {why}." in " ".join(painted(stage.views.findings))


async def test_a_comment_that_allows_no_rule_is_complained_about(tmp_path: Path) -> None:
    told = deadlocked.program(str(tmp_path / "ticker.py"))
    async with shown(written(tmp_path / "bank.rec", *told, code=ALLOWING.format("deadlok"))) as stage:
        await stage.press("b")
        assert "✗ 1 finding" in stage.title
        assert any("there is no rule 'deadlok'" in notice for notice in stage.notices)


async def test_enter_goes_to_the_moment_in_all_panes_and_esc_comes_back(tmp_path: Path) -> None:
    async with recording(tmp_path) as stage:
        views, record = stage.views, stage.screen.record
        await stage.press("b", "enter")
        assert record.is_past
        assert record.now == 0.5
        assert stage.screen.selected_task == views.timeline.selected == views.source.selected == 2
        assert {task.state for task in record.state.tasks.values()} == {"waiting"}
        assert any("✗" in line and "async with target" in line for line in text_of(views.source).splitlines())
        assert "lock#1" in text_of(views.tasks)
        assert "✗ 1 finding" not in stage.title
        assert "the past" in stage.title
        assert views.findings.line_count()
        await stage.press("escape")
        assert not record.is_past
        assert "✗" not in text_of(views.source)


async def test_what_enter_does_can_be_chosen_from_the_palette_too(tmp_path: Path) -> None:
    async with recording(tmp_path) as stage:
        await stage.press("b")
        (go,) = (entry for entry in stage.screen.palette_entries() if entry.text == "go there (enter)")
        await go.run()
        await stage.press()
        assert stage.screen.record.now == 0.5
        stage.screen.action_show_pane("tasks")
        (tell,) = (entry for entry in stage.screen.palette_entries() if entry.text == "explain (enter)")
        await tell.run()
        await stage.press()
        assert isinstance(stage.app.screen, StoryScreen)
        assert stage.app.screen.task_id == 2


async def test_enter_on_a_line_of_evidence_goes_to_that_event(tmp_path: Path) -> None:
    async with recording(tmp_path) as stage:
        record = stage.screen.record
        await stage.press("b")
        lines = text_of(stage.views.findings).splitlines()
        at = next(index for index, line in enumerate(lines) if "back waits for lock#1" in line)
        assert "0.011 s" in lines[at]
        await stage.press(*["j"] * at, "enter")
        waiting = record.state.tasks[3].waits_for
        assert waiting is not None
        assert waiting.kind == "lock"
        assert record.moment == 20


async def test_a_moment_that_is_not_kept_is_said_to_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with recording(tmp_path) as stage:
        record = stage.screen.record
        monkeypatch.setattr(record.history, "first", record.history.end)
        await stage.press("b", "enter")
        assert not record.is_past
        assert stage.notices == ["that moment is no longer kept"]


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_where_one_pane_shows_it_has_a_tab_and_enter_leads_to_code(tmp_path: Path, size: tuple[int, int]) -> None:
    async with recording(tmp_path, size) as stage:
        if stage.screen.is_single:
            assert " findings" in str(stage.views.tabs.render())
        await stage.press("b", "enter")
        assert stage.screen.focused_pane == ("source" if stage.screen.is_single else "findings")
        await stage.press("b")
        assert stage.screen.focused_pane == ("findings" if stage.screen.is_single else "activity")


async def test_the_story_of_its_task_ends_with_it(tmp_path: Path) -> None:
    async with recording(tmp_path) as stage:
        stage.views.tasks.focus()
        await stage.press("j", "enter")
        story = stage.app.screen
        assert isinstance(story, StoryScreen)
        assert "Deadlock: 'out' waits for lock#2" in story.text_to_copy()
        assert "Deadlock: 'out' waits for lock#2" in text_of(story.query_one(StaticLines))


async def test_where_nothing_was_found_nothing_is_counted_and_the_list_says_so() -> None:
    async with opened() as stage:
        await run_main(stage, lambda **_: asyncio.sleep(3))
        await stage.until(lambda: stage.screen.has_past)
        assert "finding" not in stage.title
        assert "findings" not in stage.bar
        await stage.press("b")
        assert NOTHING in " ".join(" ".join(painted(stage.views.findings)).split())


async def stuck(stage: Stage, key: str) -> None:
    """Run the next mistake of a demo until it is stuck."""
    stage.screen.select_demo(key)
    await stage.press("v")
    await stage.until(lambda: stage.screen.findings_count)


async def test_a_mistake_shows_its_finding_by_itself_and_the_right_variant_has_none() -> None:
    async with opened() as stage:
        await stuck(stage, "0")
        await stage.until(lambda: stage.views.findings.region.area)
        assert "standstill" in text_of(stage.views.findings)
        assert stage.screen.focused_pane == "demos"
        await stage.press("0")
        await stage.until(lambda: not stage.screen.findings_count and stage.views.log_pane.region.area)


async def test_where_one_pane_shows_at_a_time_another_demo_begins_with_its_tasks() -> None:
    async with opened(size=(80, 24)) as stage:
        await stuck(stage, "0")
        await stage.press("b")
        assert stage.views.findings.has_focus
        await stage.press("1")
        assert stage.views.tasks.region.area
        assert stage.screen.focused_pane == "tasks"


@pytest.mark.parametrize(("size", "stays"), [((100, 30), False), ((120, 40), True), ((200, 60), True)])
async def test_where_room_is_short_the_findings_take_that_of_the_timeline(size: tuple[int, int], stays: bool) -> None:
    async with opened(size) as stage:
        await stuck(stage, "0")
        await stage.press("b")
        assert stage.views.findings.size.height >= 8
        assert bool(stage.views.timeline.region.area) == stays
        await stage.press("w")
        await stage.until(lambda: stage.views.timeline.region.area or stage.views.loop.region.area)
        assert stage.screen.focused is not None


async def test_who_chose_the_activity_keeps_it() -> None:
    async with opened() as stage:
        stage.screen.select_demo("0")
        stage.screen.action_show_pane("activity")
        await stuck(stage, "0")
        assert stage.views.log_pane.region.area


async def test_a_deadlock_that_a_timeout_ends_goes() -> None:
    async def hold(first: asyncio.Lock, second: asyncio.Lock) -> None:
        async with first:
            await asyncio.sleep(0)
            async with second:
                pass

    async def main() -> None:
        one, two = asyncio.Lock(), asyncio.Lock()
        try:
            async with asyncio.timeout(5):
                await asyncio.gather(hold(one, two), hold(two, one))
        except TimeoutError:
            await asyncio.sleep(5)

    async with opened() as stage:
        await run_main(stage, main)
        await stage.until(lambda: stage.screen.findings_count == 1)
        await stage.until(lambda: stage.screen.findings_count == 0)
        assert stage.screen.program.is_running
        await stage.press("b")
        assert "It no longer holds" in text_of(stage.views.findings)


async def test_why_nothing_moves_is_read_copied_and_closed() -> None:
    async with opened() as stage:
        await stage.press("ctrl+backslash")
        assert stage.app.screen is stage.screen, "before the first run there is no report"
        await stuck(stage, "0")
        await stage.press("ctrl+backslash")
        report = stage.app.screen
        assert isinstance(report, StuckScreen)
        said = text_of(report.query_one(StaticLines))
        assert said.splitlines()[0].strip() == "All tasks wait, and nothing can wake any of them."
        assert "waiter" in said
        await stage.press("y")
        assert stage.app.clipboard.splitlines()[0] == said.splitlines()[0].strip()
        await stage.press("escape")
        assert not isinstance(stage.app.screen, StuckScreen)


async def test_why_nothing_moved_at_a_moment_of_the_past(tmp_path: Path) -> None:
    async with recording(tmp_path) as stage:
        await stage.press("b", "enter", "ctrl+backslash")
        assert isinstance(stage.app.screen, StuckScreen)
        said = stage.app.screen.text_to_copy()
        assert said.startswith("deadlock: 'out' waits for lock#2")
        assert "back" in said


@pytest.mark.parametrize("width", [40, 75, 150])
def test_no_line_of_the_report_is_cut(width: int) -> None:
    names = ", ".join(f"'client-{number}'" for number in range(12))
    report = ("All tasks wait.", f"    main-1            waits for a gather of 12: {names}  app.py:12  for 1.250 s")
    lines = [plain(line) for line in StuckScreen({"loop 1": report}).text_lines(width)]
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(lines).split()) == " ".join(" ".join(report).split())


def test_a_wait_begins_beside_its_tasks_name_and_goes_on_below_itself() -> None:
    report = (
        "All tasks wait.",
        "    main-1            waits for a task group of 2: 'client 1' and 'client 2'  app.py:12  for 1.250 s",
        "    client-with-a-long-name  waits to get from queue#1, last put by 'main-1'  app.py:14",
        "    and 3 more tasks",
    )
    lines = [plain(line).rstrip() for line in StuckScreen({"loop 1": report}).text_lines(62)]
    assert lines == [
        "All tasks wait.",
        "",
        "    main-1            waits for a task group of 2: 'client 1'",
        "                      and 'client 2'",
        "                      app.py:12  for 1.250 s",
        "    client-with-a-long-name",
        "                      waits to get from queue#1, last put by",
        "                      'main-1'",
        "                      app.py:14",
        "    and 3 more tasks",
    ]
