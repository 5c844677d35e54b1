"""The checks of `asynclab doctor`. Each says in one line what it found, and what to do about a problem."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal, TypeAlias

from asynclab import __version__
from asynclab.cli.wrapping import hanging
from asynclab.terminal.streams import has_terminal
from asynclab.trace.cpython import NEWEST, missing

CheckVerdict: TypeAlias = Literal["works", "limited", "missing"]
"""Everything works, something optional is missing, or something that asynclab needs is missing."""

SMALLEST = (80, 24)
"""The fewest columns and lines of a terminal in which all panes can be shown."""

PTRACE_SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")
"""The file that says which processes may be traced: 0 all of the same user, 1 only children, 2 only by root, 3 none."""

_NAME = re.compile(r"[\w.-]*\w")
"""The name at the start of a requirement."""

_SIGNS: Mapping[CheckVerdict, str] = {"works": "ok", "limited": "note", "missing": "FAIL"}

_EXTRAS = {
    "brotli": "fetch asks for no pages packed with Brotli",
    "backports.zstd": "fetch asks for no pages packed with Zstandard",
}
"""The optional packages, and what is missing without each."""


@dataclass(frozen=True)
class CheckResult:
    """The result of a check."""

    subject: str
    verdict: CheckVerdict
    says: str
    """The result in one line, and what to do about a problem."""


def check_up() -> list[CheckResult]:
    """The results of all checks."""
    return [
        python(),
        asyncio_internals(),
        *libraries(),
        *terminal(os.environ),
        attaching(sys.version_info[:2]),
        *extras(),
        uvloop(),
    ]


def as_lines(findings: Sequence[CheckResult], width: int | None) -> Iterator[str]:
    """A line for each result, and a last line that sums them up. Wrapped to `width`; None doesn't wrap."""
    longest = max(len(finding.subject) for finding in findings)
    for finding in findings:
        yield hanging(f"{_SIGNS[finding.verdict]:<4}  {finding.subject:<{longest}}  ", finding.says, width)
    wrong = [finding.subject for finding in findings if finding.verdict == "missing"]
    yield f"asynclab can't work here: see {', '.join(wrong)}" if wrong else "asynclab works here"


def python() -> CheckResult:
    """Whether asynclab supports this Python."""
    says = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    if sys.implementation.name != "cpython":
        return CheckResult("Python", "missing", f"{says}; use CPython 3.11 to {NEWEST}")
    newest = tuple(map(int, NEWEST.split(".")))
    if sys.version_info[:2] > newest:
        return CheckResult("Python", "limited", f"{says}; tested up to {NEWEST}, a newer asynclab may support it")
    return CheckResult("Python", "works", says)


def asyncio_internals() -> CheckResult:
    """Whether this Python has all private names of asyncio that the tracer uses."""
    lacks = missing()
    if lacks:
        says = f"this Python lacks {', '.join(lacks)}; use Python 3.11 to {NEWEST}, or a newer asynclab"
        return CheckResult("asyncio", "missing", says)
    return CheckResult("asyncio", "works", "has every private name that the tracer uses")


def libraries() -> Iterator[CheckResult]:
    """The version of asynclab, and of each library that it needs."""
    yield CheckResult("asynclab", "works", __version__)
    for name, bounds in _required():
        yield _library(name, bounds)


def terminal(environment: Mapping[str, str]) -> Iterator[CheckResult]:
    """Whether there is a terminal for the dashboard, and how suitable it is."""
    if not has_terminal():
        says = "none here, so no dashboard; 'asynclab run --headless' and 'asynclab demo NAME --headless' print"
        yield CheckResult("terminal", "limited", says)
        return
    yield _size(os.get_terminal_size(sys.stdout.fileno()))
    yield _colours(environment)
    yield _characters(sys.stdout.encoding or "")


def attaching(running: tuple[int, int], scope: Path = PTRACE_SCOPE, *, is_root: bool | None = None) -> CheckResult:
    """Whether asynclab can attach to running programs."""
    if running < (3, 14):
        says = "this Python can't enter another process: call asynclab.attachable() in it, or run both on Python 3.14"
        return CheckResult("attaching", "limited", says)
    may_all = os.geteuid() == 0 if is_root is None else is_root
    try:
        level = int(scope.read_text())
    except (OSError, ValueError):
        level = 0
    if level == 3 or (level and not may_all):
        allowed = {1: "its children", 2: "nobody's but root's"}.get(level, "none at all")
        says = (
            f"Linux lets a process look into {allowed} ({scope} is {level}): use sudo, or asynclab.attachable() there"
        )
        return CheckResult("attaching", "limited", says)
    return CheckResult("attaching", "works", "to programs that run on Python 3.14, or that call asynclab.attachable()")


def extras() -> Iterator[CheckResult]:
    """Which optional packages are installed."""
    for name, loss in _EXTRAS.items():
        if name == "backports.zstd" and sys.version_info >= (3, 14):
            yield CheckResult(name, "works", "Python has Zstandard itself")
            continue
        try:
            yield CheckResult(name, "works", version(name))
        except PackageNotFoundError:
            yield CheckResult(name, "limited", f"not installed: {loss}; {_installing('asynclab[fetch]')}")


def uvloop() -> CheckResult:
    """Whether programs can use uvloop; asynclab itself never does."""
    try:
        return CheckResult(
            "uvloop", "works", f"{version('uvloop')}; docs/transparency.md says what is seen of its loops"
        )
    except PackageNotFoundError:
        return CheckResult("uvloop", "works", "not installed, and not needed")


def _required() -> Iterator[tuple[str, str]]:
    """The libraries that asynclab requires, each with its version bounds."""
    try:
        lines = requires("asynclab") or []
    except PackageNotFoundError:  # asynclab isn't installed, but runs from a folder
        return
    for line in lines:
        requirement, _, condition = line.partition(";")
        name = _NAME.match(requirement)
        if name is not None and "extra ==" not in condition:
            yield name[0], requirement[name.end() :].strip()


def _installing(requirement: str) -> str:
    """How to install a package for this Python. The pip in PATH may belong to another one."""
    return f'run {sys.executable} -m pip install "{requirement}"'


def _library(name: str, bounds: str) -> CheckResult:
    try:
        there = version(name)
    except PackageNotFoundError:
        return CheckResult(name, "missing", f"not installed; {_installing(f'{name}{bounds}')}")
    too_old = any(_numbers(there) < _numbers(bound) for bound in re.findall(r">=\s*([\d.]+)", bounds))
    too_new = any(_numbers(there) >= _numbers(bound) for bound in re.findall(r"<\s*([\d.]+)", bounds))
    if too_old or too_new:
        age = "old" if too_old else "new"
        return CheckResult(name, "missing", f"{there} is too {age}; {_installing(f'{name}{bounds}')}")
    return CheckResult(name, "works", there)


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers at the start of a version."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _size(size: os.terminal_size) -> CheckResult:
    says = f"{size.columns} columns, {size.lines} lines"
    if size.columns < SMALLEST[0] or size.lines < SMALLEST[1]:
        return CheckResult("size", "limited", f"{says}; enlarge it to {SMALLEST[0]} by {SMALLEST[1]} to see every pane")
    return CheckResult("size", "works", says)


def _colours(environment: Mapping[str, str]) -> CheckResult:
    if environment.get("NO_COLOR"):
        return CheckResult("colours", "limited", "switched off by NO_COLOR; unset it to see them")
    name = environment.get("TERM", "")
    if environment.get("COLORTERM") in ("truecolor", "24bit"):
        return CheckResult("colours", "works", f"16 million ({name})")
    if "256" in name:
        return CheckResult("colours", "works", f"256 ({name}); if your terminal has more, set COLORTERM=truecolor")
    return CheckResult("colours", "limited", f"16 ({name or 'TERM is not set'}); try TERM=xterm-256color")


def _characters(encoding: str) -> CheckResult:
    if encoding.lower().replace("-", "") == "utf8":
        return CheckResult("characters", "works", "UTF-8")
    return CheckResult("characters", "limited", f"{encoding or 'unknown'}; set LANG=C.UTF-8 to see lines and symbols")
