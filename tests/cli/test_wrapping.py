"""Reports on standard error: wrapped on a terminal, whole elsewhere."""

import os
import pty
import sys
from io import StringIO

import pytest

from asynclab.cli.wrapping import report_line

LINE = "    deadlock: 't-1' waits for lock#2, held by 't-2' (app.py:5); 't-2' waits for lock#1, held by 't-1'"


def test_a_line_of_a_report_is_wrapped_below_its_beginning_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((80, 24)))
        report_line(LINE)
        lines = os.read(ours, 1_000).decode().splitlines()
    os.close(ours)
    assert lines == [
        "asynclab:     deadlock: 't-1' waits for lock#2, held by 't-2' (app.py:5); 't-2'",
        "              waits for lock#1, held by 't-1'",
    ]


def test_elsewhere_it_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", written := StringIO())
    report_line(LINE)
    assert written.getvalue() == f"asynclab: {LINE}\n"
