"""Sees that a request was cancelled while it waited for its reply, and that the next one reads from the same stream.

The functions tell what is a request: one that has sent something before it reads, and runs anew for the next request.
"""

from __future__ import annotations

import weakref
from asyncio import StreamReader, Task
from functools import partial
from types import CodeType
from typing import Any, NamedTuple

import msgspec

from asynclab.model.events import ReplyUnread
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.watching.await_chain import follow
from asynclab.trace.watching.code_flow import awaits_again

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
            codes = frozenset(each.code for each in requests)
            links = tuple(weakref.ref(each.link) for each in requests)
            gone = partial(self._forget, id(stream))
            self.streams[id(stream)] = _Unread(weakref.ref(stream, gone), record.id, links, codes)

    def read_by(self, record: TaskRecord, task: Task[Any]) -> None:
        """A task waits to read: tell if it may get the reply to another request."""
        stream, requests = _reading(task)
        unread = self.streams.get(id(stream))
        if unread is None or unread.stream() is not stream:
            return
        before = [request() for request in unread.requests]
        new = [each for each in requests if each.code in unread.codes and all(each.link is not old for old in before)]
        if new:
            del self.streams[id(stream)]
            reads_once = any(each.reads_once for each in new)
            self._recorder.emit(ReplyUnread(self._recorder.clock.now(), record.id, unread.task, reads_once))

    def _forget(self, stream: int, _: object) -> None:
        self.streams.pop(stream, None)


class _Request(NamedTuple):
    """A coroutine that has sent something before it waits to read."""

    link: Any
    code: CodeType
    reads_once: bool
    """Whether neither it nor what it calls reads in a loop."""


def _reading(task: Task[Any]) -> tuple[StreamReader | None, list[_Request]]:
    """The stream that a suspended task reads from, and for which requests."""
    chain = follow(coroutine_of(task))
    index = next((index for index, frame in enumerate(chain.frames) if frame.f_code in _READS), None)
    stream = None if index is None else variables_of(chain.frames[index])["self"]
    if type(stream) is not StreamReader:
        return None, []
    frames = chain.frames[:index]
    loops = [awaits_again(frame.f_code, frame.f_lasti) for frame in frames]
    called = [frame.f_code.co_name for frame in chain.frames[1:]]
    return stream, [
        _Request(link, frame.f_code, reads_once=not any(loops[depth:]))
        for depth, (link, frame, name) in enumerate(zip(chain.links, frames, called, strict=False))
        if _sends_before(frame.f_code, name)
    ]


def _sends_before(code: CodeType, name: str) -> bool:
    """Whether a function sends something before it uses a name."""
    names = code.co_names  # in the order in which the code uses them first
    return name in names and any(each.startswith(_SENDS) for each in names[: names.index(name)])
