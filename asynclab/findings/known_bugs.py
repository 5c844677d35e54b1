"""Recognises a bug that was found before: on another machine, and where its code has moved."""

from __future__ import annotations

import hashlib
import os.path
import re
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from asynclab.findings.rule import Finding
from asynclab.findings.source_code import Sources

VERSION = 1
"""The version of the baseline's format; a reader refuses a higher one."""

_AMOUNT = re.compile(r"\d[\d.,]*(?: (?:µs|ms|s|min|h)\b)?")
"""What differs from run to run: numbers of tasks and queues, sizes, times."""

_INSTALLED = re.compile(r".*/(?:site|dist)-packages/")


class KnownBug(NamedTuple):
    """The parts of a bug that are the same in each run: no line number, no moment, no task's number."""

    rule: str
    file: str
    """Relative to the project's folder; of a file outside, only its name, or its path in an installed package."""
    function: str
    code: str
    """The line that the finding names; where the code can't be read, its number; where it has none, the finding."""

    @property
    def fingerprint(self) -> str:
        """The same in a few characters."""
        return hashlib.sha256("\0".join(self).encode(errors="surrogatepass")).hexdigest()[:16]


class BaselineError(ValueError):
    """A file is no baseline; says why, and what to do, in one line."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    rule: str
    file: str
    function: str
    code: str


class _Baseline(msgspec.Struct):
    version: int
    findings: list[_Entry]


def known_as(finding: Finding, folder: str, sources: Sources) -> KnownBug:
    """The key that recognises a finding; a file in the project's `folder` is named relative to it."""
    if finding.place is None:
        return KnownBug(finding.rule, "", "", _AMOUNT.sub("…", finding.text))
    file, line = finding.place
    source = sources[file]
    if source is None:
        return KnownBug(finding.rule, _portable(file, folder), "", "" if finding.moves else f"line {line}")
    code = "" if finding.moves else source.code(line)  # where it was seen last differs from run to run
    return KnownBug(finding.rule, _portable(file, folder), source.function(line), code)


def path_within(file: str, folder: str) -> str | None:
    """The path of a file from a folder on, with slashes; None if it isn't in it."""
    whole = os.path.join(folder, file)
    for path, root in ((os.path.normpath(whole), folder), (_resolved(whole), _resolved(folder))):
        begin = os.path.join(root, "")
        if path.startswith(begin):
            return path.removeprefix(begin).replace(os.sep, "/")
    return None


def read_baseline(text: str) -> set[KnownBug]:
    """The bugs that a baseline lists.

    Raises:
        BaselineError: It is none that this asynclab reads.
    """
    try:
        read = msgspec.json.decode(text, type=_Baseline)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BaselineError(f"is not a baseline ({error}); --write-baseline makes one") from None
    if read.version != VERSION:
        raise BaselineError(f"is a baseline of version {read.version}, and this asynclab reads version {VERSION}")
    return {KnownBug(entry.rule, entry.file, entry.function, entry.code) for entry in read.findings}


def baseline_text(bugs: Iterable[KnownBug]) -> str:
    """The text of a baseline: one bug on each line, so that changes are easy to read."""
    lines = [msgspec.json.encode(bug._asdict()).decode() for bug in sorted(set(bugs))]
    listed = ",".join(f"\n  {line}" for line in lines)
    return f'{{"version": {VERSION}, "findings": [{listed}\n]}}\n'


def _resolved(path: str) -> str:
    """A path without symbolic links; one that no system has stays as it is."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return path


def _portable(file: str, folder: str) -> str:
    """A path that is the same on another machine."""
    within = path_within(file, folder)
    if within is not None and "site-packages/" not in within:  # an environment in the project is none of it
        return within
    installed = _INSTALLED.sub("", file)
    return installed if installed != file else os.path.basename(file)
