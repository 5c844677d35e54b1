"""Observes tests while pytest runs them: reports findings, ends stuck tests, and records failed tests."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from asyncio import BaseEventLoop
from collections.abc import Generator, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import pytest

from asynclab.errors import UnsupportedPythonError
from asynclab.findings.alike import gathered, likeness, with_others
from asynclab.pytest_plugin.hypothesis_traces import keep_out_of_traces
from asynclab.pytest_plugin.judge import Judge, ObservedTest, Told
from asynclab.pytest_plugin.kept_frames import KeptFrames, file_name_of
from asynclab.pytest_plugin.plugin_options import MarkedTest, read_marker, read_options
from asynclab.pytest_plugin.session_loops import SessionLoops
from asynclab.remote.wire import AnyFrame, ProgramEnded
from asynclab.trace.cpython import complain_of_missing
from asynclab.trace.monitoring.bystanders import Bystanders
from asynclab.trace.patching.patches import Patches

HookResult = TypeVar("HookResult")
Wrapper: TypeAlias = Generator[None, HookResult, HookResult]

TITLE = "asynclab"


class ObservedTests:
    """The pytest hooks that observe tests."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the options. The observation begins with the first test that needs it.

        Raises:
            pytest.UsageError: An option is wrong, or this process is already observed.
        """
        self._options = read_options(config)
        _complain()
        self._bystanders = _bystanders()
        self._loops: SessionLoops | None = None
        self._hidden = Patches()
        self._kept: KeptFrames | None = None
        self._test: ObservedTest | None = None
        self._judge = Judge(self._options, str(config.rootpath))
        self._interrupted: Told = {}
        """The report if the user interrupts the session."""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Note the threads of other plugins, so that threads started by tests can be distinguished."""
        self._bystanders = _bystanders()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Wrapper[object]:
        """Observe a test with its fixtures, if an option or its marker asks for it."""
        marked = read_marker(item)
        if marked is None and not self._options.all_tests:
            self._stop()
            return (yield)
        loops = self._begin(ObservedTest(item, marked or MarkedTest(), 0.0))
        try:
            return (yield)
        finally:
            loops.end_test()
            self._test = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Wrapper[object]:
        """Run the setup; if it was stuck, report why."""
        return (yield from self._phase("setup"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Wrapper[object]:
        """Run the test; if it was stuck, report why. Fail it for findings if an option says so."""
        return (yield from self._phase("call"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Wrapper[object]:
        """Run the teardown, and do the same for findings that appear only when the loop is closed."""
        return (yield from self._phase("teardown"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Wrapper[pytest.TestReport]:
        """Add the findings to the test's report."""
        report = yield
        test = self._test
        if test is not None and test.item is item:
            test.has_failed |= report.failed
            if report.when == "teardown":
                self._end(test)
            if test.told:
                report.asynclab = test.told  # type: ignore[attr-defined]
                test.told = {}
        return report

    @pytest.hookimpl(wrapper=True, optionalhook=True)
    def pytest_timeout_set_timer(self) -> Wrapper[object]:
        """Make pytest-timeout print what each task waits for, before its timer ends the process."""
        with pytest.MonkeyPatch.context() as patch:
            timeouts: Any = sys.modules["pytest_timeout"]
            original = timeouts.timeout_timer

            @wraps(original)
            def tell_and_end(*args: object) -> None:
                self._print_stuck()
                original(*args)

            patch.setattr(timeouts, "timeout_timer", tell_and_end)  # the timer made now keeps our function
            return (yield)

    def finish(self) -> list[Told]:
        """Stop observing. Returns the findings after the last test."""
        told = self._interrupted
        if self._judge.tests and not told:  # an interrupted test proves nothing
            last = self._judge.tests[-1]
            self._judge.is_over = True
            self._find(last)
            if self._loops is not None:
                self._loops.collect_garbage()
                self._find(last)
            told |= last.told
        self._stop()
        return [told] if told else []

    def _begin(self, test: ObservedTest) -> SessionLoops:
        loops = self._loops
        if loops is None:
            loops = self._loops = SessionLoops(self._bystanders, self._keep)
            self._hidden = keep_out_of_traces()
        loops.begin_test(instant=test.marked.instant)
        if self._options.recordings is not None:
            loops.follow()
            self._kept = KeptFrames(loops.program)
        test.begun = loops.now
        self._test = test
        self._judge.tests.append(test)
        return loops

    def _keep(self, frame: AnyFrame) -> None:
        if self._kept is not None:
            self._kept.add(frame)

    def _stop(self) -> None:
        loops, self._loops = self._loops, None
        self._judge.tests.clear()
        self._hidden.undo()
        if loops is not None:
            loops.stop()

    def _phase(self, when: str) -> Wrapper[Any]:
        test = self._test
        if test is None:
            return (yield)
        try:
            result = yield
        except BaseException as error:
            self._explain(test, when, error)
            raise
        if when == "call" and test.marked.instant:
            self._refuse_other_loops()
        if when == "setup" or not (self._options.fail_on or when == "teardown"):
            return result
        self._find(test)
        if test.failures and not test.has_failed:
            lines = (with_others(finding.line, others) for finding, others in gathered(test.failures, likeness))
            pytest.fail("\n".join(lines), pytrace=False)
        return result

    def _print_stuck(self) -> None:
        if self._loops is not None and self._test is not None:
            for line in (f"{self._test.item.nodeid} has timed out:", *self._loops.stuck_lines()):
                print(f"asynclab: {line}", file=sys.stderr)

    def _refuse_other_loops(self) -> None:
        assert self._loops is not None
        if refused := self._loops.refused():
            pytest.fail(
                f"instant=True needs one of asyncio's own loops, and time is real on {refused[0]}", pytrace=False
            )

    def _explain(self, test: ObservedTest, when: str, error: BaseException) -> None:
        """Report what each task waited for, if a test failed because it was stuck."""
        self._find(test)
        test.failures.clear()  # it fails anyway, or is expected to
        loops = self._loops
        assert loops is not None
        stuck, loops.when_stuck = loops.when_stuck, []
        lines = stuck or _lines_at(loops, error)
        if lines:
            test.item.add_report_section(when, TITLE, "\n".join(lines))
        if stuck and isinstance(error, asyncio.CancelledError | RuntimeError):
            why = f"asynclab ended the test: {lines[0]}"
            raise pytest.fail.Exception(why).with_traceback(error.__traceback__) from None
        if isinstance(error, KeyboardInterrupt):
            self._interrupted = {"interrupted": [f"{test.item.nodeid} was interrupted", *lines]}

    def _find(self, test: ObservedTest) -> None:
        """Judge the findings since the last call."""
        if self._loops is not None:
            self._judge.take(self._loops.new_findings(), test)

    def _end(self, test: ObservedTest) -> None:
        """Complete the report at a test's end, and write a recording if the test has failed."""
        test.told["observed"] = 1
        if _is_trio(test.item):
            test.told["observed"], test.told["unobserved"] = 0, "Trio has no asyncio loop"
        if test.has_failed and self._options.recordings is not None:
            self._record(test, self._options.recordings)

    def _record(self, test: ObservedTest, folder: Path) -> None:
        loops, kept = self._loops, self._kept
        assert loops is not None
        assert kept is not None
        path = folder / file_name_of(test.item.nodeid)
        try:
            with loops.lock:
                kept.write(path, ("pytest", test.item.nodeid), ProgramEnded(loops.now, 1))
        except OSError as error:
            test.told["unrecorded"] = f"{test.item.nodeid}: {error.strerror or error}"
        else:
            test.told["recording"] = str(path)


def _bystanders() -> Bystanders:
    """The threads that exist now, before any test runs, and signal handlers of pytest-timeout."""
    threads = frozenset(thread.ident for thread in threading.enumerate())
    return Bystanders(threads, frozenset({"pytest_timeout"}))


def _complain() -> None:
    """Raise a UsageError if this Python can't be observed, or if this process is already observed."""
    if inspect.unwrap(BaseEventLoop.__init__) is not BaseEventLoop.__init__:
        raise pytest.UsageError("asynclab observes this process already, as `asynclab run` does: run pytest by itself")
    try:
        complain_of_missing()
    except UnsupportedPythonError as error:
        raise pytest.UsageError(f"asynclab can't observe tests: {error}") from None


def _is_trio(item: pytest.Item) -> bool:
    """Whether a test runs on Trio: by pytest-trio, or by anyio with that backend."""
    parameters = {**getattr(getattr(item, "callspec", None), "params", {}), **(getattr(item, "funcargs", None) or {})}
    backend = parameters.get("anyio_backend")
    return item.get_closest_marker("trio") is not None or "trio" in (backend, backend[0] if backend else None)


def _lines_at(loops: SessionLoops, error: BaseException) -> list[str]:
    """The stuck report, if an error means a timeout or an interrupt by the user; otherwise empty."""
    loops.follow()
    before = loops.before_end
    if any(isinstance(each, TimeoutError) for each in _behind(error)):
        return before.get("timeout") or before.get("cancel", [])
    if isinstance(error, KeyboardInterrupt):  # asyncio's runner has already cancelled the test's task
        return before.get("cancel") or loops.stuck_lines()
    is_plugins = isinstance(error, pytest.fail.Exception) and "pytest-timeout" in str(error.msg)
    return loops.stuck_lines() if is_plugins else []


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """An error, the members of its group, and its causes and contexts."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
