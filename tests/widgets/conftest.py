"""Makes the time of all apps jump, so that no test waits for a timer."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def without_waiting(jumping_time: None) -> None:
    """Run the apps of all modules on a loop whose time jumps."""
