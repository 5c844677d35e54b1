"""Tests that each bug of the corpus is named, and nothing is found in its right programs."""

import inspect
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.golden_files import Golden
from tests.remote.programs import ROOT

pytestmark = pytest.mark.timeout(300)  # all programs run when the first of these tests asks; a busy machine is slow

CORPUS = Path(__file__).parents[1] / "corpus"
PROGRAMS = sorted(CORPUS.glob("*.py"))
IN_TURN = sorted((CORPUS / "in_turn").glob("*.py"))
"""Modules with many programs each, which one child runs one after another."""
TABLE = [
    (module, name, frozenset((program.__doc__ or "").split()))
    for module in IN_TURN
    for name, program in runpy.run_path(str(module)).items()
    if inspect.iscoroutinefunction(program)
]
"""Each of these programs: its module, its name, and what is found in it."""
RUN_IN_TURN = """
import asyncio, contextlib, gc, inspect, runpy, sys
for program in runpy.run_path(sys.argv[1]).values():
    if inspect.iscoroutinefunction(program):
        with contextlib.suppress(Exception):
            asyncio.run(program())
        gc.collect()
"""
HANG = frozenset(
    {"standstill", "partial-deadlock", "deadlock", "join-without-task-done", "shutdown-hangs", "executor-deadlock"}
)
"""What is found in programs that never end."""
INTERRUPTED = ("waits_for_interrupt", "waits_for_interrupt_and_counts", "waits_for_interrupt_and_serves")
"""Right programs that never end by themselves."""
DEADLINE = "import faulthandler; faulthandler.dump_traceback_later(4, exit=True)"
"""Ends a program from a thread that Python knows nothing of, long after all was found, also on a busy machine."""


def _expected(program: Path) -> set[str]:
    what, _, names = program.read_text().splitlines()[0].removeprefix("# ").partition(": ")
    return set(names.split()) if what == "bug" else set()


def _loops(program: Path, folder: Path) -> list[dict[str, Any]]:
    """Run a program, and end it where it hangs: as its terminal's end would."""
    report = folder / f"{program.stem}.json"
    command = [sys.executable, "-m", "asynclab", "run", "--json", str(report), str(program)]
    # A signal ends those that hang: the report is made of what they told before.
    if _expected(program) & HANG or program.stem in INTERRUPTED:
        command[-1:] = ["-c", f"{DEADLINE}; import runpy; runpy.run_path({str(program)!r}, run_name='__main__')"]
    if program in IN_TURN:
        command[-1:] = ["-c", RUN_IN_TURN, str(program)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=240)
    return [loop for loop in json.loads(report.read_text())["loops"] if loop["tasks"]["made"]]


def _rules(loop: dict[str, Any]) -> set[str]:
    return {finding["rule"] for finding in loop["findings"]}


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[dict[str, Any]]]]:
    folder = tmp_path_factory.mktemp("reports")
    with ThreadPoolExecutor(4) as threads:  # they mostly wait
        longest_first = [*IN_TURN, *PROGRAMS]
        yield dict(threads.map(lambda program: (program.stem, _loops(program, folder)), longest_first))


@pytest.mark.skipif(sys.version_info[:2] != (3, 13), reason="they name functions and tasks of Python's own library")
def test_findings_tell_who_where_and_when(loops: dict[str, list[dict[str, Any]]], golden: Golden) -> None:
    findings = [finding for module in loops.values() for loop in module for finding in loop["findings"]]
    texts = sorted((finding["rule"], re.sub(r"\d+(?:[.,]\d+)*", "N", finding["text"])) for finding in findings)
    golden.check("findings", texts)


def test_a_comment_in_the_code_reaches_each_finding(loops: dict[str, list[dict[str, Any]]]) -> None:
    findings = [finding for module in loops.values() for loop in module for finding in loop["findings"]]
    assert {finding["rule"] for finding in findings if not finding["line"]} <= {"shutdown-hangs"}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_bug_is_named_and_nothing_else(program: Path, loops: dict[str, list[dict[str, Any]]]) -> None:
    assert set[str]().union(*map(_rules, loops[program.stem])) == _expected(program)


@pytest.mark.parametrize("module", IN_TURN, ids=lambda module: module.stem)
def test_each_program_of_many_has_just_its_findings(module: Path, loops: dict[str, list[dict[str, Any]]]) -> None:
    programs = [(name, rules) for of, name, rules in TABLE if of == module]
    found = dict(zip([name for name, _ in programs], map(_rules, loops[module.stem]), strict=True))
    assert found == {name: set(rules) for name, rules in programs}
