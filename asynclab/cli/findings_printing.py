"""Prints the findings about a recorded run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from asynclab.cli.exit_codes import FAILED
from asynclab.cli.findings_files import FindingsFiles
from asynclab.cli.findings_options import FindingsOptions, FindingsOutput
from asynclab.cli.recording_file import complain, read_recording
from asynclab.cli.run_report import Report
from asynclab.findings.source_code import Sources
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import RecordingReader


def print_findings(path: Path, asked: FindingsOptions) -> int:
    """Read a recording, and print a line for each finding, or write the findings as the options say.

    Returns:
        The exit code: 3 if a finding fails the run, 1 if only a part could be read, 0 otherwise.

    Raises:
        RecordingError: The file is not a recording.
        OSError: A file can't be written.
    """
    reader = RecordingReader(path)
    asked = asked if asked.outputs else replace(asked, outputs=(FindingsOutput("text", None),))
    program, texts = ObservedProgram(), dict[str, str]()
    folder = reader.header.folder or os.getcwd()
    with reader, FindingsFiles(asked, folder, Sources(texts.get)) as files:  # the run may be from another computer
        report = Report(program)
        problem = read_recording(reader, program, texts)
        code = files.write(program, report.found(), report.rules_failed())
    if problem:
        complain(f"{problem}; reported everything before that")
    return code or (FAILED if problem else 0)
