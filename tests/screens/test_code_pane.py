"""Tests the code pane of a real run: it follows the selected task, and its marks are right at each step."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from tests.screens.dashboard_stage import Stage, opened
from tests.screens.test_learn import lab_of, replace_main, start
from tests.widgets.view_stage import painted

KETTLE = """\
import asyncio

async def boil() -> None:
    await asyncio.sleep(5)
"""


def imported(path: Path, text: str) -> ModuleType:
    """A module made of a text."""
    path.write_text(text, encoding="utf-8")
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def marked(stage: Stage) -> list[int]:
    """The numbers of the lines that have marks, in sight or not."""
    source = stage.views.source
    texts = (source.line_text(index)[: source.selected_from] for index in range(source.line_count()))
    return [number for number, text in enumerate(texts, 1) if any(mark in text for mark in "◌▸→►")]


async def test_the_pane_goes_where_the_selected_task_goes_and_comes_back(tmp_path: Path) -> None:
    kettle = imported(tmp_path / "kettle.py", KETTLE)

    async def main() -> None:
        await kettle.boil()

    async with opened() as stage:
        replace_main(stage.app.runs["1"], main)
        run = await start(stage, "1")
        await stage.press("space", "tab", "j")
        source = stage.views.source
        await stage.until(lambda: source.path == str(tmp_path / "kettle.py"))
        assert marked(stage) == [4]
        assert "▌4 ◌1       await asyncio.sleep(5)" in painted(source)
        await stage.until(lambda: "main → boil → asyncio.sleep" in str(source.border_subtitle))
        await stage.press("tab", "tab", "y")
        assert stage.app.clipboard == KETTLE
        stage.screen.stage.source.focus()
        await stage.press("backspace")
        assert source.path == str(run.demo.path)


async def test_a_held_demo_marks_each_of_its_tasks_at_each_step() -> None:
    async with opened() as stage:
        await stage.press("j", "j", "n")
        run = stage.app.runs["3"]
        await stage.until(lambda: run.lab and run.lab.held)
        for step in range(6):
            stage.screen.paint()
            tasks = [task for task in lab_of(run).state.tasks.values() if not task.has_ended]
            places = {task.place for task in tasks}
            assert None not in places, step
            assert marked(stage) == sorted(line for _, line in places if line)  # type: ignore[misc]
            await stage.press("n")
            await stage.pilot.pause()


async def test_a_file_that_was_opened_behind_another_pane_is_seen_from_its_code_on() -> None:
    async with opened((80, 24)) as stage:
        await stage.press("j")
        await stage.pilot.pause()
        stage.screen.action_show_pane("source")
        await stage.until(lambda: "import asyncio" in "".join(painted(stage.views.source)[:1]))
