"""Tests that the labs of a program never overlap, whatever starts, stops or restarts it."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asynclab.curriculum.catalogue import DEMOS, Demo, find
from asynclab.curriculum.demo_parameters import Parameter
from asynclab.curriculum.practice_pages import Pages
from asynclab.screens.lab.staged_run import SPEEDS
from asynclab.screens.learn.demo_runs import Run, Runs, Standing, lesson_of
from asynclab.trace.governing import run_lifecycle
from tests.fast_ui import until
from tests.screens.dashboard_stage import plain_lab, quick_lab, staged

Main = Callable[..., Coroutine[Any, Any, Any]]


class Diary:
    """A main that waits until it is cancelled and takes a while to clean up, and what it noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.inside = 0
        self.most_inside = 0

    async def main(self) -> None:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.notes.append("begin")
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            self.notes.append("clean")
            self.inside -= 1


def run_of(main: Main, *parameters: Parameter) -> Run:
    return Run(staged(main, *parameters), Pages(), plain_lab)


async def begun() -> tuple[Diary, Run]:
    """A diary, and its run that has begun."""
    diary = Diary()
    run = run_of(diary.main)
    run.start()
    await until(lambda: diary.notes)
    return diary, run


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_run_goes_from_nothing_to_running_to_done() -> None:
    go_on = asyncio.Event()

    async def main() -> None:
        await go_on.wait()

    run = run_of(main)
    assert run.standing() == Standing(None)
    run.start()
    await until(lambda: run.is_running)
    assert run.standing().state == "running"
    go_on.set()
    await run.settle()
    assert run.standing() == Standing("done")
    assert not run.is_active


async def test_starting_a_running_one_cancels_it_awaits_its_clean_up_and_starts_afresh() -> None:
    diary, run = await begun()
    first = run.lab
    run.start()
    await until(lambda: diary.notes.count("begin") == 2)
    assert diary.notes == ["begin", "clean", "begin"]
    assert run.lab is not first
    await run.close()
    assert diary.most_inside == 1


async def test_many_starts_in_a_row_never_overlap_and_come_down_to_few() -> None:
    diary = Diary()
    run = run_of(diary.main)
    for _ in range(50):
        run.start()
        await turns(1)
    await until(lambda: diary.inside == 1)
    await turns()
    await run.close()
    assert diary.most_inside == 1
    assert diary.notes.count("begin") == diary.notes.count("clean") < 25


async def test_cancelling_waits_for_the_clean_up() -> None:
    diary, run = await begun()
    run.cancel()
    assert run.is_active
    await run.settle()
    assert diary.notes == ["begin", "clean"]
    assert run.standing().state == "cancelled"


async def test_a_start_that_is_cancelled_at_once_does_not_run_on() -> None:
    diary = Diary()
    run = run_of(diary.main)
    run.start()
    run.cancel()
    await run.settle()
    assert diary.inside == 0
    assert not run.is_running


async def test_a_cancel_between_two_starts_forgets_the_second() -> None:
    diary, run = await begun()
    run.start()
    run.cancel()
    await run.settle()
    assert diary.notes == ["begin", "clean"]


async def test_a_demo_that_cannot_be_loaded_says_why_and_can_be_tried_again() -> None:
    class Broken:
        key, name, parameters, mistakes = "1", "broken", (), ()
        attempts = 0

        def load(self) -> Main:
            self.attempts += 1
            if self.attempts == 1:
                raise ImportError("no [red]such\nmodule")
            return Diary().main

    broken: Any = Broken()
    run = Run(broken, Pages(), plain_lab)
    run.start()
    await run.settle()
    assert run.problem == "ImportError: no [red]such⏎module"
    assert run.standing().state == "failed"
    run.start()
    await until(lambda: run.is_running)
    assert run.problem == ""
    await run.close()


async def test_closing_does_not_wait_for_ever_for_a_task_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lifecycle, "GRACE", 0.01)
    enough = asyncio.Event()

    async def main() -> None:
        while not enough.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await enough.wait()

    run = run_of(main)
    run.start()
    await until(lambda: run.is_running)
    await run.close()
    assert not run.is_active
    assert run.standing().state == "cancelled"
    enough.set()
    await turns()


async def test_progress_is_in_the_note_while_it_runs() -> None:
    go_on = asyncio.Event()

    async def quick() -> None:
        pass

    async def main() -> None:
        await asyncio.gather(quick(), go_on.wait())

    run = run_of(main)
    run.start()
    await until(lambda: run.is_running)
    await turns()
    assert run.lab is not None
    run.lab.sample()
    assert run.standing() == Standing("running", "1/2")
    go_on.set()
    await run.settle()


async def test_the_chosen_speed_stays_for_the_next_start() -> None:
    diary, run = await begun()
    run.change_speed(-1)
    assert run.lab is not None
    assert run.lab.speed == run.speed < 1.0
    run.start()
    await until(lambda: diary.notes.count("begin") == 2)
    assert run.lab.speed == run.speed
    await run.close()


def test_the_speed_stays_within_what_can_be_chosen() -> None:
    run = run_of(Diary().main)
    for _ in range(50):
        run.change_speed(1)
    assert run.speed == SPEEDS[-1]
    for _ in range(50):
        run.change_speed(-1)
    assert run.speed == SPEEDS[0]


def test_mistakes_that_are_on_together_give_way_to_the_next_one_and_a_form_leaves_it_on() -> None:
    gather = Run(find("gather"), Pages(), plain_lab)
    gather.take({"one_by_one": True, "one_fails": True})
    seen = [gather.mistakes_on]
    gather.next_mistake()
    assert [*seen, gather.mistakes_on] == [("one_by_one", "one_fails"), ()]
    gather.next_mistake()
    gather.take({"tasks": 3})
    assert gather.mistakes_on == ("one_by_one",)


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.name)
def test_the_lesson_names_the_next_mistake(demo: Demo) -> None:
    assert lesson_of(Run(demo, Pages(), plain_lab)).v.endswith(demo.mistakes[0].mistake)


async def test_parameters_and_all_the_mistakes_that_were_asked_for_reach_main() -> None:
    got: dict[str, object] = {}

    async def main(**values: object) -> None:
        got.update(values)

    mistakes = [Parameter(name, "bool", False, mistake="it is") for name in ("spill", "burn", "forget")]
    run = run_of(main, Parameter("cups", "int", 2, 1, 9), *mistakes)
    run.take({"cups": 4, "spill": True, "burn": False, "forget": True})
    run.start()
    await run.settle()
    assert got == {"cups": 4, "spill": True, "forget": True}
    assert run.mistakes_on == ("spill", "forget")


async def test_a_demo_does_not_inherit_the_app_s_context() -> None:
    import contextvars

    mine = contextvars.ContextVar("mine", default="none")
    got = []

    async def main() -> None:
        got.append(mine.get())

    mine.set("the app's")
    run = run_of(main)
    run.start()
    await run.settle()
    assert got == ["none"]


async def test_all_ten_run_at_once_and_close_together() -> None:
    runs = Runs(DEMOS, plain_lab)
    for run in runs:
        run.start()
    await until(lambda: all(run.lab is not None for run in runs))
    await runs.close()
    assert not any(run.is_active for run in runs)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert len(names) == 1


@pytest.mark.usefixtures("practice_server_in_a_hurry")
async def test_demos_share_one_practice_server_and_closing_stops_it() -> None:
    runs = Runs(DEMOS, quick_lab)
    runs["8"].start()
    runs["9"].start()
    await runs["8"].settle()
    await runs["9"].settle()
    assert runs["8"].standing() == runs["9"].standing() == Standing("done")
    await runs.close()
    assert {task.get_name() for task in asyncio.all_tasks()} == {asyncio.current_task().get_name()}  # type: ignore[union-attr]
