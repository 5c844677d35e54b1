"""Runs modules or single tests of `test.test_asyncio`, observed or not, and writes down how each test ended.

    python -m tests.cpython.runner [--observe] RESULTS NAME...

It needs a process of its own, since these tests set signal handlers, policies and child watchers. It writes one JSON
object per test to the file RESULTS as soon as the test has ended, so that a crash loses only the test that crashed.
"""

import argparse
import importlib
import json
import resource
import signal
import sys
import unittest
from collections.abc import Callable
from typing import Any, TextIO

from asynclab.model.events import StepEnded, Stepped

LOOPBACK = frozenset({"", "localhost", "127.0.0.1", "0.0.0.0", "::1", "::", b"localhost", b"127.0.0.1", None})

MEMORY = 4 * 2**30
"""Bytes of address space that the tests may use; otherwise an endless test could use all memory of the machine."""

Drain = Callable[[], tuple[int, int]]
"""Takes the events recorded since the last call, and returns the numbers of events and steps."""


class Outcomes(unittest.TestResult):
    """Writes one line for each test: its id, its outcome, the last line of its error, and what was recorded of it."""

    def __init__(self, results: TextIO, drain: Drain) -> None:
        """Write nothing yet; `results` gets the lines, and `drain` counts what was recorded during a test."""
        super().__init__()
        self._results = results
        self._drain = drain
        self._outcome, self._error = "passed", ""

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().startTest(test)
        self._outcome, self._error = "passed", ""

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().stopTest(test)
        self._write(test)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        self._outcome = "skipped"
        if not hasattr(test, "_testMethodName"):  # a whole class or module, which is neither started nor stopped
            self._write(test)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        self._failed(test, err)

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        self._failed(test, err)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """A subtest has ended; the test fails if a subtest does."""
        if err is not None:
            self._failed(test, err)

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """A test failed as expected."""
        self._outcome = "failed as expected"

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        """A test passed that was expected to fail."""
        self._outcome = "passed unexpectedly"

    def _failed(self, test: unittest.TestCase, err: Any) -> None:
        self._outcome = "failed"
        self._error = (str(err[1]).strip() or type(err[1]).__name__).splitlines()[-1][:200]
        if not hasattr(test, "_testMethodName"):
            self._write(test)

    def _write(self, test: unittest.TestCase) -> None:
        events, steps = self._drain()
        line = {"id": test.id(), "outcome": self._outcome, "error": self._error, "events": events, "steps": steps}
        print(json.dumps(line), file=self._results, flush=True)


def observe() -> Drain:
    """Observe all loops of this process from now on."""
    from asynclab.trace.process import observe_process

    observation = observe_process()

    def drain() -> tuple[int, int]:
        events = [event for recorder in list(observation.recorders) for event in recorder.take_events()]
        return len(events), sum(isinstance(event, (Stepped, StepEnded)) for event in events)

    return drain


def stay_on_loopback() -> None:
    """Refuse all connections and lookups beyond this machine."""

    def refuse(event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(args[1], tuple):
            host = args[1][0]
        elif event == "socket.getaddrinfo":
            host = args[0]
        else:
            return
        if host not in LOOPBACK:
            raise OSError(f"not on loopback: {host!r}")

    sys.addaudithook(refuse)


def main() -> None:
    """Run the tests."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--observe", action="store_true", help="with a recorder on every loop")
    parser.add_argument("results", help="the file to write")
    parser.add_argument("names", nargs="+", help="modules, classes or tests, by their dotted names")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # A shell lets what it starts in the background ignore Ctrl-C, for which some of these tests wait.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # No resource is enabled: neither the network nor what takes long. Not every Python is shipped with this module.
    support: Any = importlib.import_module("test.support")
    support.use_resources = {} if sys.version_info >= (3, 14) else []
    stay_on_loopback()
    drain = observe() if options.observe else lambda: (0, 0)
    tests = unittest.defaultTestLoader.loadTestsFromNames(options.names)
    with open(options.results, "w", encoding="utf-8") as results:
        tests.run(Outcomes(results, drain))


if __name__ == "__main__":
    main()
