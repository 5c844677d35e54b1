"""Observing changes nothing in programs that do all they can to find out, or that end in the hardest ways."""

from __future__ import annotations

import asyncio
import contextlib
import io

import pytest

from asynclab.model.events import Event, Output
from asynclab.trace import Lab
from tests.fast_loop import run_fast
from tests.trace import hard_complaints, hard_corners, hard_endings
from tests.trace.hard_scripts import PROGRAMS, Program

__all__ = ["hard_complaints", "hard_corners", "hard_endings"]


def told(end: object) -> tuple[str, ...]:
    """How a program ended, without asking its objects for anything."""
    return (type(end).__name__, *map(str, end.args)) if isinstance(end, BaseException) else (repr(end),)


def plainly(program: Program) -> tuple[str, tuple[str, ...]]:
    """What a program prints, and how it ends, without a lab."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            end = told(run_fast(program()))
        except BaseException as error:
            end = told(error)
    return printed.getvalue(), end


def in_a_lab(program: Program) -> tuple[str, tuple[str, ...]]:
    """The same inside a lab that is started when the loop's time is not 0, as the lab's own is."""
    events: list[Event] = []

    async def main() -> tuple[str, ...]:
        await asyncio.sleep(5)
        async with Lab(real_time=asyncio.get_running_loop().time, exact=True, watch=False) as lab:
            lab.subscribe(events.extend)
            ending = await lab.run(program)
            return told(ending.exception or ending.value)

    try:
        end = run_fast(main())
    except BaseException as error:
        end = told(error)
    return "".join(event.text for event in events if isinstance(event, Output) and event.stream == "stdout"), end


@pytest.mark.timeout(20)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_lab_changes_nothing_in_a_hard_program(program: Program) -> None:
    expected = plainly(program)
    assert expected[0]
    assert in_a_lab(program) == expected


def test_there_are_enough_hard_programs() -> None:
    assert len(PROGRAMS) >= 70
