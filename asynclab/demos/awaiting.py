"""await runs a coroutine as part of the same task and goes on when it has returned.

Watch: there is one task, main, and it takes two steps: up to the sleep, and on from it. `await say_hello()` is no step
    of its own; it is like a call, and only the sleep inside suspends the task.
Watch in_a_row: the second Hello comes after the first World: main sleeps twice, one sleep after the other, and takes
    four seconds instead of two.
Belief: "Every await lets other tasks run": only one that really has to wait does. A coroutine that never suspends is
    run to its end without a pause, and coroutines that are awaited in a row run in a row.
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
    in_a_row: Annotated[bool, "mistake: two greetings are awaited in a row, not together"] = False,
) -> None:
    print("Starting…")
    await say_hello(seconds)
    if in_a_row:
        await say_hello(seconds)  # starts only now: the wait is twice as long
    print("Finished!")


if __name__ == "__main__":
    asyncio.run(main())
