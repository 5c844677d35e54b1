"""The pytest plugin's entry point. Until an option or a marker asks for it, nothing else of asynclab is imported."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

_MARKER = (
    "asynclab(instant=False, allow=()): observe the test with asynclab; instant=True skips the time in which it only "
    "waits for timers; allow leaves out what these rules find."
)

_OPTIONS = ("asynclab", "asynclab_fail_on", "asynclab_baseline", "asynclab_write_baseline", "asynclab_record")
"""The options that turn on the observation of all tests."""


class _Observe(argparse.Action):
    """Stores by which of its two names the option was given: "fail" or "report"."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(nargs=0, **settings)

    def __call__(
        self, parser: object, namespace: argparse.Namespace, values: object, option_string: str | None = None
    ) -> None:
        setattr(namespace, self.dest, "fail" if option_string == self.option_strings[1] else "report")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options to pytest."""
    add = parser.getgroup("asynclab", "asynclab: name the causes of asyncio bugs").addoption
    # Two names, not an optional value, which would take the next word: pytest --asynclab tests/
    add(
        "--asynclab",
        "--asynclab=fail",
        dest="asynclab",
        action=_Observe,
        help="Observe each test, and report what the rules find; with =fail, fail tests in which a rule proves a bug.",
    )
    add(
        "--asynclab-fail-on",
        action="append",
        metavar="RULE",
        help="Fail tests in which this rule proves a bug; `any` stands for all rules, which `asynclab rules` lists.",
    )
    add(
        "--asynclab-allow",
        action="append",
        metavar="RULE[:FILE[:LINE]]",
        help="Leave out what a rule finds: everywhere, in a file, or in a line.",
    )
    add("--asynclab-likely", action="store_true", help="Also report findings that are likely, but not proved.")
    add("--asynclab-baseline", metavar="FILE", help="Leave out the findings that this file lists.")
    add("--asynclab-write-baseline", metavar="FILE", help="List the findings in this file.")
    add("--asynclab-record", metavar="DIR", help="Keep a recording of each failed test, for asynclab replay.")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and observe all tests if an option asks for it."""
    config.addinivalue_line("markers", _MARKER)
    config.pluginmanager.register(_Collected(config), "asynclab-collected")
    if any(config.getoption(name) for name in _OPTIONS):
        _observe(config)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Turn on the observation if any test is marked, and check all markers."""
    marked = [item for item in session.items if item.get_closest_marker("asynclab")]
    if marked:
        _observe(session.config)
        from asynclab.pytest_plugin.plugin_options import read_marker

        for item in marked:
            read_marker(item)  # a wrong marker is reported before any test runs


def _observe(config: pytest.Config) -> None:
    """Import and register the observer, once."""
    if not config.pluginmanager.has_plugin("asynclab-observer"):
        from asynclab.pytest_plugin.observed_tests import ObservedTests

        config.pluginmanager.register(ObservedTests(config), "asynclab-observer")


class _Collected:
    """Collects the findings of this process and of pytest-xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._told: list[Any] = []
        self._sends_reports = hasattr(config, "workerinput")
        """Whether this is a worker of pytest-xdist, whose reports and findings go to another process."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the findings from a test's report."""
        told = getattr(report, "asynclab", None)
        if told is not None and not self._sends_reports:
            self._told.append(told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the findings that a worker has made after its last test."""
        self._told += getattr(node, "workeroutput", {}).get("asynclab", ())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Any:
        """Take the last findings, and fail the session if some of them came too late to fail their test."""
        observer = session.config.pluginmanager.get_plugin("asynclab-observer")
        if observer is not None:
            self._told += observer.finish()
        if self._sends_reports:
            session.config.workeroutput["asynclab"] = self._told  # type: ignore[attr-defined]
        elif self._told:
            from asynclab.pytest_plugin.findings_summary import fails

            if session.exitstatus == pytest.ExitCode.OK and fails(self._told):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return (yield)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Print the findings."""
        if self._told:
            from asynclab.pytest_plugin.findings_summary import print_summary

            print_summary(self._told, terminalreporter, config)
