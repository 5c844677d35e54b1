"""Tests a request that reads the reply to an earlier, cancelled one: wrong, unless it can read on."""

import asyncio
import io
from collections.abc import Awaitable, Callable

import pytest

from asynclab.model.events import ReplyUnread
from tests.trace.fast_labs import observe


class Connection:
    """A connection whose other end answers one request after another."""

    def __init__(self) -> None:
        self.requests, self.replies = io.BytesIO(), asyncio.StreamReader()
        self.asked: asyncio.Queue[bytes] = asyncio.Queue()
        self.answered: asyncio.Queue[bytes] = asyncio.Queue()

    def answer(self, replies: bytes) -> None:
        """Answer in both ways."""
        self.replies.feed_data(replies)
        self.answered.put_nowait(replies)

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

    async def ask_in_a_queue(self, request: bytes) -> bytes:
        """Take what comes first out of a queue."""
        await self.asked.put(request)
        return await self.answered.get()

    async def send(self, request: bytes) -> None:
        """Send a request."""
        self.requests.write(request)

    async def call(self, request: bytes) -> bytes:
        """Send a request, and read the reply, each by a method."""
        await self.send(request)
        return await self.read_all()

    async def serve(self, greeting: bytes) -> None:
        """Greet whoever asks, and answer what comes."""
        await self.send(greeting)
        while reply := await self.read_all():
            await self.send(reply)

    async def swap(self, request: bytes) -> bytes:
        """Put something into the queue from which another is taken."""
        await self.answered.put(request)
        await self.answered.get()
        return await self.answered.get()

    async def read_all(self) -> bytes:
        """Read what is left of an answer."""
        return await self.replies.readline()


Ask = Callable[[Connection, bytes], Awaitable[bytes]]


async def _cancel(ask: Callable[[Connection, bytes], Awaitable[object]], connection: Connection) -> None:
    """Cancel a request while it waits for its reply."""

    async def first() -> None:
        await ask(connection, b"1: who?\n")

    asking = asyncio.create_task(first())
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})


@pytest.mark.parametrize("seconds", [0, 1])
@pytest.mark.parametrize(
    ("ask", "reads_once", "replies"),
    [
        (Connection.ask, True, b"1: alice\n"),
        (Connection.call, True, b"1: alice\n"),
        (Connection.ask_by_number, False, b"1: alice\n2: bob\n"),
        (Connection.ask_in_a_queue, True, b"1: alice"),
    ],
)
def test_a_request_may_take_anothers_reply(ask: Ask, reads_once: bool, replies: bytes, seconds: float) -> None:
    async def main() -> None:
        connection = Connection()
        await _cancel(ask, connection)
        asyncio.get_running_loop().call_later(1 - seconds, connection.answer, replies)
        await asyncio.sleep(2 * seconds)  # the reply is there already, or comes later
        await ask(connection, b"2: who?\n")

    found = observe(main).of(ReplyUnread)
    assert [(event.reads_once, event.is_queue) for event in found] == [(reads_once, ask is Connection.ask_in_a_queue)]


def test_what_another_function_has_read_is_no_reply_any_more() -> None:
    async def main() -> None:
        connection = Connection()
        await _cancel(Connection.ask, connection)
        connection.answer(b"1: alice\n")
        await connection.read_all()
        connection.answer(b"2: bob\n")
        await connection.ask(b"2: who?\n")

    assert observe(main).of(ReplyUnread) == []


def test_who_puts_into_the_queue_that_it_takes_from_asks_nobody() -> None:
    async def main() -> None:
        connection = Connection()
        await _cancel(Connection.swap, connection)
        connection.answer(b"item")
        await connection.swap(b"another")

    assert observe(main).of(ReplyUnread) == []


def test_who_reads_requests_after_a_greeting_waits_for_no_reply() -> None:
    async def main() -> None:
        connection = Connection()
        await _cancel(Connection.serve, connection)
        connection.replies.feed_eof()
        await connection.serve(b"hello again\n")

    assert observe(main).of(ReplyUnread) == []
