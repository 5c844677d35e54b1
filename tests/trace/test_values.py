"""Tests how values and errors are described: briefly, and without running code of the program."""

import asyncio
import sys
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model.events import QueuePut, TaskEnded
from asynclab.trace.recording.values import LIMIT, short_error, short_repr
from tests.trace.fast_labs import observe


class Hostile:
    """Fails at whatever is asked of it."""

    def __repr__(self) -> str:
        raise asyncio.CancelledError("in repr")

    __str__ = __len__ = __eq__ = __hash__ = __bool__ = __iter__ = __repr__  # type: ignore[assignment]


class HostileList(list[int]):
    """A list whose own code must not run."""

    __repr__ = __len__ = __iter__ = Hostile.__repr__  # type: ignore[assignment]


@dataclass
class Job:
    """An ordinary class of a program's."""

    name: str


simple = st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=5) | st.binary(max_size=3) | st.floats()


@given(st.recursive(simple, lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner), max_leaves=5))
def test_small_values_of_pythons_own_types_are_told_as_they_are(value: object) -> None:
    if len(repr(value)) <= LIMIT:
        assert short_repr(value) == repr(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1,), "(1,)"),
        ({"a": [1]}, "{'a': [1]}"),
        ({}, "{}"),
        (set(), "set()"),
        ({1}, "{1}"),
        (frozenset(), "frozenset()"),
        (frozenset({1}), "frozenset({1})"),
        (deque([1]), "deque([1])"),
        (OrderedDict(a=1), "OrderedDict({'a': 1})"),
        (bytearray(b"a"), "bytearray(b'a')"),
        (..., "Ellipsis"),
        (int, "<class 'int'>"),
        (ValueError("boom", 1), "ValueError('boom', 1)"),
        (Hostile(), "<Hostile>"),
        ([1, Hostile()], "[1, <Hostile>]"),
        ({"a": Hostile()}, "{'a': <Hostile>}"),
        (HostileList([1, 2]), "<HostileList: 2 items>"),
        (Job("x"), "<Job>"),
        (list(range(14)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …]"),
        (10**2000, "<int of 6,644 bits>"),
    ],
)
def test_a_value_is_told_by_its_type(value: object, text: str) -> None:
    assert short_repr(value) == text


def test_what_is_large_or_deep_or_holds_itself_is_cut() -> None:
    deep: list[Any] = []
    deep.append(deep)
    wide = ["x" * 10_000_000] * 1_000_000
    for value in (deep, wide, "y" * 10_000_000, b"z" * 10_000_000, {"k": wide}, 7**1_000_000):
        assert len(short_repr(value)) <= LIMIT
    assert short_repr("y" * 1_000).startswith("'yyy")
    assert short_repr("y" * 1_000).endswith("…")


def test_a_number_that_python_refuses_to_write_is_told_by_its_size() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert short_repr(10**639) == "<int of 2,123 bits>"
    finally:
        sys.set_int_max_str_digits(before)


class OwnTextError(Exception):
    """Has a text of its own."""

    def __str__(self) -> str:
        raise SystemExit("in str")


class OwnArgumentError(Exception):
    """An ordinary exception of a program's."""


def raised(code: str) -> BaseException:
    try:
        exec(code, {})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("boom"),
        ValueError(),
        ValueError("a", 1),
        ValueError(3),
        KeyError("key"),
        KeyError("a", "b"),
        raised("open('/no/such/file')"),
        OSError("only text"),
        OSError(111, "Connect call failed", None),
        raised("1 +"),
        raised("b'\\xff'.decode()"),
        raised("'\\ud800'.encode()"),
        raised("import no_such_module"),
        ExceptionGroup("two", [ValueError(1), KeyError(2)]),
        StopAsyncIteration(4),
        TimeoutError(),
        OwnArgumentError("own"),
    ],
    ids=repr,
)
def test_an_ordinary_error_reads_as_in_a_traceback(error: BaseException) -> None:
    name, text = type(error).__qualname__, str(error)
    assert short_error(error) == (f"{name}: {text}" if text else name)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OwnTextError(), "OwnTextError"),
        (OwnTextError("why"), "OwnTextError: why"),
        (OwnArgumentError(Hostile()), "OwnArgumentError: <Hostile>"),
        (OwnArgumentError(Hostile(), 1), "OwnArgumentError: (<Hostile>, 1)"),
        (KeyError(Hostile()), "KeyError: <Hostile>"),
        (OSError(1, Hostile()), "PermissionError: (1, <Hostile>)"),
        (UnicodeDecodeError.__new__(UnicodeDecodeError), "UnicodeDecodeError"),
    ],
)
def test_an_error_with_code_of_its_own_is_told_by_what_it_was_made_with(error: BaseException, text: str) -> None:
    assert short_error(error) == text


def test_a_long_message_is_cut_before_it_is_looked_at() -> None:
    assert len(short_error(ValueError("x" * 50_000_000))) <= LIMIT


def test_what_goes_through_a_lab_runs_none_of_its_own_code() -> None:
    async def fails() -> None:
        raise OwnTextError(Hostile())

    async def main() -> Hostile:
        queue: asyncio.Queue[Hostile] = asyncio.Queue()
        queue.put_nowait(Hostile())
        await asyncio.wait([asyncio.create_task(fails())])
        return await queue.get()

    seen = observe(main)
    assert [event.item for event in seen.of(QueuePut)] == ["<Hostile>"]
    assert [event.detail for event in seen.of(TaskEnded)] == ["OwnTextError: <Hostile>", "<Hostile>"]
