"""Tests the Fetch screen and its keys, with the practice server."""

import asyncio
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from textual.widgets import OptionList

from asynclab.cli.main import main
from asynclab.fetch.options import Options, Request
from asynclab.fetch.texts import FORMATS
from asynclab.fetch.urls import find_urls
from asynclab.model.wording.quantities import plural
from asynclab.screens.learn.learn_screen import LearnScreen
from asynclab.screens.shared.choice_form import ChoiceForm
from asynclab.screens.shared.leaving import AGAIN_SECONDS
from asynclab.screens.shared.text_modal import TextList
from asynclab.trace import Lab
from asynclab.widgets.spans import plain
from tests.raising import raising
from tests.screens.fetching import FetchStage, fetching, hanging
from tests.widgets.view_stage import painted


def written(folder: Path) -> Path:
    """The one file in a folder."""
    (path,) = folder.iterdir()
    return path


def focused(stage: FetchStage) -> str:
    return "" if stage.app.focused is None else str(stage.app.focused.id)


@pytest.mark.usefixtures("practice_server_in_a_hurry")
async def test_without_a_text_it_offers_the_practice_servers_urls_and_enter_fetches_them() -> None:
    async with fetching() as stage:
        assert "127.0.0.1" in stage.table[0]
        assert "practice pages" in str(stage.views.text.border_subtitle)
        await stage.press("enter")
        await stage.until(lambda: stage.screen.together.fetch is not None)
        assert len(stage.fetch.rows) == len(stage.screen.urls.urls) == 12
        await stage.ended()
        assert stage.states.count("ok") == 11


async def test_every_url_gets_its_own_line_with_outcome_size_and_time() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks", "/status/404", "/bytes/5000")
        assert stage.states == ["ok", "failed", "ok"]
        tasks, missing, many = stage.table
        assert "✓ 200" in tasks
        assert "✗ 404" in missing
        assert "100%     5.0 kB" in many


async def test_enter_again_fetches_afresh() -> None:
    async with hanging(count=1) as stage:
        first = stage.lab
        await stage.press("enter")
        await stage.until(lambda: stage.lab is not first and stage.screen.together.is_running)
        assert first.ending is not None
        assert first.ending.outcome == "cancelled"


async def test_x_cancels_the_selected_url_alone() -> None:
    async with hanging(count=2) as stage:
        await stage.press("j", "x")
        await stage.until(lambda: "cancelled" in stage.states)
        assert stage.states == ["running", "cancelled"]
        assert stage.screen.together.is_running


async def test_c_cancels_all_and_keeps_what_came() -> None:
    async with fetching() as stage:
        await stage.begun("/pages/tasks", "/hang", "/hang?2", states=["ok", "running", "running"])
        await stage.press("c")
        await stage.ended()
        assert stage.states == ["ok", "cancelled", "cancelled"]
        assert "1 ok" in stage.totals[0]
        await stage.press("Y")
        assert stage.notices[-1] == "no URL has failed"


async def test_r_fetches_again_what_failed_and_nothing_else() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks", "/flaky/once?status=500")
        assert stage.states == ["ok", "failed"]
        answered = stage.fetch.rows[0].version
        await stage.press("r")
        await stage.until(lambda: stage.screen.together.runs == 2)
        await stage.ended()
        assert stage.states == ["ok", "ok"]
        assert stage.fetch.rows[0].version == answered


async def test_r_works_while_others_are_still_fetched() -> None:
    async with fetching() as stage:
        await stage.begun("/flaky/early?status=500", "/hang", states=["failed", "running"])
        await stage.press("r")
        await stage.until(lambda: stage.states == ["ok", "running"])
        assert stage.screen.together.runs == 1


async def test_a_retry_counts_down_before_it_is_made() -> None:
    async with fetching() as stage:
        await stage.begun("/flaky/later?status=503&after=30", states=["retrying"])
        assert re.search(r"↻ 503 in (29\.\d|30\.0) s", stage.table[0])
        assert "try 2" in stage.table[0]
        assert "1 retrying" in stage.totals[0]


async def test_space_pauses_n_steps_and_space_resumes() -> None:
    async with fetching() as stage:
        await stage.held("/pages/tasks", "/pages/queues")
        assert stage.lab.paused
        held = list(stage.lab.held)
        await stage.press("n")
        assert list(stage.lab.held) != held
        await stage.press("space")
        await stage.ended()
        assert stage.states == ["ok", "ok"]


async def test_while_held_no_time_passes_for_timeouts_and_retries_and_the_frame_says_so() -> None:
    clock = [0.0]

    def lab_on_that_clock(name: str, **settings: Any) -> Lab:
        return Lab(name, watch=False, real_time=lambda: clock[0])

    async with fetching(make_lab=lab_on_that_clock) as stage:
        stage.screen.chosen = Options(timeout=5)
        await stage.begun("/hang", "/flaky/held?status=503&after=30", states=["running", "retrying"])
        clock[0] += 1.0
        await stage.press("space")
        await stage.until(lambda: "paused at 1.000 s · nothing ready" in stage.frame)
        before = stage.table
        clock[0] += 1_000.0
        await stage.pilot.pause()
        stage.screen.beat()
        assert stage.states == ["running", "retrying"]
        assert stage.table == before
        assert re.search(r"↻ 503 in 29\.0 s", before[1])
        assert stage.fetch.rows[0].time_left(stage.lab.now) == pytest.approx(4.0)


async def test_n_past_the_end_of_a_fetch_keeps_its_results_and_says_what_fetches_again() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks")
        lab = stage.lab
        await stage.press("n", "n")
        await stage.ended()
        assert stage.lab is lab
        assert stage.states == ["ok"]
        assert stage.notices == ["the fetch has ended: enter fetches the list again"]


async def test_n_starts_another_list_held() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks")
        await stage.press("D")
        await stage.held("/pages/queues")
        assert stage.lab.paused


async def test_keys_for_a_url_that_is_not_being_fetched_say_why_they_do_nothing() -> None:
    async with fetching() as stage:

        async def is_said(why: str) -> None:
            for key in ("N", "x"):
                await stage.press(key)
                assert stage.notices == [why]

        await stage.take("/pages/tasks")
        await is_said("this URL is not being fetched: enter fetches the list")
        await stage.press("enter")
        await stage.ended()
        await is_said("this URL has ended: R fetches it again")
        await stage.press("slash")
        await stage.type_into("#fetch-table-filter", "nothing has this")
        await stage.press("enter")
        stage.views.table.select(None)
        await is_said("no URL is selected")


async def test_times_of_a_fetch_that_was_held_are_said_to_be_the_labs_and_are_compared_with_nothing() -> None:
    async with fetching() as stage:
        await stage.held("/pages/tasks", "/pages/queues")
        await stage.press("space")
        await stage.ended()
        assert "the clock was paused or changed" in stage.totals[0]
        assert "sequential" not in stage.totals[0]
        assert "faster" not in stage.totals[0]
        assert [note for row in stage.fetch.rows for note in row.notes] == [
            "lab time: the clock was paused, stepped or changed"
        ] * 2
        await stage.press("enter")
        await stage.ended()
        assert "sequential " in stage.totals[0]
        assert [row.notes for row in stage.fetch.rows] == [(), ()]


async def test_a_race_in_which_a_clock_was_changed_says_so() -> None:
    async with fetching() as stage:
        await stage.press("full_stop")
        await stage.take("/pages/tasks", then="S")
        await stage.until(lambda: stage.screen.one_by_one.fetch and not stage.screen.one_by_one.is_active)
        await stage.ended()
        assert all(lane.endswith("done lab time") for lane in stage.totals[1:])
        assert len(stage.totals) == 3


async def test_capital_n_runs_to_the_next_event_of_the_selected_urls_task() -> None:
    async with fetching() as stage:
        await stage.held("/pages/tasks", "/pages/queues", "/pages/futures")
        await stage.press("N")
        assert "has no task" in stage.notices[-1]
        while stage.states != ["running"] * 3:
            await stage.press("n")
        await stage.press("G", "N")
        await stage.until(lambda: stage.lab.state.running_to is None and stage.lab.paused)
        tasks = {task.name: task for task in stage.lab.state.tasks.values()}
        assert tasks["fetch 3"].steps == 1


async def test_what_is_cancelled_while_held_says_so_and_ends_with_its_step() -> None:
    async with hanging(count=2) as stage:
        await stage.press("space", "j", "x")
        stage.screen.beat()
        assert "► cancelling" in stage.table[1]
        assert "1 ready" in stage.frame
        await stage.press("n")
        await stage.until(lambda: stage.states == ["running", "cancelled"])
        assert stage.lab.paused
        await stage.press("c")
        await stage.ended()
        assert stage.states == ["cancelled", "cancelled"]


async def test_the_frame_tells_how_time_runs() -> None:
    async with fetching() as stage:
        await stage.take("/hang")
        assert stage.frame == "in the order of the text"
        await stage.press("enter")
        await stage.until(lambda: stage.screen.together.is_running)
        assert re.fullmatch(r"► 1× · \d\.\d{3} s · in the order of the text", stage.frame)
        await stage.press("i")
        stage.screen.beat()
        assert stage.frame.startswith("► instant · ")
        await stage.press("c")
        await stage.ended()
        assert re.match(r"⊘ cancelled at \d", stage.frame)


async def test_only_the_selected_body_is_kept_and_capital_r_fetches_another_again_to_keep_it() -> None:
    async with fetching() as stage:
        await stage.fetched("/bytes/6000", "/bytes/5000")
        assert [row.body and len(row.body) for row in stage.fetch.rows] == [6_000, None]
        await stage.press("j")
        await stage.until(lambda: "… first 4,096 of 5,000 bytes; press R to fetch the whole body" in stage.answer)
        await stage.press("R")
        await stage.until(lambda: stage.screen.together.runs == 2)
        await stage.ended()
        assert [row.body and len(row.body) for row in stage.fetch.rows] == [None, 5_000]
        assert "the first 4,096" not in stage.answer


async def test_comma_and_full_stop_change_the_speed() -> None:
    async with hanging(count=1) as stage:
        await stage.press("comma", "comma")
        assert stage.lab.speed == 0.25
        await stage.press("full_stop")
        assert stage.lab.speed == 0.5
        assert "0.5×" in stage.notices[-1]


async def test_one_after_another_is_compared_with_all_at_the_same_time() -> None:
    async with fetching() as stage:
        await stage.take("/pages/tasks", "/pages/queues", "/pages/futures", then="S")
        await stage.until(lambda: stage.screen.one_by_one.runs == 1 and stage.screen.together.runs == 1)
        await stage.ended()
        await stage.until(lambda: not stage.screen.one_by_one.is_active)
        fetch = stage.screen.one_by_one.fetch
        assert fetch is not None
        assert fetch.options.concurrency == 1
        assert [row.state for row in fetch.rows] == ["ok"] * 3
        assert [line.split()[0] for line in stage.totals[1:]] == ["together", "one"]
        assert all("done" in line for line in stage.totals[1:])


async def test_s_sorts_in_the_next_way_and_says_which() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks", "/bytes/9000", "/status/404")
        await stage.press("s")
        await stage.until(lambda: "✗ 404" in stage.table[0])
        assert "failed first" in stage.notices[-1]
        await stage.press("s", "s")
        await stage.until(lambda: "bytes/9000" in stage.table[0])
        await stage.press("s", "s")
        await stage.until(lambda: "pages/tasks" in stage.table[0])


async def test_slash_filters_while_it_is_typed_and_escape_shows_all_again() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks", "/status/404", "/status/500")
        await stage.press("slash", *"status")
        await stage.until(lambda: len(stage.table) == 2)
        assert stage.views.selected is stage.fetch.rows[1]
        await stage.press("enter")
        assert focused(stage) == "fetch-table"
        await stage.press("escape")
        await stage.until(lambda: len(stage.table) == 3)
        assert not stage.views.list.is_filtering


async def test_y_copies_the_row_and_capital_y_the_failed_urls() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks", "/status/404", "/status/500")
        await stage.press("y")
        assert stage.app.clipboard.startswith(f"{stage.server.url('/pages/tasks')}\t200")
        await stage.press("Y")
        assert stage.app.clipboard == "\n".join(stage.urls("/status/404", "/status/500"))
        assert stage.notices[-1].startswith("copied 2 lines, ")


async def test_e_writes_a_file_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with fetching() as stage:
        await stage.fetched("/pages/tasks")
        for key, ending in (("j", "json"), ("n", "ndjson"), ("c", "csv"), ("h", "har")):
            await stage.press("e", key)
            await stage.until(lambda: list(tmp_path.iterdir()) and stage.notices)
            path = written(tmp_path)
            assert path.suffix == f".{ending}"
            assert "pages/tasks" in path.read_text("utf-8")
            assert "1 URL written to" in stage.notices[-1]
            path.unlink()


async def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.setattr(Path, "cwd", lambda: gone)
    async with fetching() as stage:
        await stage.fetched("/pages/tasks")
        gone.rmdir()
        await stage.press("e", "enter")
        await stage.until(lambda: stage.notices)
        assert re.fullmatch(f"can't write {gone}/asynclab-fetch-.*json: No such file or directory", stage.notices[0])


async def test_a_folder_that_is_gone_is_told_instead_of_offering_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks")
        monkeypatch.setattr(Path, "cwd", raising(FileNotFoundError()))
        await stage.press("e")
        assert stage.app.screen is stage.screen
        assert stage.notices == ["can't write: the current folder no longer exists"]


async def test_capital_i_shows_the_lines_without_a_url() -> None:
    async with fetching() as stage:
        await stage.screen.take(f"nothing here [/] \x07\n{stage.server.url('/pages/tasks')}")
        stage.screen.beat()
        assert "1 URL · 1 line ignored" in str(stage.views.text.border_subtitle)
        await stage.press("I")
        view = stage.app.screen.query_one("StaticLines")
        assert plain(view.compose_line(0, 60)) == "nothing here [/] ␇"  # type: ignore[attr-defined]
        await stage.press("escape")
        assert stage.app.screen is stage.screen


async def test_a_text_can_be_read_as_another_format_with_what_each_would_find() -> None:
    async with fetching() as stage:
        text = 'see https://a.example/x\\u002fy and\n"https://b.example/c,d",2\nnothing'
        await stage.screen.take(text)
        await stage.press("F")
        await stage.until(lambda: isinstance(stage.app.screen, ChoiceForm))
        choices = stage.app.screen.query_one(OptionList)
        assert choices.border_title == "Read the text as"
        assert [option.id for option in choices.options] == ["auto", *FORMATS]
        for name, option in zip(FORMATS, choices.options[1:], strict=True):
            assert plural(len(find_urls(text, taken_as=name).urls), "URL") in str(option.prompt)
        await stage.press("c")
        await stage.until(lambda: stage.screen.urls.found == find_urls(text, taken_as="csv"))
        stage.screen.beat()
        assert "read as csv" in str(stage.views.text.border_subtitle)
        await stage.press("F")
        await stage.until(lambda: isinstance(stage.app.screen, ChoiceForm))
        assert stage.app.screen.query_one(OptionList).highlighted == 1 + FORMATS.index("csv")
        await stage.app.screen.query_one(OptionList).run_action("first")
        await stage.press("enter")
        await stage.until(lambda: stage.screen.urls.found == find_urls(text))


async def test_the_format_that_was_chosen_is_that_of_one_text() -> None:
    async with fetching() as stage:
        await stage.screen.take("https://a.example/x")
        await stage.screen.urls.read("https://a.example/x", "html")
        stage.screen.action_clear()
        await stage.until(lambda: not stage.screen.urls.text)
        assert stage.screen.urls.taken_as == ""


async def test_the_screen_has_the_format_of_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text").write_text('{"u": "http://127.0.0.1:9/a b"}')
    requests: list[Request] = []

    def make_app(request: Request) -> SimpleNamespace:
        requests.append(request)
        return SimpleNamespace(run=lambda: None, return_code=0)

    monkeypatch.setattr("asynclab.cli.fetch_command.has_terminal", lambda: True)
    monkeypatch.setattr("asynclab.app.AsyncLabApp", make_app)
    CliRunner().invoke(main, ["fetch", "-f", str(tmp_path / "text"), "--as", "text", "--retries", "0"])
    async with fetching(request=requests[0]) as stage:
        await stage.until(lambda: bool(stage.screen.urls.found.urls))
        assert stage.screen.urls.taken_as == "text"
        assert [url.url for url in stage.screen.urls.found.urls] == ["http://127.0.0.1:9/a"]


async def test_a_text_that_the_command_says_to_have_a_format_shows_with_what_was_ignored() -> None:
    request = Request("nothing here\nhttp://127.0.0.1:1/", "text", Options(retries=0))
    async with fetching(request=request) as stage:
        await stage.until(lambda: stage.screen.together.fetch is not None)
        assert stage.views.text.text == request.text
        assert (stage.screen.urls.taken_as, stage.screen.urls.found.ignored) == ("text", ("nothing here",))


async def test_checked_links_are_reported_by_cause_and_host() -> None:
    async with fetching() as stage:
        stage.screen.chosen = Options(retries=0)
        await stage.fetched("/status/404", "/pages/tasks")
        await stage.press("L")
        assert stage.app.screen is stage.screen
        stage.screen.chosen = Options(check=True, retries=0)
        await stage.press("enter")
        await stage.ended()
        await stage.press("L")
        await stage.until(lambda: isinstance(stage.app.screen, TextList))
        lines = [plain(line) for line in stage.app.screen.text_lines(80)]  # type: ignore[attr-defined]
        host = stage.server.url("").removeprefix("http://").rstrip("/")
        assert lines[0].startswith("2 links: 1 broken")
        assert {"404 Not Found (1)", f"  {stage.server.url('/status/404')}"} < set(lines)
        assert lines[-1].split() == [host, "1", "1", "0"]


async def test_d_shows_and_hides_the_selected_url() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks")
        assert stage.views.story.region.area
        await stage.press("d")
        assert not stage.views.story.region.area
        await stage.press("d")
        assert stage.views.story.region.area


async def test_a_goes_to_the_text_and_escape_leaves_it() -> None:
    async with fetching() as stage:
        await stage.press("a")
        assert focused(stage) == "fetch-text"
        await stage.press("x", "c", "q")
        assert stage.views.text.text == "xcq"
        await stage.press("escape")
        assert focused(stage) == "fetch-table"


async def test_what_is_typed_after_a_is_added_below_the_text() -> None:
    async with fetching() as stage:
        await stage.take("/pages/tasks")
        await stage.press("a", *"http://b.c/")
        assert stage.views.text.text.splitlines() == [stage.server.url("/pages/tasks"), "http://b.c/"]
        await stage.press("escape", "a", "d")
        assert stage.views.text.text.endswith("http://b.c/d")


async def test_ctrl_c_names_no_key_that_would_be_typed(paced_by_hand: SimpleNamespace) -> None:
    async with fetching() as stage:
        await stage.press("a", "ctrl+c")
        assert stage.notices == ["press ctrl+c again to quit"]
        await stage.press("escape")
        paced_by_hand.at += AGAIN_SECONDS
        await stage.press("ctrl+c")
        assert stage.notices == ["press q, or ctrl+c again, to quit"]


async def test_f5_fetches_from_within_the_text() -> None:
    async with fetching() as stage:
        await stage.press("a")
        stage.views.text.insert(stage.server.url("/pages/tasks"))
        await stage.press("f5")
        await stage.ended()
        assert stage.states == ["ok"]
        assert focused(stage) == "fetch-table"


async def test_capital_d_empties_the_text() -> None:
    async with fetching() as stage:
        await stage.take("/pages/tasks", then="D")
        await stage.until(lambda: len(stage.table) == 12)
        assert stage.views.text.text == ""


async def test_a_text_without_urls_is_not_fetched() -> None:
    async with fetching() as stage:
        await stage.screen.take("nothing to see here")
        await stage.until(lambda: not stage.table and stage.notices == ["0 URLs found"])
        await stage.press("f5", "enter", "S")
        assert stage.screen.together.fetch is None
        assert "fetch" not in [offer.command.action for offer in stage.screen.offers if offer.applies]


async def test_where_there_is_no_url_every_pane_says_what_it_is_for_or_what_to_press() -> None:
    async with fetching() as stage:
        await stage.screen.take("nothing to see here")
        await stage.until(lambda: "Press a" in " ".join(painted(stage.views.table)))
        assert "phase by phase" in " ".join(painted(stage.views.story))
        assert "the server answered" in " ".join(painted(stage.views.answer))


async def test_tab_goes_through_the_panes() -> None:
    async with fetching() as stage:
        seen = []
        for _ in range(4):
            await stage.press("tab")
            seen.append(focused(stage))
        assert seen == ["fetch-story", "fetch-answer", "fetch-text", "fetch-table"]
        await stage.press("shift+tab")
        assert focused(stage) == "fetch-text"


async def test_escape_goes_back_to_the_demos_while_the_fetch_goes_on() -> None:
    async with hanging(count=1) as stage:
        await stage.press("escape")
        await stage.until(lambda: stage.app.current_mode == "learn")
        assert stage.screen.together.is_running


async def test_the_title_tells_how_many_tasks_live_and_events_do_not_pile_up() -> None:
    async with hanging(count=2) as stage:
        assert "1 run · 3 tasks" in stage.screen.title_bar.line_text(0)
        folded = stage.lab.state.version
        stage.lab.pump()
        assert stage.lab.state.version == folded


async def test_the_title_counts_what_runs_on_the_other_screen_too() -> None:
    async with hanging(count=2) as stage:
        await stage.press("escape")
        await stage.until(lambda: stage.app.current_mode == "learn")
        learn = stage.app.screen
        assert isinstance(learn, LearnScreen)
        await stage.until(lambda: learn.is_mounted and "1 run · 3 tasks" in learn.title_bar.line_text(0))


async def test_a_fetch_stands_still_while_the_program_is_stopped() -> None:
    async with hanging(count=1) as stage:
        stage.app.was_stopped(6.0)
        stage.lab.pump()
        assert not stage.lab.state.clock.paused
        assert not stage.lab.state.clock.kept_real_time


async def test_quitting_in_the_middle_ends_everything() -> None:
    async with fetching() as stage:
        await stage.take(*(f"/hang?{number}" for number in range(30)), then="S")
        await stage.until(lambda: stage.screen.together.is_running and stage.screen.one_by_one.is_running)
        tasks = [task for task in asyncio.all_tasks() if task.get_name() == "run fetch"]
        assert len(tasks) == 2
        await stage.press("q")
        await asyncio.wait(tasks)
        assert set(stage.states) == {"cancelled"}
