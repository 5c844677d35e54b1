"""Tests how the results of two runs of CPython's tests are compared, and what the runner records of a test."""

import io
import json
import unittest
from collections.abc import Iterable

import pytest

from tests.cpython import excused
from tests.cpython.runner import Outcomes as Writer
from tests.cpython.test_own_suite import Outcome, Outcomes, counts, new_failures

PASSED, FAILED = Outcome("passed", events=3, steps=2), Outcome("failed", "1 != 2")


class Runs:
    """Stands in for the runner: what each run of the module, and then of single tests, comes to."""

    def __init__(self, bare: Outcomes, observed: Outcomes, *alone: Outcome) -> None:
        self._module = {False: bare, True: observed}
        self._alone = list(alone)

    def __call__(self, names: Iterable[str], is_observed: bool) -> Outcomes:
        (name,) = names
        if name == "module":
            return self._module[is_observed]
        return {name: self._alone.pop(0) if is_observed else PASSED}


def found(runs: Runs) -> dict[str, str]:
    return new_failures(["module"], runs)[0]


def test_what_fails_only_under_a_recorder_is_new() -> None:
    runs = Runs({"a.b": PASSED, "c.d": FAILED}, {"a.b": FAILED, "c.d": FAILED}, FAILED, FAILED, FAILED)
    assert found(runs) == {"a.b": "passed bare, failed observed: 1 != 2"}


def test_what_passes_alone_once_in_three_times_is_flaky() -> None:
    assert found(Runs({"a.b": PASSED}, {"a.b": FAILED}, FAILED, FAILED, PASSED)) == {}


def test_a_test_in_which_the_process_ended_is_new_and_so_is_one_that_is_missing() -> None:
    lost = Outcome("lost")
    assert list(found(Runs({"a.b": PASSED}, {}, lost, lost, lost))) == ["a.b"]


def test_a_written_reason_excuses_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(excused.EXCUSED, "Tests.test_private", "looks into a private list")
    name = "test.module.Tests.test_private"
    assert found(Runs({name: PASSED}, {name: FAILED})) == {}


def test_skipped_tests_are_not_counted_as_run() -> None:
    assert counts({"a": PASSED, "b": FAILED, "c": Outcome("skipped")}) == {"tests": 2, "observed": 1, "steps": 2}


def test_the_runner_writes_a_line_for_each_test() -> None:
    class Sample(unittest.TestCase):
        def test_fails_in_a_part(self) -> None:
            for number in range(2):
                with self.subTest(number=number):
                    self.assertEqual(number, 0)  # noqa: PT009

        def test_passes(self) -> None: ...

        @unittest.skip("for a reason")
        def test_skips(self) -> None: ...

    written = io.StringIO()
    unittest.defaultTestLoader.loadTestsFromTestCase(Sample).run(Writer(written, lambda: (5, 2)))
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [(line["id"].rpartition(".")[2], line["outcome"]) for line in lines] == [
        ("test_fails_in_a_part", "failed"),
        ("test_passes", "passed"),
        ("test_skips", "skipped"),
    ]
    assert lines[0]["error"] == "1 != 0"
    assert (lines[1]["events"], lines[1]["steps"]) == (5, 2)
