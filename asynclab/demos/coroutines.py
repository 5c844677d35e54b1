"""Calling an async function makes a coroutine object; awaiting the object is what runs it.

Watch: World comes a second after Hello. In between main waits, and the event loop is free for others.
Watch forget_await: main returns at once and nothing is printed; the activity has the warning "coroutine 'greet' was
    never awaited".
Belief: "Calling an async function runs it": the call only makes an object. Nothing in the function runs until the
    object is awaited or made into a task; one that never is gets the warning "coroutine 'greet' was never awaited".
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
    forget_await: Annotated[bool, "mistake: greet is called, and never awaited"] = False,
) -> None:
    greeting = greet(seconds)  # a coroutine object: not a line of greet has run yet
    if not forget_await:
        await greeting


if __name__ == "__main__":
    asyncio.run(main())
