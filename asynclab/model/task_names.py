"""Names the tasks that nobody named."""

from __future__ import annotations

_UNNAMED = "Task-"
"""What asyncio puts before a number."""

COROUTINES_COUNTED = 1_000
"""How many names of coroutines are remembered; tasks of any further one keep the names that asyncio gave them."""


def shown_name(name: str, coroutine: str, counts: dict[str, int]) -> str:
    """Return the name under which a new task is shown: its own, or its coroutine's with a number, such as "work-2".

    asyncio calls a task without a name "Task-12", and counts all tasks of the process. In the app these include the
    app's own, so the same demo would show other names at each run. `counts` has how many tasks were named after each
    coroutine, and takes in the new one.
    """
    if not coroutine or not name.startswith(_UNNAMED) or not name[len(_UNNAMED) :].isdecimal():
        return name
    short = coroutine[coroutine.rfind(".") + 1 :]
    count = counts.get(short, 0) + 1
    if count == 1 and len(counts) >= COROUTINES_COUNTED:
        return name
    counts[short] = count
    return f"{short}-{count}"
