"""Tests `asynclab doctor`: what works on this machine, and what to do about the rest."""

import json
import os
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from click.testing import CliRunner

from asynclab import __version__
from asynclab.cli import checkup
from asynclab.cli.checkup import CheckResult
from asynclab.cli.main import main


def verdicts(findings: list[CheckResult]) -> dict[str, str]:
    return {finding.subject: finding.verdict for finding in findings}


def test_here_it_works_without_a_terminal() -> None:
    asked = CliRunner().invoke(main, ["doctor"])
    assert asked.exit_code == 0, asked.output
    *lines, last = asked.output.splitlines()
    assert last == "asynclab works here"
    assert any(line.split() == ["ok", "asynclab", __version__] for line in lines)
    assert {line.split()[0] for line in lines} <= {"ok", "note"}
    assert [line.split()[0] for line in lines if "terminal" in line.split()] == ["note"]


def test_on_a_terminal_it_is_wrapped_at_words_below_its_beginning_and_in_a_pipe_not_at_all() -> None:
    finding = CheckResult("attaching", "limited", "this Python can't enter another process")
    assert next(iter(checkup.as_lines([finding], 40))).splitlines() == [
        "note  attaching  this Python can't enter",
        "                 another process",
    ]
    assert len(next(iter(checkup.as_lines([finding], None))).splitlines()) == 1


def test_as_json_it_has_the_same_in_it() -> None:
    found = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).output)
    subjects = {finding["subject"]: finding["verdict"] for finding in found}
    assert subjects == verdicts(checkup.check_up())
    assert {"Python", "asyncio", "asynclab", "textual", "msgspec", "attaching", "brotli", "uvloop"} <= subjects.keys()


def test_what_asynclab_needs_and_is_not_there_ends_it_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(checkup, "version", lacking)
    monkeypatch.setattr(checkup, "missing", lambda: ["events.Handle._run"])
    asked = CliRunner().invoke(main, ["doctor"])
    assert asked.exit_code == 1
    failed = [line.split()[1] for line in asked.output.splitlines() if line.startswith("FAIL")]
    assert {"asyncio", "textual", "aiohttp"} <= {*failed}
    assert "brotli" not in failed
    assert "uvloop" not in failed
    assert asked.output.splitlines()[-1].startswith("asynclab can't work here: see asyncio, ")


@pytest.mark.parametrize(
    ("there", "verdict"), [("8.2.8", "works"), ("8.10.0", "works"), ("8.2.7", "missing"), ("9.0", "missing")]
)
def test_a_library_out_of_its_bounds_is_told(monkeypatch: pytest.MonkeyPatch, there: str, verdict: str) -> None:
    monkeypatch.setattr(checkup, "version", lambda _: there)
    monkeypatch.setattr(checkup, "requires", lambda _: ["textual<9,>=8.2.8", "pytest>=99; extra == 'dev'"])
    textual = list(checkup.libraries())[1:]
    assert verdicts(textual) == {"textual": verdict}
    assert verdict == "works" or f'{sys.executable} -m pip install "textual<9,>=8.2.8"' in textual[0].says


def test_what_is_wrong_with_a_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "NEWEST", "3.10")
    assert checkup.python().verdict == "limited"
    monkeypatch.setattr(sys.implementation, "name", "pypy")
    assert checkup.python().verdict == "missing"


def test_terminals_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "has_terminal", lambda: True)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((79, 24)))
    monkeypatch.setattr(sys, "stdout", open(os.devnull, "w", encoding="ascii"))  # noqa: SIM115 - closed below
    poor = verdicts(list(checkup.terminal({})))
    sys.stdout.close()
    assert poor == {"size": "limited", "colours": "limited", "characters": "limited"}
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((80, 24)))
    monkeypatch.setattr(sys, "stdout", open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - closed below
    good = [verdicts(list(checkup.terminal(told))) for told in ({"COLORTERM": "truecolor"}, {"TERM": "xterm-256color"})]
    assert verdicts(list(checkup.terminal({"NO_COLOR": "1", "COLORTERM": "truecolor"})))["colours"] == "limited"
    sys.stdout.close()
    assert good == [{"size": "works", "colours": "works", "characters": "works"}] * 2


@pytest.mark.parametrize(
    ("running", "scope", "is_root", "verdict"),
    [
        ((3, 13), "0", True, "limited"),
        ((3, 14), "0", False, "works"),
        ((3, 14), "1", False, "limited"),
        ((3, 14), "1", True, "works"),
        ((3, 14), "2", False, "limited"),
        ((3, 14), "3", True, "limited"),
        ((3, 14), "nonsense", False, "works"),
    ],
)
def test_rights_are_told(tmp_path: Path, running: tuple[int, int], scope: str, is_root: bool, verdict: str) -> None:
    (tmp_path / "scope").write_text(f"{scope}\n")
    assert checkup.attaching(running, tmp_path / "scope", is_root=is_root).verdict == verdict
    assert checkup.attaching((3, 14), tmp_path / "nothing", is_root=False).verdict == "works"
