"""Writes findings as text, JSON or SARIF, to files or to standard output, and writes baseline files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import click

from asynclab import __version__
from asynclab.cli.exit_codes import FAILED, FOUND
from asynclab.cli.findings_options import FindingsOptions
from asynclab.fetch.whole_file import WholeFile
from asynclab.findings.findings_report import (
    VERSION,
    FindingsReport,
    FoundOnLoop,
    LeftOut,
    ToldFinding,
    first_place,
    missing,
    shown_path,
    text_lines,
    told_findings,
)
from asynclab.findings.known_bugs import baseline_text
from asynclab.findings.sarif import sarif_log
from asynclab.findings.source_code import Sources
from asynclab.model.event_codec import encodable
from asynclab.model.text import one_line
from asynclab.remote.observed_program import ObservedProgram


class FindingsFiles:
    """The files for findings. They are opened before the program runs. At the end, each is complete or absent."""

    def __init__(self, asked: FindingsOptions, folder: str, sources: Sources | None = None) -> None:
        """Open the files.

        Args:
            asked: The formats and files to write.
            folder: The working folder of the program.
            sources: The program's source files; None for those on the disk.

        Raises:
            OSError: A file can't be written.
        """
        self.judge = asked.judge(folder, sources)
        self._asked = asked
        self._folder = folder
        self._open = ExitStack()
        with self._open as opened:
            paths = [*(output.path for output in asked.outputs), asked.write_baseline]
            self._files = {path: opened.enter_context(WholeFile(path)) for path in dict.fromkeys(paths) if path}
            self._open = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def write(self, program: ObservedProgram, found: Iterable[FoundOnLoop], rules_failed: Iterable[str] = ()) -> int:
        """Write the findings of a program that has ended.

        Args:
            program: The program.
            found: All findings.
            rules_failed: The rules that failed with an error, each with the kind of error.

        Returns:
            The exit code: 3 if a finding fails the run, 1 if the program could not be observed, 0 otherwise.

        Raises:
            OSError: A file can't be written.
        """
        found = list(found)
        told, left_out = told_findings(found, self.judge, self._folder)
        report = _report(program, told, left_out, tuple(rules_failed), self._folder)
        for output in self._asked.outputs:
            self._put(_FORMATS[output.format](report, output.path is None), output.path)
        if self._asked.write_baseline is not None:
            bugs = {self.judge.known_as(each.finding) for each in found if self.judge.verdict(each.finding) == "told"}
            self._put(baseline_text(bugs | self._asked.baseline), self._asked.write_baseline)
        self._note(report)
        if self._asked.write_baseline is not None or not self._asked.fail_on:
            return 0
        if not report.observed and not report.exit_code:
            return FAILED
        rules = {finding.rule for finding in report.findings}
        return FOUND if rules and ("any" in self._asked.fail_on or rules & set(self._asked.fail_on)) else 0

    def _put(self, text: str, path: Path | None) -> None:
        if path is None:
            click.echo(text, nl=False)
            return
        self._files[path].write(text)
        self._files[path].keep()

    def _note(self, report: FindingsReport) -> None:
        """Print how many findings are left out, why findings may be missing, and which comments allow nothing."""
        left_out = report.left_out
        parts = [f"{left_out.allowed:,} allowed"] if left_out.allowed else []
        parts += [f"{left_out.known:,} in the baseline"] if left_out.known else []
        parts += [f"{left_out.likely:,} only likely (see --likely)"] if left_out.likely and self._asked.outputs else []
        said = [f"findings left out: {', '.join(parts)}"] if parts else []
        if self._asked != FindingsOptions():
            said += [f"findings may be missing: {why}" for why in missing(report)]
        for line in (*said, *self.judge.complaints):
            print(f"asynclab: {one_line(line, limit=1_000)}", file=sys.stderr)


def _report(
    program: ObservedProgram,
    told: tuple[ToldFinding, ...],
    left_out: LeftOut,
    rules_failed: tuple[str, ...],
    folder: str,
) -> FindingsReport:
    started, ended = program.started, program.ended
    states = [loop.state for loop in program.loops.values()]
    file, line = first_place(states) or (None, None)
    return FindingsReport(
        version=VERSION,
        asynclab=__version__,
        program=None if started is None else started.name,
        python=None if started is None else started.python,
        exit_code=None if ended is None else ended.code,
        observed=started is not None,
        events_lost=sum(state.dropped.events for state in states),
        rules_failed=rules_failed,
        file=None if file is None else shown_path(file, folder),
        line=line,
        findings=told,
        left_out=left_out,
    )


def _dumped(content: object, is_one_line: bool) -> str:
    """JSON text. On standard output, after the program's own output, it is one line, which is easy to find."""
    return f"{json.dumps(encodable(content), indent=None if is_one_line else 1)}\n"


_FORMATS: dict[str, Callable[[FindingsReport, bool], str]] = {
    "text": lambda report, _: "".join(f"{line}\n" for line in text_lines(report)),
    "json": _dumped,
    "sarif": lambda report, is_one_line: _dumped(sarif_log(report), is_one_line),
}
