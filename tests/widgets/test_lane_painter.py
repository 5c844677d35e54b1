"""Tests painted lanes: painting in pieces gives the same cells as painting at once; the future is grey."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

import asynclab.model.lanes.lanes_of_run
import asynclab.widgets.lane_painter
from asynclab.model import events
from asynclab.model.fold import fold
from asynclab.model.lanes import Lane, Timeline
from asynclab.model.state import LabState
from asynclab.model.timeline.columns import Scale, paint_kinds
from asynclab.widgets.colours import LEGIBLE, THEMES, contrast, state_variables
from asynclab.widgets.lane_painter import UP, LanePainter, spans
from asynclab.widgets.spans import plain
from asynclab.widgets.time_window import Window
from tests.model.short_histories import lab_with_timeline, timeline_of

STORY = (
    events.TaskCreated(0.0, 1, "main", "main"),
    events.StepStarted(0.0, 1),
    events.StepEnded(0.01, 1, 0.01),
    events.StepStarted(0.3, 1),
    events.QueuePut(0.3, 1, "tea", 1, 1, 1),
    events.StepEnded(0.37, 1, 0.07),
)


def painter(timeline: Timeline, now: float, moment: float | None = None) -> LanePainter:
    """A painter of columns of 0.1 s each."""
    window = Window()
    window.scale, window.width = Scale(15), 40
    made = LanePainter(window)
    made.prepare(timeline, now, moment)
    return made


def life(turns: list[tuple[str, int]]) -> list[list[events.Event]]:
    """What a task does in some turns, each with the hundredths of a second before it; never out of its order."""
    at = 0.0
    batches: list[list[events.Event]] = [[events.TaskCreated(0.0, 1, "main", "main")]]
    for turn, pause in turns:
        at += pause / 100
        if turn == "put":
            batches.append([events.QueuePut(at, 1, "tea", 1, 1, 1)])
        elif turn == "wake":
            batches.append([events.TaskReady(at, 1, "timer")])
        else:
            batches.append([events.StepStarted(at, 1), events.StepEnded(at + 0.02, 1, 0.02, ready=turn == "yield")])
        at += 0.02
    return batches


TURNS = st.lists(st.tuples(st.sampled_from(["wake", "step", "yield", "put"]), st.integers(0, 40)), max_size=15)


def assert_painted_as_at_once(batches: list[list[events.Event]]) -> None:
    """Paint after each batch what is new, and all of it."""
    state, timeline = lab_with_timeline()
    going_on = painter(timeline, 0.0)
    for batch in batches:
        fold(state, batch)
        going_on.prepare(timeline, timeline.now, None)
        assert going_on.paint(1, 0, 40) == painter(timeline, timeline.now).paint(1, 0, 40)


@given(TURNS)
def test_a_lane_that_goes_on_is_painted_as_if_it_were_painted_at_once(turns: list[tuple[str, int]]) -> None:
    assert_painted_as_at_once(life(turns))


@given(TURNS)
def test_a_lane_that_loses_its_beginning_is_painted_as_if_it_were_painted_at_once(turns: list[tuple[str, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asynclab.model.lanes.lanes_of_run, "KEPT", 8)
        patch.setattr(asynclab.model.lanes.lanes_of_run, "DROPPED_AT_ONCE", 4)
        assert_painted_as_at_once(life([("wake", 10), ("step", 10), ("put", 1)] * 3 + turns))


def test_of_a_lane_that_loses_its_beginning_only_that_is_painted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[int] = []

    def count(cells: bytearray, lane: Lane, scale: Scale, first: int, now: float, start: int = 0) -> None:
        painted.append(len(cells) - start)
        paint_kinds(cells, lane, scale, first, now, start)

    timeline = timeline_of(*itertools.chain(*life([("step", 20), ("put", 5)] * 12)))
    going_on = painter(timeline, timeline.now)
    going_on.paint(1, 0, 40)
    timeline.lanes[1].drop_intervals(2)
    timeline.lanes[1].drop_marks(1)
    monkeypatch.setattr(asynclab.widgets.lane_painter, "paint_kinds", count)
    cells = going_on.paint(1, 0, 40)
    assert sum(painted) < 25
    assert cells == painter(timeline, timeline.now).paint(1, 0, 40)


def test_a_step_under_way_is_brief_until_it_has_filled_half_of_its_column() -> None:
    made = painter(timeline := timeline_of(STORY[0], events.StepStarted(0.3, 1)), 0.3)
    drawn = []
    for now in (0.31, 0.34, 0.36):
        made.prepare(timeline, now, None)
        drawn.append(plain(spans(made.paint(1, 0, 4))))
    assert drawn == ["▒▒▒▎", "▒▒▒▎", "▒▒▒█"]


def test_a_mark_stands_on_its_step_and_the_end_behind_it() -> None:
    timeline = timeline_of(*STORY, events.TaskEnded(0.37, 1, "done"))
    assert spans(painter(timeline, 1.0).paint(1, 0, 10)) == (
        ("▎", "running"),
        ("──", "waiting"),
        ("→", "step"),
        ("✓", "done"),
        ("     ", ""),
    )


def test_an_end_in_the_last_column_is_drawn_over_its_step() -> None:
    timeline = timeline_of(*STORY, events.TaskEnded(0.37, 1, "failed"))
    assert plain(spans(painter(timeline, 1.0).paint(1, 0, 4))) == "▎──✗"


def test_an_arrow_beyond_the_cells_there_are_is_not_drawn() -> None:
    birth = events.TaskCreated(0.0, 2, "other", "work")
    timeline = timeline_of(
        *STORY, birth, events.TaskReady(3.5, 1, "task", 2), events.StepStarted(3.6, 1), events.StepEnded(3.6, 1, 0.0)
    )
    state = LabState()
    fold(state, [STORY[0], birth])
    made = painter(timeline, 4.0)
    made.draw_arrows(1, state.rows())
    assert made.paint(1, 0, 40)[35] == UP
    assert UP not in made.paint(1, 0, 30)


def test_what_comes_after_the_moment_looked_at_is_grey_and_thin_so_that_it_shows_without_colour() -> None:
    line = spans(painter(timeline_of(*STORY), 0.55, 0.15).paint(1, 0, 10))
    assert line == (
        ("▎", "running"),
        ("─", "cell waiting"),
        ("┄", "rest"),
        ("→", "past"),
        ("┄┄", "rest"),
        ("    ", "past"),
    )


def test_a_task_of_which_nothing_is_kept_has_an_empty_lane() -> None:
    assert plain(spans(painter(Timeline(), 1.0).paint(7, 0, 10))) == " " * 10


@pytest.mark.parametrize(
    "theme", [theme for theme in (*THEMES, *BUILTIN_THEMES.values()) if not theme.ansi], ids=lambda theme: theme.name
)
def test_a_mark_is_legible_on_its_step_in_every_theme(theme: Theme) -> None:
    variables = state_variables(theme)
    text, step = (Color.parse(variables[f"state-{name}"]) for name in ("step-text", "running"))
    assert contrast(text, step) >= LEGIBLE - 0.05
