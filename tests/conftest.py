"""What every test needs: no file of the person who runs them is read or written."""

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

# Else each of hundreds of children would compile all of asynclab.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same examples each time, however long one takes: whether a change may land is no matter of luck. To look for more:
# --hypothesis-profile=explore
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=5_000, deadline=None)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take --update-golden, which rewrites the golden files of the tests that run."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/ with what is said now")


def pytest_xdist_auto_num_workers() -> int:
    """Use one process more than there are cores: many tests wait for children and terminals."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Collect garbage seldom."""
    given(none())(lambda _: None)()  # on Python 3.14 Hypothesis can't see by whom its random numbers are kept if exempt
    gc.set_threshold(*RARELY)


@pytest.fixture(scope="module", autouse=True)
def what_stays_is_exempt() -> None:
    """Exempt all that the modules before have left from garbage collection: some tests run hundreds of full ones."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares what is said with tests/golden/."""
    return Golden(FOLDER, is_updating=bool(request.config.getoption("update_golden")))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how much was really observed of CPython's own tests: the sums of what these left in their properties."""
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
    """Paths at which nothing is yet, one for each test: pytest's own take longer, the more of them there are."""
    folder = tmp_path_factory.mktemp("config")
    return (folder / str(number) for number in count(1))


@pytest.fixture(autouse=True)
def config_home(config_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the test's settings would be; there are none yet."""
    home = next(config_homes)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    return home


@pytest.fixture(scope="session", autouse=True)
def no_loop_but_those_of_tests() -> None:
    """Keep asyncio from making a loop that nobody closes, where pytest-asyncio asks for the present one to put it back.

    Such a loop is dropped by the next asyncio.run, and complains later, in any test.
    """
    asyncio.set_event_loop(None)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FaultyServer]:
    """The practice server, which answers at once."""
    async with FaultyServer(pace=0) as running:
        yield running


@pytest.fixture
def paced_by_hand(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What tells the app the time; it moves only where a test says so."""
    hand = SimpleNamespace(at=1_000.0)
    for module in ("asynclab.app", "asynclab.screens.shared.leaving"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(monotonic=lambda: hand.at))
    return hand


@pytest.fixture(scope="module")
def jumping_time() -> Iterator[None]:
    """The tests of a module run apps, and none of them waits for a timer."""
    from tests.fast_ui import apps_on_jumping_time

    with apps_on_jumping_time():
        yield
