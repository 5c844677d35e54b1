"""Observes what code prints to stdout and stderr, and keeps a lab's output off the app's screen.

Only the `write` methods of the streams are patched, so `sys.stdout` stays the same object.
"""

from __future__ import annotations

import codecs
import operator
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial, update_wrapper
from typing import Any

from asynclab.trace.governing.owners import governor, observer
from asynclab.trace.patching.patches import Patches
from asynclab.trace.watching.observer import Observer

SILENCED = threading.local()
"""Its `stderr` is True on a thread while Python writes a warning there that a lab reports itself."""

_PENDING_LIMIT = 1 << 20
"""The most bytes of text that a stream is assumed to buffer. It bounds the memory if bytes come another way."""


class _LookedAt(partial[Any]):
    """A patched method of a stream. Its repr and attributes are those of the original method."""

    __wrapped__: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


def _looked_at(look: Callable[[Any], Any], original: Any) -> Callable[[Any], Any]:
    """A callable that calls `look`, and if that returns NotImplemented, `original`, with the same argument.

    It uses `operator.iadd`, which tries `__iadd__` and then `__add__`, both from C. So if the original raises, for
    example because a pipe is broken, the traceback shows no frame of ours.
    """
    members = {"__iadd__": staticmethod(look), "__add__": staticmethod(original)}
    looked_at = _LookedAt(operator.iadd, type(getattr(original, "__name__", "write"), (), members)())
    return update_wrapper(looked_at, original, updated=())


class _StandardStream:
    """Observes writes to a standard stream, and to the binary buffer behind it."""

    def __init__(self, stream: Any, name: str) -> None:
        self.buffer: Any = getattr(stream, "buffer", None)
        self._stream = stream
        self._name = name
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._decoders: weakref.WeakKeyDictionary[Observer, codecs.IncrementalDecoder] = weakref.WeakKeyDictionary()
        """A decoder for each observer: a character may be split over two writes."""
        self._decoding = threading.Lock()
        self._pending = bytearray()
        """The bytes of text that is already reported, and that the stream has not yet written to its buffer."""

    def write(self, text: Any) -> Any:
        """Report a text as output of the running code."""
        tracer = observer()
        if not isinstance(text, str):  # the original raises the usual error
            return NotImplemented
        if tracer is not None:
            if self._name == "stderr" and getattr(SILENCED, "stderr", False):
                return len(text)
            _report(tracer, str.__str__(text), self._name)
            if not tracer.echo:
                return len(text)
        self._await_bytes_of(text)
        return NotImplemented

    def write_bytes(self, data: Any) -> Any:
        """Report bytes as text, unless the stream itself writes text here that is already reported."""
        if not isinstance(data, bytes | bytearray | memoryview):
            return NotImplemented
        try:
            if self._is_pending(bytes(data)):
                return NotImplemented
        except Exception:  # for example a released memoryview: the original raises the usual error
            return NotImplemented
        tracer = observer()
        if tracer is None:
            return NotImplemented
        _report(tracer, self._decoded(tracer, data), self._name)
        return NotImplemented if tracer.echo else memoryview(data).nbytes

    def _await_bytes_of(self, text: str) -> None:
        if self.buffer is None:
            return
        try:
            self._pending += str.__str__(text).encode(self._stream.encoding, self._stream.errors)
        except Exception:  # the stream itself will raise it
            return
        if len(self._pending) > _PENDING_LIMIT:
            self._pending.clear()

    def _is_pending(self, data: bytes) -> bool:
        """Whether bytes are text from the stream's own buffer. If not, the stream has already written all of that."""
        if self._pending and self._pending.startswith(data):
            del self._pending[: len(data)]
            return True
        self._pending.clear()
        return False

    def _decoded(self, tracer: Observer, data: bytes | bytearray | memoryview) -> str:
        with self._decoding:
            decoder = self._decoders.get(tracer)
            if decoder is None:
                decoder = self._decoders[tracer] = codecs.getincrementaldecoder(self._encoding)("replace")
            return decoder.decode(bytes(data))


class OutputProxy:
    """Replaces sys.stdout or sys.stderr if the stream's own attributes can't be set."""

    def __init__(self, original: Any, write: Callable[[Any], Any]) -> None:
        """Forward everything to `original`, except writes."""
        self._original = original
        self.write = write

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def observe_output(patches: Patches) -> None:
    """Report what observed code prints, until the patches are undone."""
    for name in ("stdout", "stderr"):
        original = getattr(sys, name)
        if original is not None:
            _observe(original, name, patches)


def keep_output_open(patches: Patches) -> None:
    """Keep code in labs from closing stdout and stderr, which others use too, until the patches are undone."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "close") and _takes_attributes(stream):
            patches.wrap(stream, "close", lambda close: lambda: close() if governor() is None else None)


def _observe(original: Any, name: str, patches: Patches) -> None:
    stream = _StandardStream(original, name)
    write = _looked_at(stream.write, original.write)
    if not _takes_attributes(original):
        patches.set(sys, name, OutputProxy(original, write))
        return
    patches.set(original, "write", write)
    if stream.buffer is not None and _takes_attributes(stream.buffer):
        _hand_on_text(original)
        patches.set(stream.buffer, "write", _looked_at(stream.write_bytes, stream.buffer.write))


def _hand_on_text(stream: Any) -> None:
    """Make a stream write its buffered text to its binary buffer, without flushing that."""
    with Patches() as patches, suppress(Exception):  # for example, the stream is closed
        patches.set(stream.buffer, "flush", lambda: None)
        stream.flush()


def _takes_attributes(stream: Any) -> bool:
    """Whether `write` can be set as an attribute of a stream."""
    try:
        kept = vars(stream)
        if "write" not in kept:
            stream.write = stream.write
            del stream.write
    except (AttributeError, TypeError):
        return False
    return True


def _report(tracer: Observer, text: str, stream: str) -> None:
    if "output" in tracer.failures:
        return
    try:  # not a guard, which would be slow: print() calls this for each of its arguments
        tracer.printed.add(text, stream)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        tracer.failed("output", error)
