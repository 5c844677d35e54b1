"""Lists the tests of CPython's own suite that may end differently under a recorder, each with a reason."""

EXCUSED: dict[str, str] = {}
"""By the end of a test's id, such as "BaseEventLoopTests.test_call_later_negative_delays"."""


def reason_for(test: str) -> str | None:
    """Why a test may end differently; None if it may not."""
    return next((reason for ending, reason in EXCUSED.items() if test.endswith(f".{ending}")), None)
