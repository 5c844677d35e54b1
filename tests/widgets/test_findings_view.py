"""Tests the list of findings: how a line fits into the width, and which details are shown."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from asynclab.findings.live_findings import Found
from asynclab.findings.rule import Finding, Rule
from asynclab.model.state import LabState
from asynclab.widgets.findings_view import NOTHING, Evidence, FindingsView, details, heading
from asynclab.widgets.messages import FindingOpened, TaskSelected
from asynclab.widgets.spans import plain, width_of
from tests.golden_files import Golden
from tests.widgets.view_stage import on_stage, painted, said

RULE = Rule(
    "ignored-cancel", "It went on.", "Timeouts have no effect.", "Raise it again.", lambda _: iter(()), "timeout"
)

FINDING = Finding(
    "ignored-cancel", "a timeout around 'work' expired, but it went on", 1.25, (7,), 3, ("/home/ann/app.py", 42)
)

EVIDENCE = (Evidence(7, 1.25, "work has dropped its CancelledError and waits again"), Evidence(2, None, ""))

WIDTHS = (24, 34, 48, 80)


def test_a_line_of_the_list_drops_the_place_first_then_the_task(golden: Golden) -> None:
    kinds = {
        "proved": Found(FINDING),
        "likely": Found(replace(FINDING, certainty="likely")),
        "over": Found(FINDING, is_over=True),
        "of no task": Found(replace(FINDING, task=None, place=None)),
        "of several": Found(replace(FINDING, certainty="likely"), others=2),
    }
    headings = [
        (name, width, heading(found, "" if found.finding.task is None else "work", width))
        for name, found in kinds.items()
        for width in WIDTHS
    ]
    golden.check("findings_headings", ((f"{name}, {width} cells", plain(line)) for name, width, line in headings))
    assert {width_of(line) - width for _, width, line in headings} == {0}


@pytest.mark.parametrize("width", WIDTHS)
def test_details_are_wrapped_and_say_all_of_it(width: int) -> None:
    rows = list(details(Found(FINDING), RULE, EVIDENCE, width))
    assert max(width_of(row.line) for row in rows) <= width
    assert list(dict.fromkeys(row.event for row in rows if row.event is not None)) == [7, 2]
    words = " ".join(" ".join(plain(row.line).split()) for row in rows)
    assert "A timeout around 'work' expired, but it went on." in words
    assert "why Timeouts have no effect." in words
    assert "mend Raise it again." in words
    assert "seen 1.250 s work has dropped its CancelledError and waits again" in words
    assert "no longer kept" in words
    assert words.endswith("learn asynclab demo timeout")


def test_what_is_only_likely_or_over_says_so() -> None:
    for found, words in (
        (Found(replace(FINDING, certainty="likely")), "Likely, not proved"),
        (Found(FINDING, is_over=True), "no longer holds"),
    ):
        assert any(words in plain(row.line) for row in details(found, None, (), 80))


MANY = tuple(Found(Finding("standstill", f"reason {task}", float(task), (task,), task)) for task in range(1, 4))


def evidence_of(found: Found) -> Sequence[Evidence]:
    return [Evidence(number, found.finding.at, f"event {number}") for number in found.finding.evidence]


@asynccontextmanager
async def listed(width: int = 60, height: int = 20) -> AsyncIterator[tuple[Pilot[None], FindingsView]]:
    """Three findings in the list, which has the focus."""
    async with on_stage(FindingsView(), width, height, shows=(MANY, LabState(), evidence_of)) as (view, pilot):
        view.focus()
        await pilot.pause()
        yield pilot, view


def explained(view: FindingsView) -> list[str]:
    """The findings whose details show."""
    return [found.finding.text for found in MANY if f"{found.finding.text.capitalize()}." in "".join(painted(view))]


async def test_the_selected_finding_alone_has_its_details() -> None:
    async with listed() as (pilot, view):
        assert explained(view) == ["reason 1"]
        assert sum("standstill" in line for line in painted(view)) == 3
        await pilot.press("end")
        assert explained(view) == ["reason 3"]
        await pilot.press("k", *["k"] * 9)
        assert explained(view) == ["reason 1"]


async def test_down_goes_through_the_details_to_the_next_finding() -> None:
    async with listed() as (pilot, view):
        await pilot.press("j", *["j"] * (view.line_count() - 3))
        assert explained(view) == ["reason 1"]
        await pilot.press("j")
        assert explained(view) == ["reason 2"]
        assert view.cursor == 1


async def test_the_task_of_the_selected_finding_is_selected_but_not_chosen_to_go_next() -> None:
    async with listed() as (pilot, _):
        await pilot.press("end")
        (message,) = [message for message in said(pilot) if isinstance(message, TaskSelected)]
        assert (message.task, message.is_choice) == (3, False)


async def test_enter_opens_the_finding_and_on_its_evidence_that_event() -> None:
    async with listed() as (pilot, view):
        await pilot.press("enter")
        seen = next(index for index in range(view.line_count()) if "seen" in view.line_text(index))
        await pilot.press(*["j"] * seen, "enter")
        opened = [message for message in said(pilot) if isinstance(message, FindingOpened)]
        assert [(message.finding, message.event) for message in opened] == [
            (MANY[0].finding, None),
            (MANY[0].finding, 1),
        ]


async def test_the_selected_finding_stays_selected_while_others_come_before_it() -> None:
    async with listed() as (pilot, view):
        await pilot.press("end", "j")
        at = view.line_text(view.cursor or 0)
        first = Found(Finding("deadlock", "a circle", 0.5, (1,), 9))
        view.show((first, *MANY), LabState(), evidence_of)
        assert explained(view) == ["reason 3"]
        assert view.line_text(view.cursor or 0) == at
        view.show(MANY, LabState(), evidence_of, "2 left out: 2 allowed")
        assert plain(view.subtitle) == "3 findings · 2 left out: 2 allowed"


async def test_details_that_are_longer_than_the_view_begin_at_its_top() -> None:
    async with listed(40, 7) as (pilot, view):
        await pilot.press("end")
        assert "standstill" in painted(view)[0]
        assert painted(view)[1].split() == ["Reason", "3."]


async def test_longer_details_come_into_sight_where_a_finding_is_clicked() -> None:
    long = Found(replace(MANY[1].finding, text="a reason that takes " + "many words " * 12))
    async with on_stage(FindingsView(), 60, 9, shows=((MANY[0], long), LabState(), evidence_of)) as (view, pilot):
        row = next(row for row, line in enumerate(painted(view)) if "task 2" in line)
        await pilot.click(view, offset=(10, row + 1))
        assert view.selected is long
        assert "task 2" in painted(view)[0]


async def test_no_findings_are_one_sentence_and_no_key_fails() -> None:
    async with on_stage(FindingsView(), 60, 8) as (view, pilot):
        view.set_hint(NOTHING)
        view.focus()
        await pilot.press("j", "k", "enter", "end", "home", "pagedown")
        assert " ".join(painted(view)).split() == NOTHING.split()
        view.show(MANY, LabState(), evidence_of)
        await pilot.press("end")
        view.show((), LabState(), evidence_of)
        await pilot.press("j", "enter")
        assert not [message for message in said(pilot) if isinstance(message, FindingOpened)]
