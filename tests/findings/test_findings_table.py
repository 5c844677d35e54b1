"""The table of bugs that are named has the programs of the corpus, and stands where people look."""

from __future__ import annotations

import runpy
from typing import Any

import pytest

from tests.findings.test_corpus import PROGRAMS
from tests.remote.programs import ROOT

AGAIN = "run python docs/make_findings_table.py and docs/make_findings_page.py"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "make_findings_table.py"))


def test_the_stored_result_is_that_of_the_corpus(script: dict[str, Any]) -> None:
    rows = script["stored"]()
    headers = [(program.name, program.read_text().splitlines()[0]) for program in PROGRAMS]
    assert [(row.program, row.header) for row in rows] == headers, AGAIN
    assert [row.program for row in rows if not row.is_right] == []


def test_the_readme_has_its_counts(script: dict[str, Any]) -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8") == script["readme"](script["stored"]()), AGAIN


@pytest.mark.parametrize(
    ("header", "found", "is_right"),
    [
        ("# bug: deadlock", ("deadlock",), True),
        ("# bug: deadlock", ("deadlock", "standstill"), False),
        ("# bug: deadlock", (), False),
        ("# bug:", ("standstill",), True),
        ("# bug:", (), False),
        ("# right: it waits for a signal", (), True),
        ("# right: it waits for a signal", ("standstill",), False),
    ],
)
def test_a_bug_counts_as_named_only_by_what_its_header_says(
    script: dict[str, Any], header: str, found: tuple[str, ...], is_right: bool
) -> None:
    assert script["Outcome"]("app.py", header, found, "").is_right is is_right


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
