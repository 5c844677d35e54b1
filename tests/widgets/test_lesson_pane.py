from dataclasses import replace
from typing import get_args

import pytest

from asynclab.model.events import Outcome
from asynclab.model.state import ClockState, LabState
from asynclab.model.tasks import TaskState
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.widgets.lesson_pane import LessonPane, LessonText, clock_and_block, clock_line
from asynclab.widgets.spans import plain
from tests.widgets.view_stage import on_stage, painted, subtitle

LESSON = LessonText(
    title="3 gather",
    concept="gather runs coroutines concurrently and returns their results in the order given.",
    watch="the wall time is the longest task's, not the sum",
    belief="async code is concurrent by itself",
    truth="awaiting one after another is not",
    docs="Coroutines and Tasks",
)


async def test_it_shows_the_concept_what_to_watch_the_belief_and_the_documentation_wrapped_for_its_width() -> None:
    async with on_stage(LessonPane(), 100, 12) as (pane, pilot):
        pane.show_lesson(LESSON)
        await pilot.pause()
        assert painted(pane)[:4] == [
            " gather runs coroutines concurrently and returns their results in the order given.",
            " watch   the wall time is the longest task's, not the sum",
            " belief  “async code is concurrent by itself”: awaiting one after another is not",
            " docs    docs.python.org · Coroutines and Tasks",
        ]
        assert str(pane.border_title) == "3 gather"
        await pilot.resize_terminal(50, 12)
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
        pane.show_lesson(LessonText("1 coroutines", "One sentence."))
        await pilot.pause()
        assert pane.size.height == 1


async def test_what_v_does_is_a_text_where_the_title_has_no_room_for_it() -> None:
    lesson = replace(LESSON, v="mistake: they are awaited one by one")
    async with on_stage(LessonPane(), 100, 30) as (pane, pilot):
        pane.show_lesson(lesson)
        await pilot.pause()
        assert str(pane.border_title) == "3 gather · v: mistake: they are awaited one by one"
        lines = pane.line_count()
        await pilot.resize_terminal(50, 30)
        await pilot.pause()
        assert str(pane.border_title) == "3 gather"
        assert " v       mistake: they are awaited one by one" in painted(pane)
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert pane.line_count() == lines


async def test_the_frame_tells_how_the_clock_runs() -> None:
    async with on_stage(LessonPane(), 60, 12) as (pane, pilot):
        pane.show_clock(clock_line(LabState(), 1.24))
        await pilot.pause()
        assert subtitle(pane) == "► 1× · 1.240 s"
        pane.show_clock(())
        await pilot.pause()
        assert subtitle(pane) == ""


PAUSED = LabState(clock=ClockState(paused=True))
HELD = replace(PAUSED, held=dict.fromkeys((1, 2)), ready_queue=dict.fromkeys((1, 2)), tasks={2: TaskState(2, "tea")})
NEXT = replace(PAUSED, held={1: None}, ready_queue=dict.fromkeys(range(1, 1_201)))
"""A program that runs holds only the step that is next."""


@pytest.mark.parametrize(
    ("state", "chosen", "text"),
    [
        (LabState(clock=ClockState(speed=0.25)), None, "► 1/4× · 1.204 s"),
        (LabState(clock=ClockState(instant=True)), None, "► instant · 1.204 s"),
        (PAUSED, None, "paused at 1.204 s · nothing ready"),
        (HELD, 1, "paused at 1.204 s · ▸ 2 ready"),
        (NEXT, None, "paused at 1.204 s · ▸ 1,200 ready"),
        (HELD, 2, "paused at 1.204 s · ▸ 2 ready · next tea (chosen)"),
        (HELD, 3, "paused at 1.204 s · ▸ 2 ready"),
        (replace(HELD, running_to=2), None, "► to the next event of tea · 1.204 s"),
        (LabState(is_cleaning_up=True), None, "⊘ cancelled, cleaning up · 1.204 s"),
        *(
            (replace(PAUSED, outcome=word, ended_at=1.2), None, f"{GLYPHS[word]} {word} at 1.200 s")
            for word in get_args(Outcome)
        ),
    ],
)
def test_how_the_clock_runs_and_what_holds_it_up_are_words(state: LabState, chosen: int | None, text: str) -> None:
    assert plain(clock_line(state, 1.204, chosen=chosen)) == text


def test_what_blocked_the_loop_is_told_as_far_as_there_is_room() -> None:
    clock = clock_line(LabState(), 1.2)
    told = [plain(clock_and_block(clock, ("work blocked the loop", "blocked"), width)) for width in (50, 35, 20)]
    assert told == ["! work blocked the loop · ► 1× · 1.200 s", "! blocked · ► 1× · 1.200 s", "► 1× · 1.200 s"]
    assert clock_and_block(clock, ("",), 50) == clock
