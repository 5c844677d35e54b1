"""await runs a coroutine inside the current task and continues when the coroutine has returned.

Watch: there is only one task, main, and it takes two steps: one up to the sleep, one after it. `await say_hello()` is
    no step of its own. It works like a function call; only the sleep inside it suspends the task.
Watch in_a_row: the second Hello comes after the first World. main sleeps twice, one sleep after the other, and takes
    four seconds instead of two.
Belief: "Every await lets other tasks run": only an await that has to wait does. A coroutine that never suspends runs
    to its end without a pause, and coroutines awaited one after the other run one after the other.
Docs: Coroutines and tasks, Awaitables
"""

import asyncio
from typing import Annotated


async def say_hello(seconds: float) -> None:
    print("Hello")
    await asyncio.sleep(seconds)
    print("World")


async def main(
    seconds: Annotated[float, (0.0, 10.0)] = 2.0,
    in_a_row: Annotated[bool, "mistake: greetings are awaited one by one"] = False,
) -> None:
    print("Starting...")
    await say_hello(seconds)
    if in_a_row:
        await say_hello(seconds)  # starts only now, so the whole wait doubles
    print("Finished!")


if __name__ == "__main__":
    asyncio.run(main())
