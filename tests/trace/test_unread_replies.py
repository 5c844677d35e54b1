"""A request reads the reply to a cancelled one before it: for its own, unless it can read on."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable

import pytest

from asynclab.model.events import ReplyUnread
from tests.trace.labs import observe


class Connection:
    """A connection whose other end answers one request after another."""

    def __init__(self) -> None:
        self.requests, self.replies = io.BytesIO(), asyncio.StreamReader()

    async def ask(self, request: bytes) -> bytes:
        """Take what comes first."""
        self.requests.write(request)
        return await self.replies.readline()

    async def ask_by_number(self, request: bytes) -> bytes:
        """Take what begins as the request does."""
        self.requests.write(request)
        while not (reply := await self.replies.readline()).startswith(request[:1]):
            pass
        return reply


@pytest.mark.parametrize(
    ("ask", "reads_once", "replies"),
    [(Connection.ask, True, b"1: alice\n"), (Connection.ask_by_number, False, b"1: alice\n2: bob\n")],
)
def test_a_request_that_reads_once_takes_the_reply_to_another(
    ask: Callable[[Connection, bytes], Awaitable[bytes]], reads_once: bool, replies: bytes
) -> None:
    async def main() -> None:
        connection = Connection()

        async def first() -> None:
            await ask(connection, b"1: who?\n")

        asking = asyncio.create_task(first())
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        asyncio.get_running_loop().call_later(1, connection.replies.feed_data, replies)
        await ask(connection, b"2: who?\n")

    found = [event for event in observe(main).events if isinstance(event, ReplyUnread)]
    assert [event.reads_once for event in found] == [reads_once]
