"""Tests `--python PATH`: the program is observed in another Python, or one line says why it can't be."""

import json
import sys
from pathlib import Path

import pytest

import asynclab
from asynclab.remote import interpreter
from asynclab.remote.interpreter import UnusableInterpreterError, find_interpreter
from tests.remote.programs import ROOT, observed

USUAL = {"python": [3, 12, 1], "asynclab": asynclab.__version__, "home": "/somewhere", "problem": "", "heeds": True}


def python(tmp_path: Path, text: str) -> str:
    """A Python that answers with a text."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


def answering(tmp_path: Path, **answer: object) -> str:
    """A Python that is like another, but for some of what it answers."""
    return python(tmp_path, f"echo chatter; echo 'asynclab:{json.dumps({**USUAL, **answer})}'")


def test_this_very_python_can_be_given_by_path_and_its_program_is_observed() -> None:
    ran = observed("--python", sys.executable, "-c", "import sys; print(sys.executable)")
    assert ran.out.strip() == sys.executable
    assert ran.report[0].startswith("-c ran ")


def test_asking_imports_no_file_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "asynclab.py").write_text("raise SystemExit('a file of the user was imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert find_interpreter(sys.executable).home == str(ROOT)


def test_a_python_that_serves_has_its_own_asynclab(tmp_path: Path) -> None:
    found = find_interpreter(answering(tmp_path))
    assert found.home == "/somewhere"
    (tmp_path / "bin").mkdir()
    (tmp_path / "python").rename(tmp_path / "bin" / "python")
    assert find_interpreter(str(tmp_path)).path == str(tmp_path / "bin" / "python")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"python": [3, 9, 2]}, r"is Python 3\.9\.2; asynclab needs 3\.11"),
        ({"asynclab": ""}, r"\(Python 3\.12\.1\) has no asynclab: run .* -m pip install -e /"),
        ({"asynclab": "0.0.9"}, r"has asynclab 0\.0\.9, this is .* -m pip install -e /"),
        ({"problem": "this Python lacks x"}, "doesn't work in .*: this Python lacks x"),
        ({"heeds": False}, "ignores PYTHONPATH"),
        ({"python": "3.12"}, "doesn't answer like a Python"),
    ],
)
def test_a_python_that_does_not_serve_is_told(tmp_path: Path, answer: dict[str, object], says: str) -> None:
    with pytest.raises(UnusableInterpreterError, match=says) as refused:
        find_interpreter(answering(tmp_path, **answer))
    assert "\n" not in str(refused.value)


def test_what_is_no_python_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "PATIENCE", 0.05)
    for text in ("exit 0", "echo asynclab:nothing", "exec sleep 9"):
        with pytest.raises(UnusableInterpreterError, match="doesn't answer"):
            find_interpreter(python(tmp_path, text))
    (tmp_path / "python").write_text("no interpreter's line")
    (tmp_path / "python").chmod(0o700)
    with pytest.raises(UnusableInterpreterError, match="can't run"):
        find_interpreter(str(tmp_path / "python"))
    with pytest.raises(UnusableInterpreterError, match="there is no Python"):
        find_interpreter(str(tmp_path / "nothing"))


def test_nothing_runs_where_the_python_does_not_serve(tmp_path: Path) -> None:
    ran = observed("--python", answering(tmp_path, asynclab=""), "-c", "print('ran')")
    assert (ran.code, ran.out, len(ran.report)) == (1, "", 1)


def test_a_release_is_installed_by_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asynclab, "__file__", str(tmp_path / "site-packages" / "asynclab" / "__init__.py"))
    assert interpreter.this_asynclab() == f"asynclab=={asynclab.__version__}"
