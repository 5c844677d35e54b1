"""Hands idle connections over to another context while they wait to be used again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextvars import Context
from typing import Any

import aiohttp


def hand_over(connector: aiohttp.BaseConnector | None, context: Context) -> None:
    """Let the loop watch the connections that wait to be used again in another context.

    A lab takes what the loop watches in its context for something that it waits for. While every URL waits for its next
    attempt that is not so, and the lab can go on to its next timer.
    """
    for transport in _waiting(connector):
        if transport.is_reading():
            transport.pause_reading()
            context.run(transport.resume_reading)


def _waiting(connector: aiohttp.BaseConnector | None) -> Iterator[asyncio.ReadTransport]:
    """The transports of sockets; aiohttp and asyncio have no public name for either."""
    for connections in getattr(connector, "_conns", {}).values():
        for protocol, *_ in connections:
            transport: Any = protocol.transport
            encryption = getattr(transport, "_ssl_protocol", None)
            transport = transport if encryption is None else encryption._transport
            if transport is not None and not transport.is_closing():
                yield transport
