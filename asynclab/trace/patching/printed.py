"""Who printed a text: inside a lab the task that did, outside it goes where it went before."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.scope import observer


class OutputProxy:
    """Stands in for sys.stdout or sys.stderr."""

    def __init__(self, original: Any, stream: str) -> None:
        """Pass on to `original` what no lab prints; `stream` is "stdout" or "stderr"."""
        self._original = original
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or report it as the current lab's output."""
        tracer = observer()
        if tracer is None or not isinstance(text, str):  # the original says best what is wrong with it
            self._original.write(text)  # not everything that stands in for a stream returns how much it wrote
            return len(text)
        tracer.output(text, self._stream)
        if tracer.echo:
            self._original.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Close the stream; not from inside a lab, as others print there too."""
        if observer() is None:
            self._original.close()

    @property
    def buffer(self) -> Any:
        """Where bytes are written; inside a lab they are reported as the text that they are."""
        original = self._original.buffer
        return original if observer() is None else _BytesProxy(self, original)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class _BytesProxy:
    """Stands in for a stream's `buffer`."""

    def __init__(self, stream: OutputProxy, original: Any) -> None:
        self._stream = stream
        self._original = original

    def write(self, data: bytes) -> int:
        """Report bytes as text."""
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def observe_output(patches: Patches) -> None:
    """Report what the code of labs prints, until the patches are undone."""
    for stream in ("stdout", "stderr"):
        original = getattr(sys, stream)
        if original is not None:
            patches.set(sys, stream, OutputProxy(original, stream))
