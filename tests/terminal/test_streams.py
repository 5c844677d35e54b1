"""Tests whether stdin and stdout allow a screen."""

import os
import pty
import sys

import pytest

from asynclab.terminal.streams import has_terminal, is_terminal


@pytest.mark.parametrize(("kind", "expected"), [("xterm-256color", True), ("dumb", False), ("", True)])
def test_a_terminal_that_only_prints_gets_no_screen(monkeypatch: pytest.MonkeyPatch, kind: str, expected: bool) -> None:
    main, other = pty.openpty()
    with os.fdopen(main, "rb"), os.fdopen(other, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setenv("TERM", kind)
        assert has_terminal() is expected


def test_a_stream_that_is_closed_is_no_terminal() -> None:
    assert not is_terminal(None)
