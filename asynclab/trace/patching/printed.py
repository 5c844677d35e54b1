"""Tells who printed a text: inside a lab the task that did; outside, it goes where it went before.

What writes is replaced on the stream itself, so that sys.stdout stays the object that it is.
"""

from __future__ import annotations

import codecs
import sys
import threading
import weakref
from collections.abc import Iterable
from typing import Any

from asynclab.trace.governing.owners import observer
from asynclab.trace.patching.patches import Patches
from asynclab.trace.watching.observer import Observer

SILENCED = threading.local()
"""Has a true `stderr` on a thread on which Python shows a warning that a lab tells in its own way."""


class _Stream:
    """Stands in for some methods of a standard stream, and of the buffer behind it."""

    def __init__(self, stream: Any, name: str) -> None:
        self.buffer: Any = getattr(stream, "buffer", None)
        self._name = name
        self._write = stream.write
        self._flush: Any = getattr(stream, "flush", None)
        self._close: Any = getattr(stream, "close", None)
        self._write_bytes: Any = getattr(self.buffer, "write", None)
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._decoders: weakref.WeakKeyDictionary[Observer, codecs.IncrementalDecoder] = weakref.WeakKeyDictionary()
        """One for each lab: a character may be split over two writes."""
        self._decoding = threading.Lock()
        self._thread = threading.local()

    def write(self, text: str) -> Any:
        """Write a text, or report it as the current lab's output."""
        tracer = observer()
        if tracer is None or not isinstance(text, str):  # the original says best what is wrong with it
            return self._on_its_way(self._write, text)
        if self._name == "stderr" and getattr(SILENCED, "stderr", False):
            return len(text)
        _report(tracer, str.__str__(text), self._name)
        if tracer.echo:
            self._on_its_way(self._write, text)  # not everything that stands in for a stream says how much it wrote
        return len(text)

    def flush(self) -> Any:
        """Write what is buffered; nobody prints that now."""
        return self._on_its_way(self._flush)

    def close(self) -> None:
        """Close the stream; not from inside a lab, as others print there too."""
        if observer() is None:
            self._on_its_way(self._close)

    def write_bytes(self, data: Any) -> Any:
        """Write bytes, or report them as the text that they are, unless the stream itself hands on a text."""
        tracer = None if getattr(self._thread, "is_on_its_way", False) else observer()
        if tracer is None or not isinstance(data, bytes | bytearray | memoryview):
            return self._write_bytes(data)
        _report(tracer, self._decoded(tracer, data), self._name)
        return self._write_bytes(data) if tracer.echo else memoryview(data).nbytes

    def _decoded(self, tracer: Observer, data: bytes | bytearray | memoryview) -> str:
        with self._decoding:
            decoder = self._decoders.get(tracer)
            if decoder is None:
                decoder = self._decoders[tracer] = codecs.getincrementaldecoder(self._encoding)("replace")
            return decoder.decode(bytes(data))

    def _on_its_way(self, method: Any, *args: Any) -> Any:
        """Call a method of the stream, which may hand something to its buffer."""
        outer = getattr(self._thread, "is_on_its_way", False)
        self._thread.is_on_its_way = True
        try:
            return method(*args)
        finally:
            self._thread.is_on_its_way = outer


class OutputProxy:
    """Stands in for sys.stdout or sys.stderr where nothing can be replaced on the stream itself."""

    def __init__(self, original: Any, stream: _Stream) -> None:
        """Pass on to `original` what no lab prints."""
        self._original = original
        self.write = stream.write

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


def _observe(original: Any, name: str, patches: Patches) -> None:
    stream = _Stream(original, name)
    if not _takes_attributes(original):
        patches.set(sys, name, OutputProxy(original, stream))
        return
    for method in ("write", "flush", "close"):
        if hasattr(original, method):
            patches.set(original, method, getattr(stream, method))
    if stream.buffer is not None and _takes_attributes(stream.buffer):
        patches.set(stream.buffer, "write", stream.write_bytes)


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
    try:
        tracer.output(text, stream)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        tracer.failed("output", error)
