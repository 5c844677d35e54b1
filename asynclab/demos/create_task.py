"""create_task schedules a coroutine to run on its own; awaiting the task later gives its result.

Watch: after the two create_task calls both tasks are ready, but neither has started. They start once main waits. main
    awaits the first task first, yet the second one is done before it.
Watch forget_await: main returns before its tasks have started. They are cancelled in their first sleep, and the run
    ends with "2 tasks leaked".
Belief: "A task, once created, runs to its end": asyncio.run cancels whatever is left when main returns. The event loop
    keeps only weak references, so a task that nothing else refers to may be garbage-collected. Keep it, and await it.
Docs: Coroutines and tasks, Creating tasks
"""

import asyncio
from typing import Annotated


async def work(number: int, seconds: float) -> None:
    await asyncio.sleep(seconds)
    print(f"Task {number} complete")


async def main(
    first_seconds: Annotated[float, (0.0, 10.0)] = 2.0,
    second_seconds: Annotated[float, (0.0, 10.0)] = 1.0,
    forget_await: Annotated[bool, "mistake: nobody awaits the tasks"] = False,
) -> None:
    first = asyncio.create_task(work(1, first_seconds), name="task-1")
    second = asyncio.create_task(work(2, second_seconds), name="task-2")
    if forget_await:
        return
    await first
    await second


if __name__ == "__main__":
    asyncio.run(main())
