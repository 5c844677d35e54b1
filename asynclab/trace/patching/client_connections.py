"""Sees which client of an HTTP library opens a connection: aiohttp's, as others connect in tasks of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from sys import _getframe
from types import FrameType
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.governing.owners import observer
from asynclab.trace.patching.extended_functions import around_body
from asynclab.trace.patching.patches import Patches
from asynclab.trace.watching.observer import Observer

_CONNECT, _LIBRARY = "connect", "aiohttp"
_FILE = os.path.join("aiohttp", "connector.py")
"""Where a connector waits for a new connection."""


def observe_client_connections(patches: Patches) -> None:
    """Report the connections that clients open, until the patches are undone."""
    patches.wrap(cpython.SocketTransport, "__init__", lambda init: around_body(init, _Connection))


class _Connection:
    """Goes around the making of a transport, and reports whose it is."""

    def __init__(self, transport: Any, *_: object, **__: object) -> None:
        self._transport = transport

    def __enter__(self) -> bool:
        return True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        tracer = observer() if kind is None else None
        if tracer is None or tracer.loop is None:
            return
        with tracer.guard("connections"):
            _report(tracer, self._transport, _getframe(1))


def _report(tracer: Observer, transport: Any, frame: FrameType) -> None:
    client: object = None
    for outer in _outwards(frame):
        code = outer.f_code
        if client is None:
            is_connect = code.co_name == _CONNECT and code.co_filename.endswith(_FILE)
            client = variables_of(outer).get("self") if is_connect else None
        elif tracer.code.owns(code.co_filename):
            peer = transport.get_extra_info("peername")
            host = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else ""
            tracer.resources.client_connected(client, _LIBRARY, host, (code.co_filename, outer.f_lineno or 0))
            return


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
