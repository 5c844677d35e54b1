from __future__ import annotations

import pytest

from asynclab.model.events import Outcome
from asynclab.model.state import ClockState
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.widgets.clock_line import ClockReading, clock_and_block, clock_line
from asynclab.widgets.lesson_pane import Lesson, LessonPane
from asynclab.widgets.lines import plain
from tests.widgets.stage import on_stage, painted, subtitle

LESSON = Lesson(
    title="3 gather",
    concept="gather runs coroutines concurrently and returns their results in the order given.",
    watch="the wall time is the longest task's, not the sum",
    belief="async code is concurrent by itself",
    truth="awaiting one after another is not",
    docs="Coroutines and Tasks",
)


async def test_it_shows_the_concept_what_to_watch_the_belief_and_the_documentation() -> None:
    async with on_stage(LessonPane(), 100, 8) as (pane, pilot):
        pane.show_lesson(LESSON)
        await pilot.pause()
        assert painted(pane)[:4] == [
            " gather runs coroutines concurrently and returns their results in the order given.",
            " watch   the wall time is the longest task's, not the sum",
            " belief  “async code is concurrent by itself”: awaiting one after another is not",
            " docs    docs.python.org · Coroutines and Tasks",
        ]
        assert str(pane.border_title) == "3 gather"


async def test_long_texts_are_wrapped_under_their_beginning() -> None:
    async with on_stage(LessonPane(), 50, 12) as (pane, pilot):
        pane.show_lesson(LESSON)
        await pilot.pause()
        assert painted(pane)[4:7] == [
            " belief  “async code is concurrent by itself”:",
            "         awaiting one after another is not",
            " docs    docs.python.org · Coroutines and Tasks",
        ]


async def test_it_is_as_high_as_its_texts() -> None:
    async with on_stage(LessonPane(), 100, 30) as (pane, pilot):
        pane.styles.height = "auto"
        pane.show_lesson(LESSON)
        await pilot.pause()
        assert pane.size.height == 4
        pane.show_lesson(Lesson("1 coroutines", "One sentence."))
        await pilot.pause()
        assert pane.size.height == 1


async def test_the_frame_tells_how_the_clock_runs() -> None:
    async with on_stage(LessonPane(), 60, 12) as (pane, pilot):
        pane.show_clock(ClockReading(ClockState(), 1.24))
        await pilot.pause()
        assert subtitle(pane) == "► 1× · 1.240 s"
        pane.show_clock(None)
        await pilot.pause()
        assert subtitle(pane) == ""


@pytest.mark.parametrize(
    ("clock", "held", "text"),
    [
        (ClockState(speed=0.25), 0, "► 1/4× · 1.204 s"),
        (ClockState(instant=True), 0, "► instant · 1.204 s"),
        (ClockState(paused=True), 3, "paused at 1.204 s · ▸ 3 ready"),
        (ClockState(paused=True), 0, "paused at 1.204 s · nothing ready"),
    ],
)
def test_speed_pause_and_what_is_held_are_words(clock: ClockState, held: int, text: str) -> None:
    assert plain(clock_line(ClockReading(clock, 1.204, held))) == text


@pytest.mark.parametrize("outcome", ["done", "failed", "cancelled"])
def test_a_run_that_has_ended_says_how_and_when(outcome: Outcome) -> None:
    reading = ClockReading(ClockState(paused=True), 2.003, outcome=outcome)
    assert plain(clock_line(reading)) == f"{GLYPHS[outcome]} {outcome} at 2.003 s"


def test_a_chosen_order_a_run_to_an_event_and_cleaning_up_are_told() -> None:
    held = ClockReading(ClockState(paused=True), 1.2, 2, chosen="worker-2")
    assert plain(clock_line(held)) == "paused at 1.200 s · ▸ 2 ready · next worker-2 (chosen)"
    pursuing = ClockReading(ClockState(paused=True), 1.2, 2, pursued="worker-2")
    assert plain(clock_line(pursuing)) == "► to the next event of worker-2 · 1.200 s"
    cleaning = ClockReading(ClockState(), 1.2, is_cleaning_up=True)
    assert plain(clock_line(cleaning)) == "⊘ cancelled, cleaning up · 1.200 s"


def test_what_blocked_the_loop_is_told_as_far_as_there_is_room() -> None:
    reading = ClockReading(ClockState(), 1.2, blocked=("work blocked the loop", "blocked"))
    told = [plain(clock_and_block(reading, width)) for width in (50, 35, 20)]
    assert told == ["! work blocked the loop · ► 1× · 1.200 s", "! blocked · ► 1× · 1.200 s", "► 1× · 1.200 s"]
    assert clock_and_block(ClockReading(ClockState(), 1.2), 50) == clock_line(ClockReading(ClockState(), 1.2))
