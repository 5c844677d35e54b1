"""gather returns the results in the order in which the coroutines were given, whichever is done first.

Watch: the last square is done first and the first one last, yet the list reads from first to last.
Watch one_fails: main raises when the last square fails, and no list is printed. The other squares are still asleep,
    and are cancelled when the program ends.
Belief: "If one fails, gather cancels the others": it raises the first exception at once and returns no results, but
    the others keep running; here asyncio.run cancels them at the end of the program. With return_exceptions=True gather
    waits for all, and the exception is one of the results. A TaskGroup does cancel the others.
Docs: Coroutines and tasks, Running tasks concurrently
"""

import asyncio
from typing import Annotated


async def square(number: int, seconds: float, fails: bool) -> int:
    await asyncio.sleep(seconds)
    if fails:
        raise ValueError(f"no square of {number} today")
    return number * number


async def main(
    numbers: Annotated[int, range(1, 21)] = 3,
    seconds: Annotated[float, (0.0, 10.0)] = 1.0,
    return_exceptions: bool = False,
    one_fails: Annotated[bool, "mistake: one square fails, and all results are lost"] = False,
) -> None:
    failing = numbers if one_fails else None
    squares = [square(number, seconds / number, number == failing) for number in range(1, numbers + 1)]
    results = await asyncio.gather(*squares, return_exceptions=return_exceptions)
    print(results)


if __name__ == "__main__":
    asyncio.run(main())
