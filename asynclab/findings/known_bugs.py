"""Recognises a bug that was found before, even on another machine or when its code has moved."""

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
"""The version of the baseline's format. Files with another version are refused."""

_AMOUNT = re.compile(r"\d[\d.,]*(?: (?:µs|ms|s|min|h)\b)?")
"""Matches text that differs between runs: numbers of tasks and queues, sizes, times."""

_INSTALLED = re.compile(r".*/(?:site|dist)-packages/")


class KnownBug(NamedTuple):
    """The parts of a finding that are equal in each run: no line number, no time, no task number."""

    rule: str
    file: str
    """The path relative to the project's folder; elsewhere only the name, or the path within an installed package."""
    function: str
    code: str
    """The code of the finding's line. If it can't be read, the line's number; without a line, the finding's text."""

    @property
    def fingerprint(self) -> str:
        """A short hash of all fields."""
        return hashlib.sha256("\0".join(self).encode(errors="surrogatepass")).hexdigest()[:16]


class BaselineError(ValueError):
    """A file isn't a baseline; the message says why, and what to do, in one line."""


class _BaselineEntry(msgspec.Struct, forbid_unknown_fields=True):
    rule: str
    file: str
    function: str
    code: str


class _Baseline(msgspec.Struct):
    version: int
    findings: list[_BaselineEntry]


def known_as(finding: Finding, folder: str, sources: Sources) -> KnownBug:
    """The key that recognises a finding; paths in the project's `folder` are relative to it."""
    if finding.place is None:
        return KnownBug(finding.rule, "", "", _AMOUNT.sub("…", finding.text))
    file, line = finding.place
    source = sources[file]
    if source is None:
        return KnownBug(finding.rule, _portable(file, folder), "", "" if finding.moves else f"line {line}")
    code = "" if finding.moves else source.code(line)  # the last known line differs between runs
    return KnownBug(finding.rule, _portable(file, folder), source.function(line), code)


def path_within(file: str, folder: str) -> str | None:
    """The path of a file relative to a folder, with slashes; None if it isn't in the folder."""
    whole = os.path.join(folder, file)
    for path, root in ((os.path.normpath(whole), folder), (_resolved(whole), _resolved(folder))):
        begin = os.path.join(root, "")
        if path.startswith(begin):
            return path.removeprefix(begin).replace(os.sep, "/")
    return None


def read_baseline(text: str) -> set[KnownBug]:
    """The bugs that a baseline lists.

    Raises:
        BaselineError: The text isn't a baseline, or has another version.
    """
    try:
        read = msgspec.json.decode(text, type=_Baseline)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BaselineError(f"is not a baseline ({error}); --write-baseline makes one") from None
    if read.version != VERSION:
        raise BaselineError(f"is a baseline of version {read.version}, and this asynclab reads version {VERSION}")
    return {KnownBug(entry.rule, entry.file, entry.function, entry.code) for entry in read.findings}


def baseline_text(bugs: Iterable[KnownBug]) -> str:
    """The text of a baseline: one bug per line, so that diffs are easy to read."""
    lines = [msgspec.json.encode(bug._asdict()).decode() for bug in sorted(set(bugs))]
    listed = ",".join(f"\n  {line}" for line in lines)
    return f'{{"version": {VERSION}, "findings": [{listed}\n]}}\n'


def _resolved(path: str) -> str:
    """A path without symbolic links; an impossible path is unchanged."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return path


def _portable(file: str, folder: str) -> str:
    """A path that is equal on other machines."""
    within = path_within(file, folder)
    if within is not None and "site-packages/" not in within:  # a virtual environment isn't part of the project
        return within
    installed = _INSTALLED.sub("", file)
    return installed if installed != file else os.path.basename(file)
