"""Runs programs in child processes: plainly, and under `asynclab run`."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})

ROOT = Path(__file__).parents[2]
"""The folder that contains the package and its tests."""

_TIME = re.compile(r"when=[\d.]+")
"""Matches a time of the loop's clock in the repr of a timer."""


@dataclass(frozen=True)
class Ran:
    """The exit code and the output of a program."""

    code: int
    out: str
    err: str
    """The standard error without asynclab's own lines."""
    report: tuple[str, ...]
    """The lines of asynclab, without its name."""

    @property
    def alike(self) -> tuple[int, str, str]:
        """All that must be the same with and without observation."""
        return self.code, self.out, _TIME.sub("when=…", self.err)


def plainly(*args: str, stdin: str = "", folder: Path | None = None, environment: Mapping[str, str] = NOTHING) -> Ran:
    return _run([sys.executable, *args], stdin, folder, environment)


def observed(*args: str, stdin: str = "", folder: Path | None = None, environment: Mapping[str, str] = NOTHING) -> Ran:
    return _run([sys.executable, "-m", "asynclab", "run", *args], stdin, folder, environment)


def _run(command: list[str], stdin: str, folder: Path | None, extra: Mapping[str, str]) -> Ran:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **extra}
    environment.pop("PYTHONWARNINGS", None)  # what pytest has turned on is not the program's
    ran = subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=folder or ROOT, env=environment)
    said = [line for line in ran.stderr.splitlines() if line.startswith("asynclab: ")]
    err = "".join(line for line in ran.stderr.splitlines(keepends=True) if not line.startswith("asynclab: "))
    return Ran(ran.returncode, ran.stdout, err, tuple(line.removeprefix("asynclab: ") for line in said))
