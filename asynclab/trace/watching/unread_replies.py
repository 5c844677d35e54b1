"""Sees that a request was cancelled while it waited for its reply, and that the next one reads from the same stream.

The functions tell what is a request: one that has sent something before it reads, and runs anew for the next request.
"""

from __future__ import annotations

import weakref
from asyncio import StreamReader, Task
from functools import partial
from itertools import pairwise
from types import CodeType
from typing import Any

import msgspec

from asynclab.model.events import ReplyUnread
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.watching.await_chain import follow

_READS = tuple(getattr(StreamReader, name).__code__ for name in ("read", "readline", "readexactly", "readuntil"))

_SENDS = ("write", "send")
"""How the names of what sends begin."""

_MOST = 1_000


class _Unread(msgspec.Struct):
    """A request that was cancelled while it waited for its reply."""

    stream: weakref.ref[StreamReader]
    task: int
    requests: tuple[weakref.ref[Any], ...]
    """The coroutines that had sent something and waited for its reply: in one of these a later read is for the same."""
    codes: frozenset[CodeType]


class UnreadReplies:
    """The streams on which a reply may be left unread."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.streams: dict[int, _Unread] = {}
        """By the id() of the stream."""

    def cancelled(self, record: TaskRecord, task: Task[Any]) -> None:
        """A task was asked to end while it waits."""
        stream, requests = _reading(task)
        if stream is not None and requests and len(self.streams) < _MOST:
            codes = frozenset(code for _, code in requests)
            links = tuple(weakref.ref(link) for link, _ in requests)
            gone = partial(self._forget, id(stream))
            self.streams[id(stream)] = _Unread(weakref.ref(stream, gone), record.id, links, codes)

    def read_by(self, record: TaskRecord, task: Task[Any]) -> None:
        """A task waits to read: tell if it may get the reply to another request."""
        stream, requests = _reading(task)
        unread = self.streams.get(id(stream))
        if unread is None or unread.stream() is not stream:
            return
        before = [request() for request in unread.requests]
        if any(code in unread.codes and all(link is not each for each in before) for link, code in requests):
            del self.streams[id(stream)]
            self._recorder.emit(ReplyUnread(self._recorder.clock.now(), record.id, unread.task))

    def _forget(self, stream: int, _: object) -> None:
        self.streams.pop(stream, None)


def _reading(task: Task[Any]) -> tuple[StreamReader | None, list[tuple[Any, CodeType]]]:
    """The stream that a suspended task reads from; its coroutines that have sent something before, and their code."""
    chain = follow(coroutine_of(task))
    reads = next((frame for frame in chain.frames if frame.f_code in _READS), None)
    stream = None if reads is None else variables_of(reads)["self"]
    if type(stream) is not StreamReader:
        return None, []
    codes = [frame.f_code for frame in chain.frames]
    return stream, [
        (link, code)
        for link, (code, inner) in zip(chain.links, pairwise(codes), strict=False)
        if _sends_before(code, inner.co_name)
    ]


def _sends_before(code: CodeType, name: str) -> bool:
    """Whether a function sends something before it uses a name."""
    names = code.co_names  # in the order in which the code uses them first
    return name in names and any(each.startswith(_SENDS) for each in names[: names.index(name)])
