"""Tests the script that makes the pictures of the README."""

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "docs" / "make_screenshots.py"


def test_the_demo_of_each_picture_can_be_started() -> None:
    script = runpy.run_path(str(SCRIPT))
    pictures = {file.stem for file in (SCRIPT.parent / "screenshots").glob("*.svg")}
    assert pictures == {*script["SCENES"], "inspect"}
    assert all(script["app_of"](name).first for name in script["SCENES"])
