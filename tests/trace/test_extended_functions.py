"""Tests functions that are compiled again with our code around their body."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from asynclab.trace.patching.extended_functions import extended

SOURCE = '''
def divided(number: "NoSuchName", by: int = 2, *others: int, rest: bool = False) -> float:
    """Divide."""
    def checked(value: int) -> int:
        return value
    return checked(number) / by
'''


@pytest.fixture
def divided(tmp_path: Path) -> FunctionType:
    file = tmp_path / "sums.py"
    file.write_text(SOURCE)
    namespace: dict[str, Any] = {}
    exec(compile(SOURCE, file, "exec"), namespace)
    function: FunctionType = namespace["divided"]
    return function


@contextmanager
def _taken(results: list[object], runs: bool = True) -> Iterator[Any]:
    def take(result: float) -> float:
        results.append(result)
        return result

    yield take if runs else False


def test_what_goes_around_a_function_gets_its_arguments_and_its_result(divided: FunctionType) -> None:
    told: list[object] = []
    results: list[object] = []

    def around(*args: object, **kwargs: object) -> Any:
        told.append((args, kwargs))
        return _taken(results)

    function = extended(divided, around, takes_result=True)
    assert function is not None
    assert function(6) == 3
    assert function(6, 3, 1, rest=True) == 2
    assert results == [3, 2]
    assert told == [((6, 2), {"rest": False}), ((6, 3, 1), {"rest": True})]
    assert (function.__doc__, function.__qualname__) == (divided.__doc__, divided.__qualname__)


def test_a_function_says_of_itself_what_it_said(divided: FunctionType) -> None:
    function = extended(divided, lambda *_, **__: _taken([]))
    assert function is not None
    assert function.__code__.co_flags == divided.__code__.co_flags
    assert (function.__name__, function.__doc__) == ("divided", "Divide.")


def test_a_function_does_not_run_where_what_goes_around_it_says_so(divided: FunctionType) -> None:
    results: list[object] = []
    function = extended(divided, lambda *_args, **_kwargs: _taken(results, runs=False), takes_result=True)
    assert function is not None
    assert function(6, 0) is None
    assert results == []


def test_an_error_shows_the_lines_that_the_function_itself_would(divided: FunctionType) -> None:
    def shown(function: Any) -> list[object]:
        with pytest.raises(ZeroDivisionError) as failed:
            function(6, 0)
        return [(frame.lineno, frame.line, frame.name) for frame in traceback.extract_tb(failed.tb)[1:]]

    assert shown(extended(divided, lambda *_args, **_kwargs: _taken([]))) == shown(divided)


@pytest.mark.parametrize(
    "written_since",
    [
        "\n\n" + SOURCE,
        SOURCE.replace("divided", "halved"),
        SOURCE.replace("checked(number)", "round(number)"),
        "\n# nothing\n" * 9,
        "\nimport os\n" * 9,
        "\ndef divided(:\n" * 9,
        "",
    ],
)
def test_a_function_is_left_alone_whose_file_is_another_now(divided: FunctionType, written_since: str) -> None:
    Path(divided.__code__.co_filename).write_text(written_since)
    assert extended(divided, lambda *_args, **_kwargs: _taken([])) is None
