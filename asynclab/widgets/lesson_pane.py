"""Shows a demo's lesson, and the clock in the frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain

from textual.geometry import Size

from asynclab.model.text import one_line
from asynclab.model.wording.forms import Forms
from asynclab.widgets.clock_line import clock_and_block
from asynclab.widgets.line_view import LineView
from asynclab.widgets.lines import Line, hanging

FRAME = 4
"""Cells of the lower border that the clock can't use, besides the corners."""

LABEL = 8
"""Cells of the labels "watch", "belief" and "docs"."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """The texts of a demo; any of them may be empty."""

    title: str = ""
    """Its key and name."""
    concept: str = ""
    """What it teaches, in a sentence."""
    watch: str = ""
    """What to look for while it runs."""
    belief: str = ""
    """What people often believe, without quotation marks."""
    truth: str = ""
    """What is true instead."""
    docs: str = ""
    """The title of the page in Python's documentation."""


class LessonPane(LineView, can_focus=False):
    """The concept of a demo, what to watch for, and the belief that it corrects."""

    DEFAULT_CSS = """
    LessonPane { height: auto; scrollbar-gutter: auto; }
    """

    lesson = Lesson()
    """What is shown."""

    def show_lesson(self, lesson: Lesson) -> None:
        """Show the texts of a demo."""
        if lesson == self.lesson:
            return
        self.lesson = lesson
        self.set_title(lesson.title)
        self.scroll_home(animate=False)
        self.refresh(layout=True)
        self.repaint()

    def show_clock(self, clock: Line, blocked: Forms = ("",)) -> None:
        """Show the clock in the frame, and what blocked the loop; empty if nothing has run."""
        self.set_subtitle(clock_and_block(clock, blocked, self.size.width - FRAME))

    def lines_in(self, room: int) -> int:
        """How many lines to show in a room of lines: whole parts, if at least the first one fits."""
        ends = accumulate(map(len, _parts(self.lesson, self.content_width())))
        return max((end for end in ends if end <= room), default=room)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(_lay_out(self.lesson, width))

    def line_count(self) -> int:
        return len(_lay_out(self.lesson, self.content_width()))

    def compose_line(self, index: int, width: int) -> Line:
        return _lay_out(self.lesson, width)[index]


def _lay_out(lesson: Lesson, width: int) -> tuple[Line, ...]:
    return tuple(chain(*_parts(lesson, width)))


@lru_cache(maxsize=32)
def _parts(lesson: Lesson, width: int) -> tuple[list[Line], ...]:
    """The lines of each text."""
    belief = f"“{lesson.belief}”: {lesson.truth}" if lesson.belief and lesson.truth else lesson.belief or lesson.truth
    docs = f"docs.python.org · {lesson.docs}" if lesson.docs else ""
    texts = (
        (" ", "", lesson.concept),
        (f" {'watch':<{LABEL}}", "strong accent", lesson.watch),
        (f" {'belief':<{LABEL}}", "strong ready", belief),
        (f" {'docs':<{LABEL}}", "heading", docs),
    )
    return tuple(
        hanging(((head, part),), one_line(text, 2000), width - 1) if text else [] for head, part, text in texts
    )
