"""create_task schedules a coroutine to run by itself; awaiting the task later gives its result.

Watch: after create_task both tasks are ready, and neither has started: they run once main waits. main awaits the
    first task first, yet the second one is done before it.
Watch forget_await: main returns while both tasks have yet to begin; they are cancelled in their first sleep, and the
    run ends with two tasks leaked.
Belief: "A task, once created, runs to its end": asyncio.run cancels what is left when main returns, and the loop keeps
    only weak references, so a task that nothing else refers to may be garbage-collected. Keep it, and await it.
Docs: Coroutines and tasks, Creating tasks
"""

import asyncio
from typing import Annotated


async def work(number: int, seconds: float) -> None:
    print(f"Task {number} started")
    await asyncio.sleep(seconds)
    print(f"Task {number} finished")


async def main(
    first_seconds: Annotated[float, (0.0, 10.0)] = 2.0,
    second_seconds: Annotated[float, (0.0, 10.0)] = 1.0,
    forget_await: Annotated[bool, "mistake: main does not await its tasks and ends first"] = False,
) -> None:
    first = asyncio.create_task(work(1, first_seconds), name="task-1")
    second = asyncio.create_task(work(2, second_seconds), name="task-2")
    if forget_await:
        return
    await first
    await second


if __name__ == "__main__":
    asyncio.run(main())
