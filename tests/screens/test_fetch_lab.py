"""Tests the tasks of a fetch on the stage: how to get there and back, and which task fetches which URL."""

import pytest
from textual.command import Hit

from asynclab.fetch import attempt, engine, sending
from asynclab.fetch.engine import Fetch
from asynclab.model import events as e
from asynclab.screens.fetch.fetch_session import FetchSession
from asynclab.screens.lab.run_record import Record
from asynclab.screens.shared.palette import CommandProvider
from asynclab.widgets.spans import plain
from tests.screens.dashboard_stage import read_help
from tests.screens.fetching import FetchStage, fetching, hanging
from tests.screens.frozen import frozen_lab
from tests.screens.recordings import text_of


def is_open(stage: FetchStage) -> bool:
    return stage.app.screen is stage.screen and stage.screen.is_staged


def selected_name(stage: FetchStage) -> str:
    return stage.screen.record.present.task_name(stage.screen.selected_task)


def task_lines(stage: FetchStage) -> list[str]:
    return text_of(stage.screen.stage.tasks).splitlines()


def clock(stage: FetchStage) -> str:
    return plain(stage.screen.stage.concept.subtitle)


async def test_t_in_capitals_shows_the_tasks_of_the_fetch_and_selects_that_of_the_url() -> None:
    async with hanging("j", "T") as stage:
        assert is_open(stage)
        run, host, _, second, _ = task_lines(stage)
        assert "run" in run
        assert "host 127" in host
        assert selected_name(stage) == "fetch 2"
        assert "fetch 2" in second
        assert "waiting" in second


async def test_three_keys_go_back_to_the_urls_where_that_of_the_selected_task_is_selected() -> None:
    async with hanging() as stage:
        for key in ("escape", "T", "f"):
            stage.views.table.select(1)
            await stage.press("T", "j", "j", key)
            assert not is_open(stage), key
            assert stage.views.table.selected == 3
            assert stage.screen.together.is_running


async def test_the_url_of_the_selected_task_is_selected_and_a_task_that_fetches_none_leaves_it_alone() -> None:
    async with hanging("j", "T", "k") as stage:
        assert stage.views.table.selected == 1
        await stage.press("k", "k")
        assert selected_name(stage) == "run"
        assert stage.views.table.selected == 1


async def test_the_task_of_the_url_that_is_selected_beside_the_stage_is_selected() -> None:
    async with hanging("T", "shift+tab") as stage:
        assert stage.views.table.has_focus
        assert is_open(stage)
        await stage.press("j", "j")
        assert selected_name(stage) == "fetch 3"
        assert stage.fetch.kept == {3}


async def test_before_anything_was_fetched_there_is_no_lab_to_see() -> None:
    async with fetching() as stage:
        await stage.press("T")
        assert stage.app.screen is stage.screen
        assert "tasks" not in [offer.command.action for offer in stage.screen.offers if offer.applies]


async def test_a_url_that_waits_for_its_turn_has_no_task_to_select() -> None:
    async with fetching() as stage:
        await stage.take(*(f"/hang?{number}" for number in range(10)), then="enter")
        await stage.until(lambda: stage.screen.together.fetch and stage.states.count("running") == 6)
        await stage.press("G", "T")
        await stage.until(lambda: selected_name(stage) == "run")
        await stage.press("escape")
        assert stage.views.table.selected == 10


async def test_key_bar_help_and_palette_tell_of_it() -> None:
    async with hanging(size=(200, 50)) as stage:
        assert "T tasks" in str(stage.screen.key_bar.render())
        hits = [hit async for hit in CommandProvider(stage.screen).search("tasks")]
        assert any(isinstance(hit, Hit) and str(hit.text) == "tasks (T)" for hit in hits)
        await stage.press("question_mark")
        assert "Show the fetch as any demo is shown" in read_help(stage.app)


async def test_its_own_key_bar_and_help_tell_every_key() -> None:
    async with hanging("T", size=(200, 50)) as stage:
        await stage.until(lambda: "T URLs" in str(stage.screen.key_bar.render()))
        assert "space pause" in str(stage.screen.key_bar.render())
        await stage.press("question_mark")
        assert "then go back to the URLs" in read_help(stage.app)


async def test_every_key_has_one_use_at_a_time() -> None:
    async with hanging("T", "space") as stage:
        keys = [key for offer in stage.screen.own_offers if offer.applies for key in offer.command.keys]
        assert len(keys) == len(set(keys))


async def test_the_frame_says_what_is_fetched_and_how_time_runs() -> None:
    async with hanging("T") as stage:
        view = stage.screen.stage.concept
        assert view.lesson.title == "fetch · 3 URLs together"
        assert "20 at once, 6 per host" in view.lesson.concept
        await stage.until(lambda: clock(stage).startswith("► 1×"))


async def test_space_holds_it_n_makes_one_step_and_space_lets_it_go() -> None:
    async with fetching() as stage:
        await stage.take("/pages/tasks", "/pages/queues", then="n")
        await stage.until(lambda: stage.screen.together.is_running and stage.lab.held)
        await stage.press("T")
        await stage.until(lambda: "paused at" in clock(stage))
        await stage.press("n")
        await stage.until(lambda: stage.lab.state.tasks[1].steps == 1)
        assert [task.steps for task in stage.lab.state.tasks.values()] == [1, 0]
        await stage.press("space")
        await stage.ended()
        assert stage.states == ["ok", "ok"]


async def test_c_cancels_everything_and_x_the_selected_task_alone() -> None:
    async with hanging("j", "T", "x") as stage:
        await stage.until(lambda: stage.states == ["running", "cancelled", "running"])
        await stage.press("c")
        await stage.ended()
        assert stage.states == ["cancelled"] * 3
        assert is_open(stage)


async def test_its_past_is_shown_by_square_brackets_and_the_next_time_it_is_seen_in_its_present() -> None:
    async with hanging("T", "left_square_bracket") as stage:
        await stage.until(lambda: stage.screen.stage.has_class("-past"))
        await stage.press("escape")
        assert is_open(stage)
        assert not stage.screen.record.is_past
        await stage.press("left_square_bracket", "f", "T")
        assert not stage.screen.record.is_past


async def test_tab_goes_through_its_panes_and_z_gives_one_the_whole_screen() -> None:
    async with hanging("T", "tab") as stage:
        assert stage.screen.focused_pane == "timeline"
        await stage.press("shift+tab", "z")
        assert stage.screen.is_single
        assert stage.screen.focused_pane == "tasks"
        await stage.press("escape")
        assert is_open(stage)
        assert not stage.screen.is_single


async def test_slash_filters_the_activity_and_esc_drops_the_filter_before_it_goes_back() -> None:
    async with hanging("T", "slash", *"fetch 3".replace(" ", "")) as stage:
        views = stage.screen.stage
        await stage.until(lambda: views.activity.filter_text == "fetch3")
        await stage.press("escape")
        assert is_open(stage)
        assert views.activity.filter_text == ""


async def test_the_code_pane_has_the_engines_own_code_where_the_task_stands_and_folds_the_librarys() -> None:
    async with hanging("j", "T") as stage:
        task = stage.screen.selected_task
        assert task is not None
        known = stage.lab.state.tasks[task]
        await stage.until(lambda: known.stands is not None)
        assert known.stands is not None
        assert known.place is not None
        assert known.place[0] == sending.__file__
        files = [frame.file or frame.library for frame in known.stands.frames]
        assert files[0] == engine.__file__
        assert attempt.__file__ in files
        assert files[-1] == "aiohttp"
        await stage.until(lambda: stage.screen.stage.source.path == sending.__file__)


async def test_with_nobody_to_follow_it_shows_what_every_task_runs() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks")
        await stage.press("T")
        source = stage.screen.stage.source
        assert source.path == engine.__file__
        await stage.until(lambda: "async def run(self)" in source.line_text(source.scroll_offset.y))


async def test_where_it_has_ended_n_says_so_and_r_in_capitals_fetches_the_same_list_afresh_and_held() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks", "/pages/queues")
        first = stage.lab
        await stage.press("T", "n")
        assert stage.notices[-1] == "the run has ended: r runs it again, R step by step"
        await stage.press("R")
        await stage.until(lambda: stage.lab is not first and stage.lab.held)
        assert stage.lab.paused
        assert stage.states == ["queued", "queued"]
        await stage.press("r")
        await stage.ended()
        assert stage.states == ["ok", "ok"]
        assert stage.screen.together.runs == 3


async def test_i_fetches_it_afresh_without_waiting_where_it_has_ended() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks")
        first = stage.lab
        await stage.press("T", "i")
        await stage.until(lambda: stage.lab is not first)
        assert stage.lab.instant
        await stage.ended()


async def test_s_in_capitals_shows_what_is_fetched_one_after_another_and_again_what_is_together() -> None:
    async with fetching() as stage:
        await stage.take("/hang", "/hang?2", then="S")
        await stage.until(lambda: stage.screen.together.is_running and stage.screen.one_by_one.is_running)
        await stage.press("T", "S")
        assert stage.screen.program is stage.screen.one_by_one
        await stage.until(lambda: stage.screen.stage.concept.lesson.title == "fetch · 2 URLs one after another")
        await stage.until(lambda: len(task_lines(stage)) == 3)
        assert selected_name(stage) == "fetch 1"
        await stage.press("S")
        assert stage.screen.program is stage.screen.together


async def test_without_the_other_way_of_fetching_s_does_nothing() -> None:
    async with hanging("T", "S") as stage:
        assert stage.screen.program is stage.screen.together


async def test_what_is_pasted_there_is_taken_to_the_urls() -> None:
    async with hanging("T") as stage:
        await stage.paste(f"see {stage.server.url('/pages/tasks')}")
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert "/pages/tasks" in stage.views.text.text


async def test_the_tab_goes_back_to_the_urls() -> None:
    async with hanging("T") as stage:
        await stage.pilot.click(stage.screen.title_bar, offset=(20, 0))
        assert stage.app.screen is stage.screen


async def test_what_the_stage_hides_is_not_painted_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hanging("T") as stage:
        painted: list[object] = []
        monkeypatch.setattr(stage.views, "show_totals", lambda *_: painted.append(1))
        await stage.pilot.pause(0.5)
        assert painted == []
        await stage.press("escape")
        await stage.pilot.pause(0.5)
        assert painted


async def test_the_list_stands_beside_the_stage_where_there_is_room() -> None:
    async with hanging("T", size=(120, 40)) as stage:
        assert stage.views.table.region.right <= stage.screen.stage.region.x
        assert stage.views.table.page_height > 30
        await stage.press("z")
        assert not stage.views.table.region.area
        await stage.press("escape")
        await stage.pilot.resize_terminal(80, 24)
        await stage.pilot.pause()
        assert not stage.views.table.region.area
        assert stage.screen.stage.tasks.region.width == 80


async def test_keys_are_about_the_pane_that_has_the_focus() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks", "/flaky/once?status=500")
        await stage.press("T")
        assert "r fetch again" in str(stage.screen.key_bar.render())
        await stage.press("shift+tab")
        stage.screen.beat()
        assert "r retry failed" in str(stage.screen.key_bar.render())
        await stage.press("r")
        await stage.until(lambda: stage.screen.together.runs == 2)
        await stage.ended()
        assert stage.states == ["ok", "ok"]
        assert is_open(stage)


async def test_of_a_url_that_was_fetched_again_the_latest_task_is_selected() -> None:
    async with fetching() as stage:
        await stage.begun("/flaky/early?status=500", "/hang", states=["failed", "running"])
        await stage.press("r")
        await stage.until(lambda: stage.states == ["ok", "running"])
        await stage.press("T")
        tasks = [task.id for task in stage.lab.state.tasks.values() if task.name == "fetch 1"]
        assert len(tasks) == 2
        assert stage.screen.selected_task == tasks[-1]


async def test_the_lab_of_another_list_selects_no_url_of_the_present_one() -> None:
    async with fetching() as stage:
        await stage.take("/pages/tasks", "/pages/queues", "/bytes/10", then="S")
        await stage.until(lambda: stage.screen.one_by_one.runs == 1)
        await stage.ended()
        await stage.until(lambda: not stage.screen.one_by_one.is_active)
        await stage.take("/bytes/1000", then="enter")
        await stage.until(lambda: stage.screen.together.runs == 2)
        await stage.ended()
        await stage.press("T", "S", "G")
        await stage.press("escape")
        assert stage.views.table.selected == 1
        assert stage.fetch.kept == {1}


async def test_where_the_list_no_longer_fits_beside_the_stage_keys_go_to_the_stage() -> None:
    async with hanging("T", "shift+tab", size=(120, 40)) as stage:
        assert stage.views.table.has_focus
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: stage.screen.is_in_stage)
        assert stage.app.focused is not None
        assert stage.app.focused.region.area


async def test_every_task_of_a_fetch_hangs_on_another_however_late_it_begins() -> None:
    async with fetching() as stage:
        await stage.fetched(*(f"/bytes/{number}" for number in range(1, 16)))
        await stage.press("T")
        assert [line[:6].strip() for line in task_lines(stage) if line[1] not in "├└│ "] == ["run"]
        tasks = stage.lab.state.tasks.values()
        assert sum(task.name.startswith("fetch ") for task in tasks) == 15
        assert [task.name for task in tasks if task.parent is None] == ["run"]


def session(*tasks: tuple[str, int | None]) -> FetchSession:
    """A session whose tasks have these names and parents, numbered from 1."""
    made = FetchSession()
    made.fetch = Fetch([f"https://a.example/{number}" for number in range(1, 13)])
    created = [e.TaskCreated(0.0, number, name, "_fetch", parent) for number, (name, parent) in enumerate(tasks, 1)]
    made.record = Record(frozen_lab([e.RunStarted(0.0, "fetch", 1.0, "3.13.0"), *created], 1.0))
    made.pump()
    return made


async def test_before_anything_is_fetched_no_task_is_known() -> None:
    assert FetchSession().task_of(1) is None
    assert FetchSession().number_of(1) is None


async def test_the_task_of_a_url_and_the_url_of_a_task() -> None:
    fetched = session(("run", None), ("fetch 1", 1), ("fetch 12", 1))
    assert (fetched.task_of(12), fetched.number_of(3)) == (3, 12)
    assert fetched.task_of(2) is None


async def test_what_a_library_makes_for_a_task_is_on_behalf_of_its_url() -> None:
    fetched = session(("run", None), ("fetch 7", 1), ("connect", 2), ("Task-9", 3))
    assert fetched.number_of(4) == 7


async def test_other_tasks_are_about_no_url() -> None:
    fetched = session(("run", None), ("fetch mail", 1), ("Task-9", 1), ("fetch 13", 1))
    assert [fetched.number_of(task) for task in (1, 2, 3, 4, 99)] == [None] * 5


async def test_with_no_list_to_fetch_again_nothing_starts() -> None:
    idle = FetchSession()
    idle.start(paused=True)
    assert not idle.is_active
