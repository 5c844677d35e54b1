"""Fixtures and settings of all tests. No test reads or writes files of the user who runs it."""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis.strategies import none

from asynclab.collector import RARELY
from tests.golden_files import FOLDER, Golden
from tests.practice.faulty_server import FaultyServer

# Otherwise each of hundreds of child processes would compile all of asynclab.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same examples each time, without time limits: a change must not pass or fail by luck. To search for more:
# --hypothesis-profile=explore
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=5_000, deadline=None)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option --update-golden, which rewrites the golden files of the tests that run."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/ with what is said now")


def pytest_xdist_auto_num_workers() -> int:
    """Use one more process than there are cores: many tests wait for child processes and terminals."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Make garbage collections rare."""
    given(none())(lambda _: None)()  # on Python 3.14, Hypothesis can't find what refers to frozen random generators
    gc.set_threshold(*RARELY)


@pytest.fixture(scope="module", autouse=True)
def what_stays_is_exempt() -> None:
    """Exempt all objects of earlier modules from garbage collection: some tests run hundreds of full collections."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares texts with the files in tests/golden/."""
    return Golden(FOLDER, is_updating=bool(request.config.getoption("update_golden")))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how much of CPython's own tests was observed: the sums of the numbers in their properties."""
    counts = Counter[str]()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                counts.update(dict(report.user_properties))
    if counts:
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        terminalreporter.write_line(f"CPython's own suite on every loop: {told}")


@pytest.fixture(scope="session")
def config_homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths that don't exist yet, one for each test; pytest's own temporary folders get slower the more there are."""
    folder = tmp_path_factory.mktemp("config")
    return (folder / str(number) for number in count(1))


@pytest.fixture(autouse=True)
def config_home(config_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for the test's settings, which doesn't exist yet."""
    home = next(config_homes)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    return home


@pytest.fixture(scope="session", autouse=True)
def no_loop_but_those_of_tests() -> None:
    """Keep pytest-asyncio from creating a loop that nobody closes when it saves the current loop for later.

    The next asyncio.run would drop this loop, which would then warn during any later test.
    """
    asyncio.set_event_loop(None)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FaultyServer]:
    """The practice server without delays."""
    async with FaultyServer(pace=0) as running:
        yield running


@pytest.fixture
def paced_by_hand(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The app's clock, which moves only when the test sets `at`, in seconds."""
    hand = SimpleNamespace(at=1_000.0)
    for module in ("asynclab.app", "asynclab.screens.shared.leaving"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(monotonic=lambda: hand.at))
    return hand


@pytest.fixture(scope="module")
def jumping_time() -> Iterator[None]:
    """Makes time jump for the apps of a module's tests, so that no test waits for a timer."""
    from tests.fast_ui import apps_on_jumping_time

    with apps_on_jumping_time():
        yield
