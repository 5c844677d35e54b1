"""Who printed a text: inside a lab the task that did, outside it goes where it went before."""

from __future__ import annotations

from typing import Any

from asynclab.trace.patches import Patches
from asynclab.trace.scope import CURRENT


class OutputProxy:
    """Stands in for sys.stdout or sys.stderr."""

    def __init__(self, original: Any, stream: str) -> None:
        """Pass on to `original` what no lab prints; `stream` is "stdout" or "stderr"."""
        self._original = original
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or report it as the current lab's output."""
        tracer = CURRENT.get()
        if tracer is None:
            return int(self._original.write(text))
        tracer.output(text, self._stream)
        if tracer.echo:
            self._original.write(text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def observe_output(patches: Patches) -> None:
    """Report what the code of labs prints, until the patches are undone."""
    import sys

    for stream in ("stdout", "stderr"):
        original = getattr(sys, stream)
        if original is not None:
            patches.set(sys, stream, OutputProxy(original, stream))
