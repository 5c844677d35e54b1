"""Detects that a request was cancelled before its reply came, and that the next request gets that old reply.

A request is a call of a function that sends something and then reads the reply from a stream or queue. After a cancel
in such a read, the read methods of that stream or queue are replaced, to notice the next request: the old reply may
come first.
"""

from __future__ import annotations

import dis
import sys
import weakref
from asyncio import Queue, StreamReader, Task
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from itertools import pairwise
from types import CodeType, FrameType
from typing import Any

import msgspec

from asynclab.model.events import ReplyUnread
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.code_flow import comes_again, reached_from
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.values import has_type

_METHODS: dict[type, tuple[str, ...]] = {
    StreamReader: ("read", "readline", "readexactly", "readuntil"),
    Queue: ("get", "get_nowait"),
}
"""The methods that read replies."""

_GET = Queue.get.__code__
"""The code of Queue.get(), which calls get_nowait() itself."""

_READS = frozenset(getattr(kind, name).__code__ for kind, names in _METHODS.items() for name in names)

_LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_ATTR", "LOAD_METHOD")

_ENDS_STATEMENT = ("POP_TOP", "STORE", "END_SEND", "JUMP_BACKWARD_NO_INTERRUPT")

_SENDS = ("write", "send")
"""How the names of functions that send a request begin."""

_PUTS = "put"
"""How the names of functions that put a request into a queue begin. An item taken from the same queue isn't a reply."""


class _CancelledRequest(msgspec.Struct):
    """A request that was cancelled while it waited for its reply."""

    task: int
    links: tuple[weakref.ref[Any], ...]
    """The coroutines that had sent something: a later read in one of these is for the same request."""
    codes: frozenset[CodeType]


class _Request(msgspec.Struct, frozen=True):
    """A call of a function that has sent something before it reads."""

    depth: int
    code: CodeType
    reads_once: bool
    """Whether neither the function nor the functions it calls read again."""


class UnreadReplies:
    """Watches streams and queues whose reply may be unread."""

    def __init__(self, recorder: Recorder, boundary: CodeType) -> None:
        """Report to a recorder; `boundary` is the code that calls steps."""
        self._recorder = recorder
        self._boundary = boundary

    def cancelled(self, record: TaskRecord, task: Task[Any]) -> None:
        """Note that a waiting task was cancelled. If it waits for a reply, watch the stream or queue."""
        chain = follow(coroutine_of(task))
        index = next((index for index, frame in enumerate(chain.frames) if frame.f_code in _READS), 0)
        source = variables_of(chain.frames[index]).get("self") if index else None
        requests = _requests(chain.frames[:index], chain.frames[index].f_code.co_name) if index else []
        if requests and has_type(source, _METHODS):
            links = tuple(weakref.ref(chain.links[each.depth]) for each in requests)
            unread = _CancelledRequest(record.id, links, frozenset(each.code for each in requests))
            reference = weakref.ref(source)
            for name in _METHODS[type(source)]:
                setattr(source, name, self._noticing(name, reference, unread))

    def _noticing(self, name: str, reference: weakref.ref[Any], unread: _CancelledRequest) -> Callable[..., Any]:
        """Make a replacement of a read method of a stream or queue, for use until the next read of another request."""
        kind = type(reference())

        @wraps(getattr(kind, name))
        def read(*args: Any, **options: Any) -> Any:
            source = reference()
            with self._recorder.guard("replies"):
                frames = list(self._frames_down_to(sys._getframe(1)))
                links = (link() for link in unread.links)
                is_new = frames[-1].f_code is not _GET
                if is_new and not any(link is not None and link.cr_frame in frames for link in links):
                    for each in _METHODS[kind]:
                        vars(source).pop(each, None)
                    if name != "get_nowait":  # code that uses it empties the queue before it sends
                        self._check(unread, _requests(frames, name), frames[-1], kind)
            return getattr(kind, name)(source, *args, **options)

        return read

    def _frames_down_to(self, caller: FrameType) -> Iterator[FrameType]:
        """The frames of the present step, outermost first, down to `caller`."""
        frames: list[FrameType] = []
        frame: FrameType | None = caller
        while frame is not None and frame.f_code is not self._boundary:
            frames.append(frame)
            frame = frame.f_back
        return reversed(frames)

    def _check(self, unread: _CancelledRequest, requests: list[_Request], caller: FrameType, kind: type) -> None:
        """Report if a function that reads now may get the reply to the cancelled request."""
        recorder, new = self._recorder, [each for each in requests if each.code in unread.codes]
        if new and recorder.current is not None:
            event = ReplyUnread(recorder.clock.now(), recorder.current.id, unread.task)
            event.reads_once = any(each.reads_once for each in new)
            event.is_queue = kind is Queue
            event.file, event.line = caller.f_code.co_filename, caller.f_lineno
            recorder.emit(event)


def _requests(frames: list[FrameType], name: str) -> list[_Request]:
    """The functions, outermost first, that have sent something before they called the next one.

    The last of them has called the read method `name`.
    """
    again = [comes_again(frame.f_code, frame.f_lasti) for frame in frames]
    called = [*(frame.f_code.co_name for frame in frames[1:]), name]
    return [
        _Request(depth, frame.f_code, not any(again[depth:]))
        for depth, (frame, function) in enumerate(zip(frames, called, strict=True))
        if _sends_before(frame.f_code, function) and not _answers(frame.f_code, frame.f_lasti, function)
    ]


@lru_cache(1_000)
def _answers(code: CodeType, at: int, name: str) -> bool:
    """Whether a function is itself a server: after a read by `name` it sends something, and then reads again."""
    if not comes_again(code, at):
        return False
    after = reached_from(code, at)
    loads = [each for each in dis.get_instructions(code) if each.offset in after and each.opname in _LOADS]
    sends = (each.offset for each in loads if each.offset > at and str(each.argval).startswith(_SENDS))
    reads = {each.offset for each in loads if each.argval == name}
    return any(not reads.isdisjoint(reached_from(code, each)) for each in sends)


@lru_cache(1_000)
def _sends_before(code: CodeType, name: str) -> bool:
    """Whether a function sends something before the statement that uses `name`, but not into the queue it reads."""
    sent, earlier = set[object](), set[object]()
    for before, each in pairwise(dis.get_instructions(code)):
        if each.opname in _LOADS and each.argval == name:
            return not earlier <= {before.argval}
        if each.opname in _LOADS and str(each.argval).startswith((*_SENDS, _PUTS)):
            sent.add(before.argval if str(each.argval).startswith(_PUTS) else None)
        elif each.opname.startswith(_ENDS_STATEMENT):
            earlier |= sent
    return False
