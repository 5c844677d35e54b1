"""A future is a place for a result that does not exist yet: one task awaits it, another sets it.

Watch: the waiter is suspended until the setter calls set_result. That makes the waiter ready, but it runs only after
    the setter's step has ended: "Set" is printed before "Got".
Watch never_set: the setter returns without setting a result. The waiter waits forever, and main waits for the waiter.
    The clock says that the run is stuck: cancel it with c. Finding: standstill.
Watch set_twice: the waiter gets its result from the first call. The second call raises InvalidStateError in the
    setter, and gather raises it in main.
Belief: "A future is what I make to run something": a future runs nothing. It only holds an outcome, which somebody has
    to set, exactly once. Programs mostly use tasks: futures whose outcome is set by the coroutine they run.
Docs: Futures, Future object
"""

import asyncio
from typing import Annotated


async def wait_for_result(future: asyncio.Future[str]) -> None:
    print("Waiting for the result...")
    print(f"Got {await future}")


async def set_result(future: asyncio.Future[str], result: str, seconds: float, times: int) -> None:
    await asyncio.sleep(seconds)
    for _ in range(times):
        future.set_result(result)
        print(f"Set {result}")


async def main(
    result: str = "42",
    seconds: Annotated[float, (0.0, 10.0)] = 1.0,
    never_set: Annotated[bool, "mistake: nobody sets the result"] = False,
    set_twice: Annotated[bool, "mistake: the result is set twice"] = False,
) -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waiter = asyncio.create_task(wait_for_result(future), name="waiter")
    times = 0 if never_set else 2 if set_twice else 1
    setter = asyncio.create_task(set_result(future, result, seconds, times), name="setter")
    await asyncio.gather(waiter, setter)


if __name__ == "__main__":
    asyncio.run(main())
