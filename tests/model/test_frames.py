"""How the frames of a task are told in a line."""

from __future__ import annotations

from asynclab.model.events import Frame, TaskStands
from asynclab.model.frames import chain_text, file_name


def text(*frames: Frame, opaque: bool = False) -> str:
    return chain_text(TaskStands(0.0, 1, frames, opaque))


def test_coroutines_are_told_from_the_outermost_inwards() -> None:
    assert text(Frame("main", "a.py", 9), Frame("Kettle.brew", "a.py", 4)) == "main → Kettle.brew"


def test_a_library_is_named_and_its_frames_are_counted() -> None:
    assert text(Frame("main", "a.py", 9), Frame("sleep", library="asyncio")) == "main → asyncio.sleep"
    assert text(Frame("main", "a.py", 9), Frame("get", library="aiohttp", count=5)) == "main → 5 frames in aiohttp"


def test_where_a_function_was_defined_is_left_out() -> None:
    assert text(Frame("test.<locals>.main.<locals>.brew", "a.py", 9)) == "brew"


def test_a_chain_that_was_cut_says_how_much_is_missing() -> None:
    frames = (Frame("a", "a.py", 1), Frame("b", count=400), Frame("c", "a.py", 2))
    assert text(*frames) == "a → 400 more → c"


def test_a_chain_whose_end_is_hidden_says_so() -> None:
    assert text(Frame("main", "a.py", 9), opaque=True) == "main → …"


def test_names_from_outside_are_harmless() -> None:
    assert "\x1b" not in text(Frame("\x1b[31m", "a.py", 1), Frame("f", library="\x1b[0m", count=2))


def test_a_file_s_name_is_without_its_folders_whoever_s_slashes_it_has() -> None:
    assert [file_name(path) for path in ("/a/b/tea.py", r"C:\a\tea.py", "tea.py", "")] == ["tea.py"] * 3 + [""]
    assert "\x1b" not in file_name("/a/\x1b[31m.py")
