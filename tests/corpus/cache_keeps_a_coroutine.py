# bug: not-shareable
"""A cache for functions keeps what an async function returns: a coroutine, which can be awaited only once."""

import asyncio
import functools


@functools.lru_cache
async def load(key: str) -> str:
    await asyncio.sleep(0)
    return key


async def ask(key: str) -> str:
    try:
        return await load(key)
    except RuntimeError:
        return "500"


async def main() -> None:
    print([await ask("a"), await ask("a")])


if __name__ == "__main__":
    asyncio.run(main())
