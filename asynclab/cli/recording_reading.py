"""Reads a recording for a command that prints, as far as it can be read."""

from __future__ import annotations

from asynclab.model.text import one_line
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import RecordingError, RecordingReader, SourceText


def read_recording(reader: RecordingReader, program: ObservedProgram, texts: dict[str, str] | None = None) -> str:
    """Let a program take in a recording.

    Args:
        reader: The recording.
        program: What takes it in.
        texts: Gets the text of each file in it, if anybody wants that.

    Returns:
        Why it could not be read to its end, in one line; empty if it was.
    """
    try:
        for line in reader.lines():
            if not isinstance(line, SourceText):
                program.take(line)
            elif texts is not None:
                texts[line.file] = line.text
    except RecordingError as error:
        return one_line(str(error))
    return one_line(f"{reader.path} is cut off") if reader.is_cut else ""
