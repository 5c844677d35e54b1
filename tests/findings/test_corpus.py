"""Each bug of the corpus is named, and nothing is said of its right programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.remote.programs import ROOT

CORPUS = Path(__file__).parents[1] / "corpus"
PROGRAMS = sorted(CORPUS.glob("*.py"))
HANG = frozenset({"standstill", "deadlock", "join-without-task-done"})
"""What is found in programs that never end."""
DEADLINE = "import faulthandler; faulthandler.dump_traceback_later(1.2, exit=True)"
"""Ends a program from a thread that Python knows nothing of."""


def _expected(program: Path) -> set[str]:
    what, _, names = program.read_text().splitlines()[0].removeprefix("# ").partition(": ")
    return set(names.split()) if what == "bug" else set()


def _found(program: Path, folder: Path) -> set[str]:
    """Run a program, and end it where it hangs: as its terminal's end would."""
    report = folder / f"{program.stem}.json"
    command = [sys.executable, "-m", "asynclab", "run", "--json", str(report), str(program)]
    if _expected(program) & HANG:  # a signal that ends the program: the report is made of what it told before
        command[-1:] = ["-c", f"{DEADLINE}; import runpy; runpy.run_path({str(program)!r}, run_name='__main__')"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=50)
    return {finding["rule"] for loop in json.loads(report.read_text())["loops"] for finding in loop["findings"]}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    folder = tmp_path_factory.mktemp("reports")
    with ThreadPoolExecutor(4) as threads:  # they mostly wait
        reports = threads.map(lambda program: (program.stem, _found(program, folder)), PROGRAMS)
        yield dict(reports)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_bug_is_named_and_nothing_else(program: Path, found: dict[str, set[str]]) -> None:
    assert found[program.stem] == _expected(program)
