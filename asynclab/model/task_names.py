"""Names the tasks that nobody named."""

from __future__ import annotations

import re

_UNNAMED = re.compile(r"Task-\d+")


def shown_name(name: str, coroutine: str, number: int) -> str:
    """Return the name under which a task is shown: its own, or else its coroutine's with the task's number.

    asyncio calls a task without a name "Task-12", and counts all tasks of the process. In the app these include the
    app's own, so the same demo would show another name at each run.
    """
    if coroutine and _UNNAMED.fullmatch(name):
        return f"{coroutine.rpartition('.')[2]}-{number}"
    return name
