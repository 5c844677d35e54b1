"""Tells who printed a text: inside a lab the task that did; outside, it goes where it went before.

What writes is replaced on the stream itself, so that sys.stdout stays the object that it is.
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
"""Has a true `stderr` on a thread on which Python shows a warning that a lab tells in its own way."""

_PENDING_LIMIT = 1 << 20
"""The most bytes of text that a stream is assumed to hold back: what it hands on otherwise looks held back, too."""


class _LookedAt(partial[Any]):
    """A method of a stream that is looked at; asked what it is, it answers as the method itself."""

    __wrapped__: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


def _looked_at(look: Callable[[Any], Any], original: Any) -> Callable[[Any], Any]:
    """What calls `look`, and then, if that is NotImplemented, `original`, with the same argument.

    Python adds in place by asking `__iadd__` first and `__add__` next: C calls one after the other. So where a pipe is
    broken or a character can't be encoded, the traceback shows no frame of ours.
    """
    members = {"__iadd__": staticmethod(look), "__add__": staticmethod(original)}
    looked_at = _LookedAt(operator.iadd, type(getattr(original, "__name__", "write"), (), members)())
    return update_wrapper(looked_at, original, updated=())


class _Stream:
    """Looks at what is written to a standard stream, and to the buffer behind it."""

    def __init__(self, stream: Any, name: str) -> None:
        self.buffer: Any = getattr(stream, "buffer", None)
        self._stream = stream
        self._name = name
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._decoders: weakref.WeakKeyDictionary[Observer, codecs.IncrementalDecoder] = weakref.WeakKeyDictionary()
        """One for each lab: a character may be split over two writes."""
        self._decoding = threading.Lock()
        self._pending = bytearray()
        """Text that has been reported, and that the stream has yet to hand on to its buffer."""

    def write(self, text: Any) -> Any:
        """Report a text as the current lab's output."""
        tracer = observer()
        if not isinstance(text, str):  # the original says best what is wrong with it
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
        """Report bytes as the text that they are, unless the stream itself hands on a text."""
        if not isinstance(data, bytes | bytearray | memoryview):
            return NotImplemented
        try:
            if self._is_pending(bytes(data)):
                return NotImplemented
        except Exception:  # such as a view that was released: the original says so
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
        except Exception:  # the stream itself is about to say so
            return
        if len(self._pending) > _PENDING_LIMIT:
            self._pending.clear()

    def _is_pending(self, data: bytes) -> bool:
        """Whether these are bytes of text that the stream has kept. If not, it has handed on all of that before."""
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
    """Stands in for sys.stdout or sys.stderr where nothing can be replaced on the stream itself."""

    def __init__(self, original: Any, write: Callable[[Any], Any]) -> None:
        """Pass on to `original` all but what is written."""
        self._original = original
        self.write = write

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def observe_output(patches: Patches) -> None:
    """Report what the code of labs prints, until the patches are undone."""
    for name in ("stdout", "stderr"):
        original = getattr(sys, name)
        if original is not None:
            _observe(original, name, patches)


def keep_output_open(patches: Patches) -> None:
    """Keep the code of labs from closing a stream that others print to, until the patches are undone."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "close") and _takes_attributes(stream):
            patches.wrap(stream, "close", lambda close: lambda: close() if governor() is None else None)


def _observe(original: Any, name: str, patches: Patches) -> None:
    stream = _Stream(original, name)
    write = _looked_at(stream.write, original.write)
    if not _takes_attributes(original):
        patches.set(sys, name, OutputProxy(original, write))
        return
    patches.set(original, "write", write)
    if stream.buffer is not None and _takes_attributes(stream.buffer):
        _hand_on_text(original)
        patches.set(stream.buffer, "write", _looked_at(stream.write_bytes, stream.buffer.write))


def _hand_on_text(stream: Any) -> None:
    """Make a stream pass the text that it still holds on to its buffer, which holds it from then on."""
    with Patches() as patches, suppress(Exception):  # such as that the stream is closed
        patches.set(stream.buffer, "flush", lambda: None)
        stream.flush()


def _takes_attributes(stream: Any) -> bool:
    """Whether an object's own `write` can stand in for its class's."""
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
    try:  # as in a guard, of which print() would need one for each of its words
        tracer.printed.add(text, stream)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        tracer.failed("output", error)
