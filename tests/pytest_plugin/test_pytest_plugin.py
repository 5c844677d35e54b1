"""Tests the plugin for pytest: what it observes, reports and records, and that it changes nothing else."""

import asyncio
import gc
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import asynclab.pytest_plugin.findings_summary
import asynclab.pytest_plugin.observed_tests  # noqa: F401 - here, as pytester forgets what an inner run has imported
from asynclab.model.events import TaskCreated, TaskEnded
from asynclab.pytest_plugin import kept_frames
from asynclab.pytest_plugin.kept_frames import KeptFrames, file_name_of
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import RecordingReader, SourceText
from asynclab.remote.wire import AnyFrame, LoopEvents, LoopOpened, ProgramEnded, ProgramStarted

pytest_plugins = ["pytester"]

PRELUDE = """
import asyncio
import pytest

async def forgotten(): ...

async def fails():
    raise ValueError

"""
"""How each inner suite begins."""

NEVER = """
async def test_forgets():
    forgotten()
"""


ASYNCIO = "pytest_asyncio.plugin"


@dataclass
class Suite:
    """An inner suite in a folder of its own, which loads only the plugins that it names."""

    pytester: pytest.Pytester

    def write(self, tests: str) -> None:
        """Write its tests, with what all suites begin with."""
        self.pytester.makepyfile(test_it=PRELUDE + dedent(tests))

    def run(self, *options: str, plugins: Sequence[str] = (ASYNCIO,), **settings: Any) -> pytest.RunResult:
        """Run it in this process."""
        return self.pytester.runpytest_inprocess(*_words(plugins), *options, **settings)

    def run_elsewhere(self, *options: str, plugins: Sequence[str] = (ASYNCIO,)) -> pytest.RunResult:
        """Run it in a process of its own."""
        return self.pytester.runpytest_subprocess(*_words(plugins), *options)


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for sign_of_ci in ("CI", "BUILD_NUMBER"):  # where pytest writes whole messages into its summary
        monkeypatch.delenv(sign_of_ci, raising=False)
    return Suite(pytester)


def _words(plugins: Sequence[str]) -> list[str]:
    """The words of a command line that load plugins, asynclab's among them."""
    named = [word for plugin in ("asynclab.pytest_plugin", *plugins) for word in ("-p", plugin)]
    auto = ["--asyncio-mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"] if ASYNCIO in plugins else []
    return [*named, *auto, "-W", "default", "-W", "ignore::pytest.PytestAssertRewriteWarning"]


def test_a_finding_is_reported_with_its_test_and_lets_no_test_fail(suite: Suite) -> None:
    suite.write(NEVER)
    result = suite.run("--asynclab")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*asynclab: 1 finding in 1 observed test*", "*::test_forgets", "  never-awaited: *:11)"]
    )


def test_a_finding_names_where_its_task_was_created(suite: Suite) -> None:
    suite.write(
        """
        async def test_drops():
            asyncio.create_task(fails(), name="dropped")
            await asyncio.sleep(0)
        """
    )
    result = suite.run("--asynclab")
    result.stdout.fnmatch_lines(
        ["test_it.py::test_drops", "  never-retrieved: *", "* 'dropped' was created at test_it.py:11"]
    )


def test_tests_fail_for_what_is_asked_for(suite: Suite) -> None:
    suite.write(NEVER)
    suite.run("--asynclab=fail").assert_outcomes(failed=1, warnings=1)
    suite.run("--asynclab-fail-on=never-awaited").assert_outcomes(failed=1, warnings=1)
    suite.run("--asynclab-fail-on=deadlock").assert_outcomes(passed=1, warnings=1)


def test_what_happens_to_many_tasks_of_a_test_is_told_once(suite: Suite) -> None:
    suite.write(
        """
        async def test_drops():
            for _ in range(3):
                asyncio.create_task(fails())
                await asyncio.sleep(0)
        """
    )
    result = suite.run("--asynclab")
    result.stdout.fnmatch_lines(["*: 1 finding in 1 observed test*", "*", "  never-retrieved: *; 2 more like it"])
    suite.run("--asynclab=fail").stdout.fnmatch_lines(["never-retrieved: *; 2 more like it"])
    allowed = suite.run("--asynclab", "--asynclab-allow=never-retrieved")
    allowed.stdout.fnmatch_lines(["1 finding left out: allowed"])


def test_what_happens_in_many_tests_is_told_with_the_first_of_them(suite: Suite) -> None:
    suite.write(
        """
        @pytest.fixture
        async def careless():
            forgotten()

        @pytest.mark.parametrize("number", range(9))
        async def test_uses(careless, number):
            pass
        """
    )
    said = suite.run("--asynclab").stdout
    said.fnmatch_lines(["*: 9 findings in 9 observed tests*", "*::test_uses?0?", "  never-awaited: *:12)"])
    said.fnmatch_lines(["*::test_uses?4?", "  never-awaited: *:12)", "never-awaited: *:12); in 4 more tests"])


def test_what_is_found_after_its_test_lets_the_session_fail(suite: Suite) -> None:
    suite.write(
        """
        kept = []

        async def test_keeps():
            kept.append(asyncio.create_task(fails()))
            await asyncio.sleep(0)

        async def test_lets_go():
            kept.clear()
        """
    )
    result = suite.run("--asynclab=fail")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*::test_keeps", "  never-retrieved: *"])


def test_what_only_the_garbage_collector_frees_is_found_after_the_last_test(suite: Suite) -> None:
    suite.write(
        """
        async def test_keeps_in_a_circle():
            circle = [asyncio.create_task(fails())]
            circle.append(circle)
            await asyncio.sleep(0)
        """
    )
    gc.disable()  # else it may come sooner
    try:
        result = suite.run("--asynclab")
    finally:
        gc.enable()
    result.stdout.fnmatch_lines(["*::test_keeps_in_a_circle", "  never-retrieved: *"])


def test_what_shows_only_at_the_end_of_the_loop_is_an_error_at_teardown(suite: Suite) -> None:
    suite.write(
        """
        @pytest.fixture
        async def forgetful():
            yield
            forgotten()

        async def test_uses_it(forgetful):
            pass
        """
    )
    suite.run("--asynclab=fail").assert_outcomes(passed=1, errors=1, warnings=1)


def test_findings_are_left_out_by_options_comments_markers_and_a_baseline(suite: Suite) -> None:
    suite.write(NEVER)
    suite.run("--asynclab=fail", "--asynclab-write-baseline=known.json").assert_outcomes(failed=1, warnings=1)
    known = suite.run("--asynclab=fail", "--asynclab-baseline=known.json")
    known.assert_outcomes(passed=1, warnings=1)
    known.stdout.fnmatch_lines(["*asynclab: 0 findings in 1 observed test*", "1 finding left out: in the baseline"])
    suite.run("--asynclab=fail", "--asynclab-allow=never-awaited").assert_outcomes(passed=1, warnings=1)
    suite.write(NEVER.replace("    forgotten()", "    forgotten()  # asynclab: allow never-awaited"))
    suite.run("--asynclab=fail").assert_outcomes(passed=1, warnings=1)
    marker = "@pytest.mark.asynclab(allow='never-awaited')\nasync def test"
    suite.write(NEVER.replace("async def test", marker))
    suite.run("--asynclab=fail").assert_outcomes(passed=1, warnings=1)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--asynclab-fail-on=nonsense", "*--asynclab-fail-on: there is no rule 'nonsense'; asynclab rules lists all*"),
        ("--asynclab-allow=nonsense", "*--asynclab-allow: there is no rule 'nonsense'; asynclab rules lists all*"),
        ("--asynclab-write-baseline=no/such.json", "*--asynclab-write-baseline: can't write *: there is no folder *"),
        ("--asynclab-write-baseline=.", "*--asynclab-write-baseline: can't write *: it is a folder"),
        ("--asynclab-baseline=missing.json", "*--asynclab-baseline: can't read *missing.json: *"),
        ("--asynclab-baseline=pytest.ini", "*--asynclab-baseline: *pytest.ini is not a baseline *"),
        ("--asynclab-record=pytest.ini", "*--asynclab-record: can't make the folder *pytest.ini: *"),
    ],
)
def test_a_wrong_option_is_told_in_a_line(suite: Suite, option: str, said: str) -> None:
    (suite.pytester.path / "pytest.ini").write_text("[pytest]")
    result = suite.run("--asynclab", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
    assert len(result.errlines) <= 2


def test_what_stands_behind_an_equals_sign_is_told_with_what_may(suite: Suite) -> None:
    result = suite.run("--asynclab=nonsense")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*argument --asynclab/--asynclab=fail: *'nonsense'"])


def test_an_instant_test_and_its_fixtures_skip_the_time_in_which_all_wait(suite: Suite) -> None:
    """The fixture's answer comes after five hours, and so before the timeout of the test expires."""
    suite.write(
        """
        @pytest.fixture
        async def answers():
            queue = asyncio.Queue()

            async def answer():
                await asyncio.sleep(5 * 3600)
                await asyncio.to_thread(lambda: None)
                queue.put_nowait("answer")

            task = asyncio.create_task(answer())
            yield queue
            await task

        @pytest.mark.asynclab(instant=True)
        async def test_waits(answers):
            loop = asyncio.get_running_loop()
            begun = loop.time()
            async with asyncio.timeout(6 * 3600):
                assert await answers.get() == "answer"
            assert 4 * 3600 < loop.time() - begun < 6 * 3600

        async def test_does_not():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await asyncio.sleep(3600)
        """
    )
    suite.run().assert_outcomes(passed=2)


def test_a_shared_loop_skips_time_only_in_instant_tests(suite: Suite) -> None:
    suite.write(
        """
        pytestmark = pytest.mark.asyncio(loop_scope="module")
        times = []

        async def test_before():
            times.append(asyncio.get_running_loop().time())

        @pytest.mark.asynclab(instant=True)
        async def test_instant():
            await asyncio.sleep(3600)
            times.append(asyncio.get_running_loop().time())

        async def test_after():
            times.append(asyncio.get_running_loop().time())
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await asyncio.sleep(3600)
            assert times == sorted(times)
            assert times[1] - times[0] >= 3600 > times[2] - times[1]
        """
    )
    suite.run().assert_outcomes(passed=3)
    suite.run("--asynclab=fail").assert_outcomes(passed=3)


def test_an_instant_test_on_another_loop_says_that_time_is_real(suite: Suite) -> None:
    pytest.importorskip("uvloop")
    suite.write(
        """
        import uvloop

        @pytest.fixture(scope="session")
        def event_loop_policy():
            return uvloop.EventLoopPolicy()

        @pytest.mark.asynclab(instant=True)
        async def test_it():
            pass
        """
    )
    result = suite.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["instant=True needs one of asyncio's own loops, and time is real on uvloop.Loop"])


DEADLOCK = """
async def test_waits_for_itself():
    lock = asyncio.Lock()
    async with lock:
        async with lock:
            pass

async def test_goes_on():
    await asyncio.sleep(0)
"""


def test_a_test_that_nothing_can_wake_ends_with_the_stuck_report(suite: Suite) -> None:
    suite.write(DEADLOCK)
    result = suite.run("--asynclab", "--timeout=30", plugins=(ASYNCIO, "pytest_timeout"))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            ">           async with lock:",
            "*Failed: asynclab ended the test: deadlock: *",
            "*asynclab call*",
            "deadlock: *which it holds itself*",
            "    test_waits_for_itself-1 *waits for lock#1*",
        ]
    )


def test_a_test_that_only_ctrl_c_could_end_is_ended_though_a_program_may_mean_to_wait_for_that(suite: Suite) -> None:
    suite.write(
        """
        async def scene():
            await asyncio.Event().wait()

        def test_plain():
            asyncio.run(scene())

        async def test_of_a_plugin():
            await scene()
        """
    )
    result = suite.run("--asynclab", "--timeout=30", plugins=(ASYNCIO, "pytest_timeout"))
    result.assert_outcomes(failed=2)
    ending = "E           Failed: asynclab ended the test: All tasks wait; only ctrl+c can wake one."
    assert result.outlines.count(ending) == 2


def test_a_thread_of_another_plugin_is_none_that_a_test_may_wait_for(suite: Suite) -> None:
    suite.pytester.makeconftest(
        """
        import socket
        import threading

        def pytest_sessionstart():
            server = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=server.accept, daemon=True).start()
        """
    )
    suite.write(DEADLOCK)
    result = suite.run_elsewhere("--asynclab", "--timeout=20", plugins=(ASYNCIO, "pytest_timeout"))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Failed: asynclab ended the test: deadlock: *"])


def test_a_timeout_tells_what_each_task_waited_for(suite: Suite) -> None:
    suite.write(
        """
        async def test_waits():
            async with asyncio.timeout(0.02):
                await asyncio.Queue().get()
        """
    )
    result = suite.run("--asynclab")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*asynclab call*", "When the timeout expired:", "*waits to get from queue#1*"])


def test_pytest_timeout_tells_what_each_task_waited_for(suite: Suite) -> None:
    suite.write("async def test_sleeps():\n    await asyncio.sleep(3600)")
    result = suite.run("--asynclab", "--timeout=1", plugins=(ASYNCIO, "pytest_timeout"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*from pytest-timeout*", "*asynclab call*", "*sleeps*"])


def test_ctrl_c_tells_what_each_task_waited_for(suite: Suite) -> None:
    suite.write(
        """
        import os
        import signal
        import threading

        async def test_joins():
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            queue = asyncio.Queue()
            queue.put_nowait(1)
            await queue.join()
        """
    )
    result = suite.run("--asynclab=fail", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*::test_joins was interrupted", "*", "    test_joins-1 *waits to join queue#1*"])


def test_a_timeout_that_ends_the_process_tells_first_what_each_task_waits_for(suite: Suite) -> None:
    suite.write("async def test_sleeps():\n    await asyncio.sleep(3600)")
    options = "--asynclab", "--timeout=2", "--timeout-method=thread"
    result = suite.run_elsewhere(*options, plugins=(ASYNCIO, "pytest_timeout"))
    assert result.ret == 1
    result.stdout.fnmatch_lines(["asynclab: *::test_sleeps has timed out:", "asynclab: *sleeps*"])


def test_a_failed_test_is_recorded_and_a_passed_one_is_not(suite: Suite) -> None:
    suite.write(
        """
        async def sleeper():
            await asyncio.sleep(0)

        async def test_passes():
            await asyncio.create_task(sleeper(), name="passes")

        async def test_fails():
            await asyncio.create_task(sleeper(), name="sleeper")
            raise ValueError
        """
    )
    result = suite.run("--asynclab-record=kept")
    result.stdout.fnmatch_lines(["recorded *kept/test_it.py-test_fails-*.rec (asynclab replay shows it)"])
    (recording,) = (suite.pytester.path / "kept").iterdir()
    program, sources = ObservedProgram(), []
    for line in RecordingReader(recording).lines():
        if isinstance(line, SourceText):
            sources.append(Path(line.file).name)
        else:
            program.take(line)
    assert sources == ["test_it.py"]
    (loop,) = program.loops.values()  # that of the test that passed is closed, and of no interest
    assert {"test_fails-1", "sleeper"} <= {task.name for task in loop.state.tasks.values()}


def test_a_long_recording_keeps_the_newest_and_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_frames, "MOST", 20)
    program = ObservedProgram()
    kept = KeptFrames(program)

    def tell(frame: AnyFrame) -> None:
        program.take(frame)
        kept.add(frame)

    tell(ProgramStarted("pytest", "3.13.0", 1, 0.0))
    tell(LoopOpened(1, "Loop", 0.0))
    tell(LoopEvents(1, (TaskCreated(0.0, 1, "first", "main"),)))
    for number in range(2, 100):
        tell(LoopEvents(1, (TaskCreated(number, number, f"task {number}", "task"), TaskEnded(number, number, "done"))))
    kept.write(tmp_path / "kept.rec", ("pytest",), ProgramEnded(100.0, 1))

    read = ObservedProgram()
    for line in RecordingReader(tmp_path / "kept.rec").lines():
        assert not isinstance(line, SourceText)
        read.take(line)
    tasks = list(read.loops[1].state.tasks.values())
    assert (tasks[0].name, tasks[-1].name) == ("first", "task 99")
    assert 5 < len(tasks) < 15


def test_the_name_of_a_recording_is_safe_and_no_other_tests() -> None:
    names = {
        file_name_of(test) for test in ("a.py::t[x/../y]", "a.py::t[x-..-y]", f"a.py::t[{'é' * 300}]", "a.py::t[\0]")
    }
    assert len(names) == 4
    assert all(len(name) < 100 and "/" not in name and name.isascii() and name.isprintable() for name in names)


def test_anyios_tests_are_observed_and_trios_are_not(suite: Suite) -> None:
    suite.write(
        """
        import anyio

        pytestmark = pytest.mark.anyio

        @pytest.fixture(params=["asyncio", "trio"])
        def anyio_backend(request):
            return request.param

        @pytest.fixture
        async def fixture():
            yield 1

        async def test_forgets(fixture):
            forgotten()

        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test_is_stuck(fixture):
            await anyio.Event().wait()

        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test_times_out(fixture):
            with anyio.fail_after(0.3):
                await anyio.Event().wait()

        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        @pytest.mark.asynclab(instant=True)
        async def test_is_instant(fixture):
            await anyio.sleep(3600)
        """
    )
    result = suite.run("--asynclab", plugins=("anyio",))
    result.assert_outcomes(passed=3, failed=2, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "When the timeout expired:",
            "*_run_tests_and_fixtures-1 *waits for event*",
            "*_call_in_runner_task-*waits for task '_run_tests_and_fixtures-1'*",
            "*::test_forgets[[]asyncio[]]",
            "  never-awaited: *",
            "*::test_is_stuck[[]asyncio[]]",
            "1 test not observed: Trio has no asyncio loop",
        ]
    )


def test_only_marked_tests_are_observed_and_a_shared_loop_from_the_mark_on(suite: Suite) -> None:
    suite.write(
        """
        pytestmark = pytest.mark.asyncio(loop_scope="module")

        async def test_unmarked():
            forgotten()

        @pytest.mark.asynclab
        async def test_marked():
            forgotten()

        async def test_unmarked_again():
            forgotten()
            assert asyncio.events.Handle.__module__ == "asyncio.events"
        """
    )
    result = suite.run()
    result.assert_outcomes(passed=3, warnings=3)
    result.stdout.fnmatch_lines(["*asynclab: 1 finding in 1 observed test*", "*::test_marked"])


def test_a_wrong_marker_is_told_in_a_line(suite: Suite) -> None:
    suite.write("@pytest.mark.asynclab(instantly=True)\nasync def test_it():\n    assert False")
    result = suite.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*::test_it: the marker asynclab takes instant=True and allow=RULE, not instantly"])


def test_tests_of_any_kind_are_observed(suite: Suite) -> None:
    suite.write(
        """
        import unittest

        async def main():
            forgotten()

        def test_runs_a_loop():
            asyncio.run(main())

        class TestCase(unittest.IsolatedAsyncioTestCase):
            async def test_method(self):
                forgotten()
        """
    )
    result = suite.run("--asynclab", plugins=())
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(["*asynclab: 2 findings in 2 observed tests*"])


def test_nothing_stays_replaced(suite: Suite) -> None:
    before = [asyncio.BaseEventLoop.__init__, asyncio.events.Handle, asyncio.BaseEventLoop.call_soon]
    suite.write(NEVER)
    suite.run("--asynclab")
    assert [asyncio.BaseEventLoop.__init__, asyncio.events.Handle, asyncio.BaseEventLoop.call_soon] == before


def test_hypothesis_names_no_line_of_ours_as_what_only_failures_run(suite: Suite) -> None:
    suite.write(
        """
        from hypothesis import given, settings, strategies

        @given(strategies.integers(0, 100))
        @settings(derandomize=True, database=None, deadline=None)
        async def test_it(number):
            assert number < 50
        """
    )
    result = suite.run_elsewhere("--asynclab")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*number=50*"])
    result.stdout.no_fnmatch_line("*only run by failing*")


def test_workers_of_xdist_send_findings_home(suite: Suite) -> None:
    suite.write(NEVER)
    result = suite.run_elsewhere("-n1", "--asynclab=fail", plugins=(ASYNCIO, "xdist.plugin"))
    result.assert_outcomes(failed=1, warnings=1)
    result.stdout.fnmatch_lines(["*asynclab: 1 finding in 1 observed test*", "*::test_forgets", "  never-awaited: *"])


def test_a_suite_that_asks_for_nothing_imports_nothing(suite: Suite) -> None:
    suite.write(
        """
        import json, sys

        def test_it():
            imported = sorted(name for name in sys.modules if name.partition(".")[0] == "asynclab")
            with open("imported.json", "w") as file:
                json.dump(imported, file)
        """
    )
    suite.pytester.runpytest_subprocess("-p", "asynclab.pytest_plugin").assert_outcomes(passed=1)
    assert json.loads((suite.pytester.path / "imported.json").read_text()) == ["asynclab", "asynclab.pytest_plugin"]
