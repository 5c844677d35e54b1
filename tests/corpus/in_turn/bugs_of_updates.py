"""Values that are read before a wait and written after it: each coroutine is run by itself, as in `bugs_of_tasks`."""

import asyncio
from typing import ClassVar


class Account:
    """Of a bank whose prices take a while."""

    def __init__(self) -> None:
        self.balance = 100
        self.token: str | None = None
        self.lock = asyncio.Lock()

    async def price(self) -> int:
        """Ask somebody."""
        await asyncio.sleep(0.02)
        return 5

    async def login(self) -> None:
        """Set the token."""
        token = await self.fetch_token()
        self.token = token

    async def fetch_token(self) -> str:
        """Ask for one, and give the old one up."""
        await asyncio.sleep(0.02)
        return "token"


async def a_sum_is_read_before_the_price_and_written_after_it() -> None:
    """lost-update"""
    account = Account()

    async def buy() -> None:
        account.balance -= await account.price()

    await asyncio.gather(buy(), buy())
    assert account.balance == 95


async def the_price_is_asked_for_before_the_sum_is_read() -> None:
    account = Account()

    async def buy() -> None:
        price = await account.price()
        account.balance -= price

    await asyncio.gather(buy(), buy())
    assert account.balance == 90


async def a_count_in_a_dict_goes_through_a_variable() -> None:
    """lost-update"""
    stock = {"tea": 3}

    async def take(name: str) -> None:
        count = stock.get(name, 0)
        if count:
            await asyncio.sleep(0.02)
            stock[name] = count - 1

    await asyncio.gather(take("tea"), take("tea"))


async def counts_of_different_things_are_their_own() -> None:
    stock = {"tea": 3, "milk": 3}

    async def take(name: str) -> None:
        count = stock.get(name, 0)
        if count:
            await asyncio.sleep(0.02)
            stock[name] = count - 1

    await asyncio.gather(take("tea"), take("milk"))


async def a_total_of_an_outer_function_is_added_to() -> None:
    """lost-update"""
    total = 0

    async def add() -> None:
        nonlocal total
        total += await Account().price()

    await asyncio.gather(*(add() for _ in range(3)))


async def each_adds_to_a_total_of_its_own() -> None:
    async def add_up() -> int:
        total = 0

        async def add() -> None:
            nonlocal total
            total += await Account().price()

        await add()
        await add()
        return total

    assert list(await asyncio.gather(add_up(), add_up())) == [10, 10]


async def a_lock_is_held_from_the_read_to_the_write() -> None:
    account = Account()

    async def buy() -> None:
        async with account.lock:
            account.balance -= await account.price()

    await asyncio.gather(buy(), buy())
    assert account.balance == 90


async def the_value_is_compared_once_more_before_it_is_written() -> None:
    account = Account()

    async def buy() -> None:
        while True:
            before = account.balance
            after = before - await account.price()
            if account.balance == before:
                account.balance = after
                return

    await asyncio.gather(buy(), buy())
    assert account.balance == 90


async def two_see_that_there_is_no_token_and_both_fetch_one() -> None:
    """lost-update"""
    account = Account()

    async def call() -> None:
        if account.token is None:
            await account.login()

    await asyncio.gather(call(), call())


async def the_second_looks_again_once_it_has_the_lock() -> None:
    account = Account()

    async def call() -> None:
        if account.token is None:
            async with account.lock:
                if account.token is None:
                    account.token = await account.fetch_token()

    await asyncio.gather(call(), call())


class SessionFile:
    """Of a chat, in a file; here a list."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    async def load(self) -> list[str]:
        """Read all."""
        await asyncio.sleep(0.02)
        return list(self.messages)

    async def save(self, messages: list[str]) -> None:
        """Write all."""
        await asyncio.sleep(0.02)
        self.messages = messages


async def two_load_a_file_and_both_save_what_they_have_added() -> None:
    """lost-update"""
    file = SessionFile()

    async def add(message: str) -> None:
        messages = await file.load()
        messages.append(message)
        await file.save(messages)

    await asyncio.gather(add("a"), add("b"))


async def each_loads_and_saves_its_own_file() -> None:
    async def add(message: str) -> None:
        file = SessionFile()
        messages = await file.load()
        messages.append(message)
        await file.save(messages)

    await asyncio.gather(add("a"), add("b"))


async def the_second_loads_what_the_first_has_saved() -> None:
    file, lock = SessionFile(), asyncio.Lock()

    async def add(message: str) -> None:
        async with lock:
            messages = await file.load()
            messages.append(message)
            await file.save(messages)

    await asyncio.gather(add("a"), add("b"))
    assert file.messages == ["a", "b"]


async def callers_wait_for_whoever_asks_already() -> None:
    flights: dict[str, asyncio.Future[str]] = {}
    found: dict[str, str] = {}

    async def get(name: str) -> str:
        while name in flights:
            await asyncio.wait({flights[name]})
        if name not in found:
            flight = flights[name] = asyncio.get_running_loop().create_future()
            try:
                found[name] = await asyncio.sleep(0.02, name.upper())
            finally:
                flight.cancel()
                del flights[name]
        return found[name]

    assert list(await asyncio.gather(get("a"), get("a"))) == ["A", "A"]


async def a_pool_is_found_to_have_room_and_gets_too_many() -> None:
    """lost-update"""

    class Pool:
        """At most one."""

        connections: ClassVar[list[str]] = []

    async def connect() -> str:
        if not Pool.connections:
            Pool.connections.append(await asyncio.sleep(0.02, "connection"))
        return Pool.connections[-1]

    await asyncio.gather(connect(), connect())


async def pages_are_noted_as_seen_each_by_its_own_address() -> None:
    class Crawler:
        """Two pages."""

        seen: ClassVar[set[str]] = set()

    async def crawl(address: str) -> None:
        if address not in Crawler.seen:
            await asyncio.sleep(0.02)
            Crawler.seen.add(address)

    await asyncio.gather(crawl("/a"), crawl("/b"))
