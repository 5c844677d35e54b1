"""Checks whether asynclab can observe programs in another Python interpreter, for `asynclab run --python`."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

import asynclab
from asynclab.errors import ToldError

HOOK = Path(__file__).parent / "inside" / "hook"
"""The folder with the sitecustomize.py that Python imports before the program."""

PATIENCE = 30.0
"""Seconds to wait for another Python's answer."""

_OLDEST = (3, 11)

# Every Python has to understand this, even one that is much too old. It runs in the user's folder, from which it must
# not import anything.
_QUESTION = """
import os, sys
hook = sys.argv[1]
heeds = hook not in os.environ.get("PYTHONPATH", "")  # what is there takes itself out
sys.path[:] = [p for p in sys.path if p != ""]
version, home, problem = "", "", ""
if sys.version_info >= (3, 11):
    try:
        import asynclab
        version, home = asynclab.__version__, os.path.dirname(os.path.dirname(asynclab.__file__))
        import asynclab.remote.inside.begin
        from asynclab.trace.cpython import complain_of_missing
        complain_of_missing()
    except ImportError:  # of asynclab, or of what it needs
        version = ""
    except Exception as error:
        problem = str(error)
import json
answer = {"python": list(sys.version_info[:3]), "asynclab": version, "home": home, "problem": problem, "heeds": heeds}
print("asynclab:" + json.dumps(answer))
"""


class UnusableInterpreterError(ToldError):
    """A Python in which no program can be observed."""


@dataclass(frozen=True)
class Interpreter:
    """A Python in which programs can be observed."""

    path: str = sys.executable
    home: str = str(Path(asynclab.__file__).parent.parent)
    """The folder from which it imports asynclab."""


class _Answer(msgspec.Struct):
    python: tuple[int, int, int]
    asynclab: str
    home: str
    problem: str
    heeds: bool
    """Whether it obeys PYTHONPATH, by which it finds our hook."""


def find_interpreter(name: str) -> Interpreter:
    """Find a Python by a path, by a name on PATH, or by the path of its virtual environment.

    Raises:
        UnusableInterpreterError: No program can be observed in it.
    """
    path = str(Path(name) / "bin" / "python") if Path(name).is_dir() else name
    found = shutil.which(path)
    if found is None:
        raise UnusableInterpreterError(f"there is no Python {path}; give the path of one, such as venv/bin/python")
    answer = _ask(found)
    problem = _problem(found, answer)
    if problem:
        raise UnusableInterpreterError(problem)
    return Interpreter(found, answer.home)


def _ask(path: str) -> _Answer:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(HOOK), os.environ.get("PYTHONPATH")]))}
    command = [path, "-c", _QUESTION, str(HOOK)]
    try:
        asked = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=PATIENCE
        )
    except OSError as error:
        raise UnusableInterpreterError(f"can't run {path}: {error.strerror or error}") from None
    except subprocess.TimeoutExpired:
        raise UnusableInterpreterError(f"{path} doesn't answer like a Python; give the path of one") from None
    _, _, answer = asked.stdout.rpartition(b"asynclab:")
    try:
        return msgspec.json.decode(answer, type=_Answer)
    except msgspec.MsgspecError:
        raise UnusableInterpreterError(f"{path} doesn't answer like a Python; give the path of one") from None


def this_asynclab() -> str:
    """The argument for `pip install` that installs the same asynclab elsewhere: this clone, or name and version."""
    root = Path(asynclab.__file__).parents[1]
    is_clone = (root / "pyproject.toml").is_file()
    return f"-e {shlex.quote(str(root))}" if is_clone else f"asynclab=={asynclab.__version__}"


def _problem(path: str, answer: _Answer) -> str:
    """Why no program can be observed there, and what to do; empty if one can."""
    version, ours = ".".join(map(str, answer.python)), asynclab.__version__
    if answer.python < _OLDEST:
        return f"{path} is Python {version}; asynclab needs 3.11 or newer"
    run = f"run {path} -m pip install {this_asynclab()}"
    if not answer.asynclab:
        return f"{path} (Python {version}) has no asynclab: {run}"
    if answer.asynclab != ours:
        return f"{path} has asynclab {answer.asynclab}, this is {ours}: {run}"
    if answer.problem:
        return f"asynclab doesn't work in {path}: {answer.problem}"
    if not answer.heeds:
        return f"{path} ignores PYTHONPATH, which asynclab needs to observe a program; give Python's own path"
    return ""
