"""Tests how exceptions are described that contain others, or were caused by others."""

import asyncio
import json
from typing import Any

import pytest

from asynclab.trace.recording.exception_tree import LINES, raised_at, tree_of
from tests.trace.fast_labs import observe


def raised(error: BaseException, *, during: BaseException | None = None) -> BaseException:
    """The exception as it is after it was raised, while another one was handled."""
    try:
        if during is None:
            raise error
        try:
            raise during
        except BaseException:
            raise error  # noqa: B904 - that it has no cause is the point
    except BaseException as caught:
        return caught


def caused(error: Exception, cause: BaseException | None) -> Exception:
    error.__cause__ = cause
    return error


def test_the_line_that_raised_is_the_innermost_of_interest_or_else_of_all_but_asyncios() -> None:
    async def fails() -> None:
        json.loads("nothing")

    with pytest.raises(json.JSONDecodeError) as caught:
        asyncio.run(fails())
    assert raised_at(caught.value, lambda file: file == __file__)[0] == __file__
    assert raised_at(caught.value, lambda file: False)[0] == json.decoder.__file__
    assert raised_at(ValueError("never raised"), lambda file: True) == ("", 0)


def test_an_exception_that_stands_alone_has_no_tree() -> None:
    assert tree_of(raised(ValueError("boom"))) == ()


def test_groups_are_drawn_as_a_tree() -> None:
    inner = ExceptionGroup("inner", [TypeError("a"), KeyError("b")])
    group = ExceptionGroup("outer", [ValueError("boom"), inner, OSError("late")])
    assert tree_of(group) == (
        "├ ValueError: boom",
        "├ ExceptionGroup: inner (2 sub-exceptions)",
        "│ ├ TypeError: a",
        "│ └ KeyError: 'b'",
        "└ OSError: late",
    )


def test_causes_and_what_was_being_handled_are_told_for_each() -> None:
    group = caused(ExceptionGroup("g", [caused(ValueError("boom"), KeyError("x"))]), raised(OSError("first")))
    assert tree_of(group) == (
        "├ caused by OSError: first",
        "└ ValueError: boom",
        "  └ caused by KeyError: 'x'",
    )
    assert tree_of(raised(ValueError("boom"), during=KeyError("x"))) == ("└ while handling KeyError: 'x'",)


def test_what_was_hidden_with_from_none_stays_hidden() -> None:
    error = raised(ValueError("boom"), during=KeyError("x"))
    error.__cause__ = None  # as `raise … from None` does
    assert tree_of(error) == ()


def test_a_chain_that_bites_its_own_tail_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert tree_of(first) == ("└ caused by ValueError: second",)


def test_large_and_deep_groups_are_cut() -> None:
    wide = ExceptionGroup("wide", [ValueError(number) for number in range(1000)])
    assert len(tree_of(wide)) == LINES
    assert tree_of(wide)[-1] == "… and more"
    deep: Exception = ValueError("bottom")
    for _ in range(100):
        deep = ExceptionGroup("deep", [deep])
    assert len(tree_of(deep)) < LINES
    assert tree_of(deep)[-1].strip() == "…"


def test_hostile_messages_are_told_in_a_line_and_exceptions_that_can_t_be_told_too() -> None:
    class SilentError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    group = ExceptionGroup("g", [ValueError("\x1b[2J\nmore"), SilentError()])
    assert tree_of(group) == (
        "├ ValueError: ␛[2J⏎more",
        "└ test_hostile_messages_are_told_in_a_line_and_exceptions_that_can_t_be_told_too.<locals>.SilentError",
    )


def test_the_attributes_that_a_class_of_the_programs_has_are_not_asked() -> None:
    class Sly(ExceptionGroup[Exception]):
        @property
        def exceptions(self) -> Any:
            raise SystemExit

        __cause__ = __context__ = __suppress_context__ = exceptions

    assert tree_of(Sly("sly", [ValueError("inner")])) == ("└ ValueError: inner",)


def test_a_task_s_end_tells_the_tree_of_its_exception() -> None:
    async def fail() -> None:
        raise ValueError("boom")

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(), name="child")

    seen = observe(main)
    assert seen.task("main").tree == ("└ ValueError: boom",)
    assert seen.task("child").tree == ()


def test_who_is_asked_to_stop_by_a_task_group_was_asked_by_the_child_that_failed() -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise ValueError("boom")

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(), name="child")
            group.create_task(asyncio.sleep(5), name="sibling")

    seen = observe(main)
    assert seen.task("sibling").cancel_requested_by == seen.task("child").id
