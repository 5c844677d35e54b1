"""Runs CPython's own tests of asyncio with and without a recorder on every loop, and compares the results.

A few modules run always. `ASYNCLAB_CPYTHON=all` in the environment runs them all, as `.ci/run` does.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cpython.excused import reason_for

PACKAGE = "test.test_asyncio"
SHORT = (
    "test_context",
    "test_eager_task_factory",
    "test_locks",
    "test_queues",
    "test_runners",
    "test_taskgroups",
    "test_timeouts",
    "test_waitfor",
)
"""The modules that run always: a few seconds each, and together most of what the recorder has to do with."""

ROUNDS = 3
"""How often a test that ended otherwise is tried again, alone, before it counts: some of CPython's tests are flaky."""

PATIENCE = 240
"""Seconds after which a module counts as hanging; a whole module takes at most one minute undisturbed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test ended, and what was seen of it."""

    outcome: str
    error: str = ""
    events: int = 0
    steps: int = 0


Outcomes = dict[str, Outcome]
Run = Callable[[Iterable[str], bool], Outcomes]
"""Runs tests by their names, observed or not."""

LOST = Outcome("lost", "the process ended before the test did")


def modules() -> list[str]:
    """The modules of the suite that this interpreter is shipped with, but for Windows' own; empty where it has none."""
    try:
        package = importlib.util.find_spec(PACKAGE)
    except ModuleNotFoundError:
        package = None
    places = [] if package is None else package.submodule_search_locations or []
    names = {file.stem for place in places for file in Path(place).glob("test_*.py")}
    return sorted(name for name in names if "windows" not in name)


def chosen() -> list[str]:
    """Those to run: all, or the few."""
    return modules() if os.environ.get("ASYNCLAB_CPYTHON") == "all" else [name for name in SHORT if name in modules()]


def new_failures(names: Iterable[str], run: Run) -> tuple[dict[str, str], Outcomes]:
    """Run modules both ways: what is different, by test, and how all ended that were observed."""
    names = list(names)
    with ThreadPoolExecutor(2) as pool:
        bare, observed = pool.map(lambda is_observed: run(names, is_observed), (False, True))
    different = [test for test in bare | observed if _differs(test, bare, observed)]
    found = {}
    for test in different:
        if reason_for(test) is None and all(_differs(test, *_alone(test, run)) for _ in range(ROUNDS)):
            was, now = bare.get(test, LOST), observed.get(test, LOST)
            found[test] = f"{was.outcome} bare, {now.outcome} observed: {now.error or was.error}"
    return found, observed


def _differs(test: str, bare: Outcomes, observed: Outcomes) -> bool:
    return bare.get(test, LOST).outcome != observed.get(test, LOST).outcome


def _alone(test: str, run: Run) -> tuple[Outcomes, Outcomes]:
    return run([test], False), run([test], True)


def counts(observed: Outcomes) -> dict[str, int]:
    ran = [outcome for outcome in observed.values() if outcome.outcome != "skipped"]
    return {
        "tests": len(ran),
        "observed": sum(outcome.events > 0 for outcome in ran),
        "steps": sum(outcome.steps for outcome in ran),
    }


@pytest.mark.skipif(not modules(), reason=f"this Python is shipped without {PACKAGE}")
@pytest.mark.timeout(4 * PATIENCE)
@pytest.mark.parametrize("module", chosen())
def test_a_recorder_on_every_loop_makes_no_test_of_cpython_fail(
    module: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    def run(names: Iterable[str], is_observed: bool) -> Outcomes:
        results = tmp_path / ("observed" if is_observed else "bare")
        results.write_text("")
        command = [sys.executable, "-m", "tests.cpython.runner", *(["--observe"] * is_observed), str(results), *names]
        # A directory of its own, as the tests make files; what warnings pytest turned on is not inherited.
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONWARNINGS": ""}
        with open(tmp_path / "output", "ab") as output, suppress(subprocess.TimeoutExpired):
            subprocess.run(command, cwd=tmp_path, env=environment, stdout=output, stderr=output, timeout=PATIENCE)
        with results.open(encoding="utf-8") as lines:
            found = map(json.loads, lines)
            return {line.pop("id"): Outcome(**line) for line in found}

    found, observed = new_failures([f"{PACKAGE}.{module}"], run)
    for name, count in counts(observed).items():
        record_property(name, count)
    assert observed, (tmp_path / "output").read_text(errors="replace")[-2_000:]
    assert found == {}
