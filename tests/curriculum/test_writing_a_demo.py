"""The example in docs/writing-a-demo.md is a demo."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from asynclab.curriculum.lesson import read_lesson
from tests.fast_loop import FastLoop

GUIDE = Path(__file__).parents[2] / "docs" / "writing-a-demo.md"


def test_the_example_is_a_lesson_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[0]
    assert [parameter.name for parameter in read_lesson(example).parameters] == ["visitors", "room", "own_semaphore"]
    module: dict[str, Any] = {"__name__": "example"}
    exec(example, module)
    for mistake, seconds in ((False, 3), (True, 1)):
        with asyncio.Runner(loop_factory=FastLoop) as runner:
            runner.run(module["main"](own_semaphore=mistake))
            assert runner.get_loop().time() == pytest.approx(seconds)
    assert len(capsys.readouterr().out.splitlines()) == 12
