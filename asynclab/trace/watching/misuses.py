"""Recognises the errors of tasks that used what another one uses, or has used up."""

from __future__ import annotations

from asynclab.model.events import Misused, MisuseKind
from asynclab.trace.recording.exception_tree import raised_at
from asynclab.trace.recording.recorder import Recorder, TaskRecord

_SAID: tuple[tuple[MisuseKind, tuple[str, ...]], ...] = (
    ("coroutine", ("cannot reuse already awaited coroutine", "coroutine is being awaited already")),
    ("loop", ("is bound to a different event loop", "attached to a different loop", "Event loop is closed")),
    ("stream", ("called while another coroutine is already waiting for incoming data", "Concurrent call to receive()")),
    ("generator", ("asynchronous generator is already running",)),
)
"""What the messages of RuntimeError end with, or say, by what was misused."""


class Misuses:
    """Tells of tasks that ended so."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def failed(self, record: TaskRecord, error: BaseException) -> None:
        """A task has failed."""
        said = error.args[0] if type(error) is RuntimeError and error.args else None
        if type(said) is str:
            for kind, texts in _SAID:
                if any(text in said for text in texts):
                    place = raised_at(error, self._recorder.code.owns)
                    self._recorder.write(Misused(self._recorder.clock.now(), record.id, kind, *place))
