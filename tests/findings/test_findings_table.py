"""Tests that the stored table of named bugs matches the corpus, and the pages that show it."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.findings.test_corpus import CORPUS
from tests.remote.programs import ROOT

AGAIN = "run python docs/make_findings_table.py and docs/make_findings_page.py"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "make_findings_table.py"))


def test_the_stored_result_is_that_of_the_corpus(script: dict[str, Any]) -> None:
    rows = script["stored"]()
    programs = [program for program, _ in script["programs"](CORPUS)]
    assert [(row.name, row.is_bug, row.rules) for row in rows] == [(p.name, p.is_bug, p.rules) for p in programs], AGAIN
    assert [row.name for row in rows if not row.is_as_it_should_be] == []


def test_the_readme_has_its_counts(script: dict[str, Any]) -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8") == script["readme"](script["stored"]()), AGAIN


def test_programs_are_whole_files_and_coroutines_that_are_run_in_turn(script: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "in_turn").mkdir()
    (tmp_path / "a.py").write_text("# bug: deadlock standstill\r\nraise SystemExit\r\n")
    (tmp_path / "b.py").write_text("# right: it ends")
    (tmp_path / "c.py").write_text("# bug:\n")
    (tmp_path / "no.py").write_text('"""Has no header."""\n')
    text = 'async def one():\n    """deadlock"""\nasync def two(): ...\ndef no(): ...\n'
    (tmp_path / "in_turn" / "d.py").write_text(text)
    found = [(program.name, program.is_bug, program.rules) for program, _ in script["programs"](tmp_path)]
    assert found == [
        ("a", True, ("deadlock", "standstill")),
        ("b", False, ()),
        ("c", True, ()),
        ("one", True, ("deadlock",)),
        ("two", False, ()),
    ]


@pytest.mark.parametrize(
    ("is_bug", "rules", "found", "likely", "is_as_it_should_be", "is_proved"),
    [
        (True, ("deadlock",), ("deadlock",), (), True, True),
        (True, ("deadlock",), ("deadlock",), ("deadlock",), True, False),
        (True, ("deadlock",), ("deadlock", "standstill"), (), False, False),
        (True, ("deadlock",), (), (), False, False),
        (True, (), ("standstill",), (), True, True),
        (True, (), (), (), False, False),
        (False, (), (), (), True, True),
        (False, (), ("standstill",), ("standstill",), False, False),
    ],
)
def test_a_bug_counts_only_by_what_it_says_itself(
    script: dict[str, Any],
    is_bug: bool,
    rules: tuple[str, ...],
    found: tuple[str, ...],
    likely: tuple[str, ...],
    is_as_it_should_be: bool,
    is_proved: bool,
) -> None:
    outcome = script["Outcome"]("app", is_bug, rules, found, likely, "")
    assert (outcome.is_as_it_should_be, outcome.is_proved) == (is_as_it_should_be, is_proved)


def test_the_counts_tell_what_is_proved_from_what_is_likely(script: dict[str, Any]) -> None:
    rows = [
        script["Outcome"]("one", True, ("deadlock",), ("deadlock",), (), ""),
        script["Outcome"]("two", True, ("lost-update",), ("lost-update",), ("lost-update",), "says"),
        script["Outcome"]("three", False, (), (), (), ""),
    ]
    assert "| of 2 programs with a bug | proves 1, and calls 1 likely | comments on 1 |" in script["summary"](rows)
    assert "| two | lost-update (likely) | says |" in script["listing"](rows)


SAID = """\
Traceback (most recent call last):
  File "app.py", line 3, in main
  + Exception Group Traceback (most recent call last):
  |   File "app.py", line 3, in main
ValueError: no

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "app.py", line 3, in main
KeyError: 'x'
Task was destroyed but it is pending!
Timeout (0:00:03)!
Thread 0x1 (most recent call first):
"""


def test_what_ends_a_program_is_no_comment_of_debug_mode(script: dict[str, Any]) -> None:
    comments = [line for line in script["_outside_of_tracebacks"](SAID) if line.strip()]
    assert comments == ["Task was destroyed but it is pending!"]
