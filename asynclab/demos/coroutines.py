"""Calling an async function only creates a coroutine object; awaiting the object runs the function.

Watch: World comes one second after Hello. In between main is waiting, and the event loop is free to run other tasks.
Watch forget_await: main returns at once and prints nothing. Python warns: "coroutine 'greet' was never awaited".
    Finding: never-awaited.
Belief: "Calling an async function runs it": the call only creates an object. The function starts when the object is
    awaited or made into a task. If neither happens, Python warns "coroutine 'greet' was never awaited".
Docs: Coroutines and tasks, Coroutines
"""

import asyncio
from typing import Annotated


async def greet(seconds: float) -> None:
    print("Hello")
    await asyncio.sleep(seconds)
    print("World")


async def main(
    seconds: Annotated[float, (0.0, 10.0)] = 1.0,
    forget_await: Annotated[bool, "mistake: greet() is never awaited"] = False,
) -> None:
    greeting = greet(seconds)  # a coroutine object: not a line of greet has run yet
    if not forget_await:
        await greeting


if __name__ == "__main__":
    asyncio.run(main())
