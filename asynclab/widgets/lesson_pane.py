"""Shows the lesson of a demo, and the lab's clock in the frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain

from textual.geometry import Size

from asynclab.model.state import LabState
from asynclab.model.text import cell_width, one_line
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.model.wording.grammar import Forms, fitting
from asynclab.model.wording.quantities import measured, speed_text
from asynclab.widgets.line_view import LineView
from asynclab.widgets.spans import Line, hanging, joined, width_of

FRAME = 4
"""Cells of the lower border that the clock can't use."""

LABEL = 8
"""The width of the labels "watch", "v", "belief" and "docs", in cells."""

AROUND_TITLE = 4
"""Cells of the upper border that the title can't use."""

UP_TO_WATCH = 3
"""The number of the texts that are needed while the demo runs: the first ones, up to the key v."""


@dataclass(frozen=True, slots=True)
class LessonText:
    """The texts of a demo; any of them may be empty."""

    title: str = ""
    """The demo's key and name."""
    concept: str = ""
    """What the demo teaches, in one sentence."""
    watch: str = ""
    """What to watch while it runs."""
    belief: str = ""
    """What people often believe wrongly, without quotation marks."""
    truth: str = ""
    """What is true instead."""
    docs: str = ""
    """The title of a page of Python's documentation."""
    v: str = ""
    """The variant of the demo that the key v runs next."""


class LessonPane(LineView, can_focus=False):
    """The texts of a demo's lesson."""

    DEFAULT_CSS = """
    LessonPane { height: auto; scrollbar-gutter: auto; }
    """

    lesson = LessonText()
    """The texts being shown."""

    def show_lesson(self, lesson: LessonText) -> None:
        """Show the texts of a demo."""
        if lesson == self.lesson:
            return
        self.lesson = lesson
        self._retitle()
        self.scroll_home(animate=False)
        self.refresh(layout=True)
        self.repaint()

    def show_clock(self, clock: Line, blocked: Forms = ("",)) -> None:
        """Show the clock in the frame, and what blocked the loop."""
        self.set_subtitle(clock_and_block(clock, blocked, self.size.width - FRAME))

    def lay_out_for(self, width: int) -> None:
        """Set the title, which depends on the width."""
        self._retitle()

    @property
    def lines_to_watch(self) -> int:
        """How many lines are needed while the demo runs: the concept, what to watch, and the key v."""
        return sum(map(len, _parts(self.lesson, self.content_width())[:UP_TO_WATCH]))

    def _retitle(self) -> None:
        self.set_title(_title(self.lesson, self.content_width()))

    def lines_in(self, room: int) -> int:
        """How many of at most `room` lines to show: only complete texts, if at least the first one fits."""
        ends = accumulate(map(len, _parts(self.lesson, self.content_width())))
        return max((end for end in ends if end <= room), default=room)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(_lay_out(self.lesson, width))

    def line_count(self) -> int:
        return len(_lay_out(self.lesson, self.content_width()))

    def compose_line(self, index: int, width: int) -> Line:
        return _lay_out(self.lesson, width)[index]


def _title(lesson: LessonText, width: int) -> str:
    """The title, with the variant that the key v runs next if there is room."""
    whole = f"{lesson.title} · v: {lesson.v}"
    return whole if lesson.v and cell_width(whole) <= width - AROUND_TITLE else lesson.title


def _lay_out(lesson: LessonText, width: int) -> tuple[Line, ...]:
    return tuple(chain(*_parts(lesson, width)))


@lru_cache(maxsize=32)
def _parts(lesson: LessonText, width: int) -> tuple[list[Line], ...]:
    """The lines of each text, one list per text."""
    belief = f"“{lesson.belief}”: {lesson.truth}" if lesson.belief and lesson.truth else lesson.belief or lesson.truth
    v = "" if _title(lesson, width) != lesson.title else lesson.v
    docs = f"docs.python.org · {lesson.docs}" if lesson.docs else ""
    texts = (
        (" ", "", lesson.concept),
        (f" {'watch':<{LABEL}}", "strong accent", lesson.watch),
        (f" {'v':<{LABEL}}", "strong accent", v),
        (f" {'belief':<{LABEL}}", "strong ready", belief),
        (f" {'docs':<{LABEL}}", "heading", docs),
    )
    return tuple(
        hanging(((head, part),), one_line(text, 2000), width - 1) if text else [] for head, part, text in texts
    )


def clock_and_block(clock: Line, blocked: Forms, width: int) -> Line:
    """The clock, and what blocked the loop, if anything did and there is room."""
    said = f"! {fitting(blocked, width - width_of(clock) - 5)}"
    if not any(blocked) or cell_width(said) + 3 + width_of(clock) > width:
        return clock
    return joined((((said, "failed"),), clock))


def clock_line(state: LabState, now: float, *, chosen: int | None = None, is_over: bool = False) -> Line:
    """A line that says how lab time runs, or why it stands still.

    For example "► 1× · 1.240 s", "paused at 1.204 s · ▸ 3 ready · next worker-2 (chosen)", "✓ done at 2.003 s", or
    "◌ stuck: nothing ready, no timer set · 1.204 s".

    Args:
        state: The present state.
        now: The present lab time in seconds.
        chosen: The task that the user chose to run next; None if the loop's order is unchanged.
        is_over: Whether no more events will come. The run may have ended without an event.
    """
    at, clock = (measured(now), "text"), state.clock
    if state.outcome is not None:
        ended = (measured(state.ended_at), "text")
        return ((f"{GLYPHS[state.outcome]} {state.outcome}", state.outcome), (" at ", "past"), ended)
    if state.running_to is not None:
        pursued = f"{GLYPHS['running']} to the next event of {state.task_name(state.running_to)}"
        return joined((((pursued, "accent"),), (at,)))
    if state.is_cleaning_up:
        return joined((((f"{GLYPHS['cancelled']} cancelled, cleaning up", "cancelled"),), (at,)))
    if state.is_stalled:
        return joined((((f"{GLYPHS['waiting']} stuck: nothing ready, no timer set", "failed"),), (at,)))
    if is_over and not clock.paused:
        return joined(((("no more events", "past"),), (at,)))
    if not clock.paused:
        speed = "instant" if clock.instant else speed_text(clock.speed)
        return joined((((f"{GLYPHS['running']} {speed}", "past"),), ((measured(now), "past"),)))
    count = len(state.ready_queue)
    ready: Line = ((f"{GLYPHS['ready']} {count:,} ready", "ready"),) if count else (("nothing ready", "past"),)
    following: Line = (("next ", "past"), (state.task_name(chosen), "running"), (" (chosen)", "past"))
    is_chosen = chosen in state.held and chosen != next(iter(state.held))
    return joined(((("paused at ", "ready"), at), ready, *((following,) if is_chosen else ())))
