"""Tests the line that describes the frames of a task."""

import pytest

from asynclab.model.events import StackFrame, TaskStands
from asynclab.model.frames import chain_text, file_name

MAIN = StackFrame("main", "a.py", 9)


@pytest.mark.parametrize(
    ("frames", "is_opaque", "told"),
    [
        ((MAIN, StackFrame("Kettle.brew", "a.py", 4)), False, "main → Kettle.brew"),
        ((MAIN, StackFrame("sleep", library="asyncio")), False, "main → asyncio.sleep"),
        ((MAIN, StackFrame("get", library="aiohttp", count=5)), False, "main → 5 frames in aiohttp"),
        ((StackFrame("test.<locals>.main.<locals>.brew", "a.py", 9),), False, "brew"),
        ((MAIN, StackFrame("b", count=400), StackFrame("c", "a.py", 2)), False, "main → 400 more → c"),
        ((MAIN,), True, "main → …"),
        ((StackFrame("\x1b[1m", "a.py", 1), StackFrame("f", library="\x07", count=2)), False, "␛[1m → 2 frames in ␇"),
    ],
)
def test_coroutines_are_told_from_the_outermost_inwards(
    frames: tuple[StackFrame, ...], is_opaque: bool, told: str
) -> None:
    assert chain_text(TaskStands(0.0, 1, frames, is_opaque)) == told


def test_a_file_s_name_is_without_its_folders_whoever_s_slashes_it_has() -> None:
    assert [file_name(path) for path in ("/a/b/tea.py", r"C:\a\tea.py", "tea.py", "")] == ["tea.py"] * 3 + [""]
    assert "\x1b" not in file_name("/a/\x1b[31m.py")
