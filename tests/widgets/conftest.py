"""Nothing here waits for a timer."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def without_waiting(jumping_time: None) -> None:
    """Every module's apps are on a loop whose time jumps."""
