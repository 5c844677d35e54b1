"""Names the tasks that nobody named."""

from __future__ import annotations

import re

_UNNAMED = re.compile(r"Task-\d+")

COROUTINES_COUNTED = 1_000
"""How many names of coroutines are remembered; tasks of any further one keep the names that asyncio gave them."""


def shown_name(name: str, coroutine: str, counts: dict[str, int]) -> str:
    """Return the name under which a new task is shown: its own, or its coroutine's with a number, such as "work-2".

    asyncio calls a task without a name "Task-12", and counts all tasks of the process. In the app these include the
    app's own, so the same demo would show other names at each run.

    Args:
        name: The name that asyncio knows.
        coroutine: The qualified name of its coroutine.
        counts: How many tasks were named after each coroutine so far; the new one is added.
    """
    if not coroutine or not _UNNAMED.fullmatch(name):
        return name
    short = coroutine.rpartition(".")[2]
    if short not in counts and len(counts) >= COROUTINES_COUNTED:
        return name
    counts[short] = counts.get(short, 0) + 1
    return f"{short}-{counts[short]}"
