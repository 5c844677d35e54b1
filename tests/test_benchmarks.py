"""Tests that the benchmark scripts still run."""

import runpy
from functools import partial
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.skipif(not SCRIPTS, reason="a package without benchmarks")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_benchmark_finds_all_that_it_imports(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(script.parent)  # as Python does for a script: some import one another
    assert callable(runpy.run_path(str(script))["main"])


@pytest.mark.skipif(not SCRIPTS, reason="a package without benchmarks")
def test_what_pause_and_speed_cost_can_be_taken_out_of_a_lab_for_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    names = runpy.run_path(str(SCRIPTS[0].parent / "tracer_overhead.py"))
    names["compare_controls"]("tiny", partial(names["yields"], 2, 3), 1)
    assert "tiny" in capsys.readouterr().out
