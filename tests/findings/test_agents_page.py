"""Tests that the examples in docs/agents.md are true."""

import runpy

import pytest

from tests.remote.programs import ROOT


def test_the_page_shows_what_the_commands_print_and_all_that_the_json_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    written = runpy.run_path(str(ROOT / "docs" / "make_agents_page.py"))["page"]()
    assert (ROOT / "docs" / "agents.md").read_text(encoding="utf-8") == written, "run python docs/make_agents_page.py"
