"""Tests what must be true of every demo."""

import ast
import asyncio
import functools
import runpy
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from asynclab.curriculum.catalogue import DEMOS, Demo
from asynclab.curriculum.demo_parameters import Parameter, Value
from asynclab.practice.server import PracticeServer
from tests.demos.performances import LEAVES_TASKS_WHEN_CANCELLED, perform
from tests.fast_loop import FastLoop
from tests.golden_files import Golden

every_demo = pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.name)


def modules_imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def is_main_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def timed_lines(demo: Demo) -> Iterator[str]:
    """What a demo prints, each line with its second; pages come over real sockets, at no certain time."""
    for at, line in perform(demo.name).lines:
        yield f"  {'' if demo.section == 'HTTP' else f'{at:.3f}':5}  {line}"


@every_demo
def test_its_lesson_is_complete(demo: Demo) -> None:
    lesson, watches = demo.lesson, [mistake.watch for mistake in demo.mistakes]
    assert len({lesson.watch, *watches}) == 1 + len(watches)
    for text in (lesson.concept, lesson.watch, lesson.belief, lesson.truth, lesson.docs, *watches):
        assert text
        assert '"""' not in text
    assert lesson.concept.endswith(".")
    assert lesson.concept.count(". ") == 0
    title, _, section = lesson.docs.partition(", ")
    assert title
    assert section
    assert demo.mistakes


@every_demo
def test_its_defaults_are_values_of_its_parameters(demo: Demo) -> None:
    for parameter in demo.parameters:
        assert parameter.parse(parameter.show(parameter.default)) == parameter.default
        if parameter.mistake:
            assert parameter.default is False


@every_demo
def test_it_is_plain_asyncio(demo: Demo) -> None:
    tree = ast.parse(demo.source)
    plain = ast.Module([node for node in tree.body if not is_main_guard(node)], [])
    assert set(modules_imported(plain)) <= sys.stdlib_module_names | {"aiohttp"}
    assert set(modules_imported(tree)) <= sys.stdlib_module_names | {"aiohttp", "asynclab"}


@every_demo
def test_its_functions_are_short(demo: Demo) -> None:
    for node in ast.walk(ast.parse(demo.source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.body[0].lineno < 16, node.name
    assert len(demo.source.splitlines()) <= 80


@every_demo
def test_what_is_shown_is_what_runs(demo: Demo) -> None:
    code = demo.load().__code__
    assert code.co_filename == str(demo.path)


@every_demo
def test_it_runs_cleanly_with_its_defaults(demo: Demo) -> None:
    performance = perform(demo.name)
    assert performance.error is None
    assert performance.is_clean
    assert performance.printed


def test_the_default_runs_print_what_the_tutorial_prints_and_when(golden: Golden) -> None:
    golden.check_text("demos", "\n".join("\n".join([demo.name, *timed_lines(demo), ""]) for demo in DEMOS))


@every_demo
def test_it_is_clean_when_cancelled_before_its_first_step(demo: Demo) -> None:
    performance = perform(demo.name, cancel_at=0)
    assert performance.cancelled
    assert performance.printed == []
    assert performance.is_clean


@pytest.mark.parametrize("demo", [demo for demo in DEMOS if demo.section != "HTTP"], ids=lambda demo: demo.name)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_it_is_clean_when_cancelled_midway(demo: Demo, share: float) -> None:
    performance = perform(demo.name, cancel_at=share * perform(demo.name).seconds)
    assert performance.cancelled
    assert not performance.complaints
    assert not performance.warnings
    assert performance.leftovers == [] or demo.name in LEAVES_TASKS_WHEN_CANCELLED


def bounds(parameter: Parameter) -> Iterator[Value]:
    match parameter:
        case Parameter(kind="int", low=float() | int() as low, high=float() | int() as high):
            yield from (int(low), int(high))
        case Parameter(kind="float", low=float() as low, high=float() as high):
            yield from (low, high)
        case Parameter(kind="choice", choices=choices):
            yield from choices
        case Parameter(kind="bool", mistake=""):
            yield from (False, True)


@pytest.mark.parametrize(
    ("demo", "parameter"),
    [(demo, parameter) for demo in DEMOS for parameter in demo.parameters if list(bounds(parameter))],
    ids=lambda part: part.name,
)
def test_it_runs_at_the_bounds_of_a_parameter(demo: Demo, parameter: Parameter) -> None:
    for value in bounds(parameter):
        changed: dict[str, Any] = {parameter.name: value}
        performance = perform(demo.name, **changed)
        assert performance.error is None
        assert not performance.hung
        assert performance.is_clean


@every_demo
def test_it_runs_alone(demo: Demo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(main: Coroutine[None, None, None]) -> None:
        with asyncio.Runner(loop_factory=FastLoop) as runner:
            runner.run(main)

    at_once: Callable[[], PracticeServer] = functools.partial(PracticeServer, pace=0)
    monkeypatch.setattr("asyncio.run", run)
    monkeypatch.setattr("asynclab.practice.server.PracticeServer", at_once)
    runpy.run_path(str(demo.path), run_name="__main__")
    assert len(capsys.readouterr().out.splitlines()) == len(perform(demo.name).printed)
