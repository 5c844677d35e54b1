"""Shows one URL: its outcome in words, where its time went, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from rich.cells import chop_cells

from asynclab.model.wording.quantities import plural, rate_text, size_text
from asynclab.widgets.fetch_row import MARKS, UrlDetail
from asynclab.widgets.line_view import LineView
from asynclab.widgets.lines import Line, joined, wrap
from asynclab.widgets.waterfall import staircase

Compose: TypeAlias = Callable[[UrlDetail, int], list[Line]]
"""Makes the lines of a detail for a width in cells."""

NAME_WIDTH = 18
"""The cells of a header's name."""

SEPARATOR: Line = (("", ""),)


class DetailView(LineView):
    """Some of what is known of one URL, in as many lines as that takes."""

    def __init__(
        self, compose: Compose, *, name: str | None = None, id: str | None = None, classes: str | None = None
    ) -> None:
        """Make the view.

        Args:
            compose: Makes its lines.
            name: The name of the widget.
            id: Its id in the DOM.
            classes: Its CSS classes.
        """
        super().__init__(name=name, id=id, classes=classes)
        self._compose_detail = compose
        self._detail: UrlDetail | None = None
        self._lines: list[Line] = []
        self._lines_for: tuple[UrlDetail | None, int] = (None, 0)

    def show(self, detail: UrlDetail | None) -> None:
        """Show a URL, or nothing, and repaint the lines that changed."""
        if detail == self._detail:
            return
        if detail is None or self._detail is None or detail.row.number != self._detail.row.number:
            self.scroll_to(y=0, animate=False, force=True)
        self._detail = detail
        self.repaint()

    def repaint(self) -> None:
        """Compose the lines in sight again, and say how many are below."""
        super().repaint()
        self._tell_of_more()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say how many lines are below."""
        super().watch_scroll_y(old_value, new_value)
        self._tell_of_more()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Name the key that scrolls down, if there is one."""
        super().watch_has_focus(has_focus)
        self._tell_of_more()

    def line_count(self) -> int:
        """The number of lines at this width."""
        return len(self._all_lines(self.content_width()))

    def compose_line(self, index: int, width: int) -> Line:
        """One line."""
        return self._all_lines(width)[index]

    def _tell_of_more(self) -> None:
        below = self.line_count() - self.scroll_offset.y - self.page_height
        key = "↓  " if self.has_focus else ""
        self.set_subtitle(((f"{key}{plural(below, 'more line')}", "past"),) if below > 0 else ())

    def _all_lines(self, width: int) -> list[Line]:
        if self._lines_for != (self._detail, width):
            self._lines_for = (self._detail, width)
            self._lines = [] if self._detail is None or width < 4 else self._compose_detail(self._detail, width)
        return self._lines


def story_lines(detail: UrlDetail, width: int) -> list[Line]:
    """The URL, the outcome, the phases, the redirects."""
    row = detail.row
    mark, part = MARKS[row.state]
    lines: list[Line] = [((text, ""),) for text in wrap(row.url, width)]
    outcome = detail.sentence or row.word
    lines += [((text, part),) for text in wrap(f"{mark} {outcome}", width)]
    if detail.facts:
        lines += [((text, "past"),) for text in wrap(" · ".join(detail.facts), width)]
    if row.phases:
        lines += [SEPARATOR, *staircase(row.phases, width)]
    lines += [SEPARATOR, figures(detail)]
    if detail.hops:
        lines += [SEPARATOR, (("redirects", "heading"),)]
        lines += [((f"{status} ", "past"), (url, "")) for status, url in detail.hops]
    lines += [((text, "ready"),) for note in detail.notes for text in wrap(note, width)]
    return lines


def answer_lines(detail: UrlDetail, width: int) -> list[Line]:
    """The title, the headers, the beginning of the body."""
    lines: list[Line] = []
    if detail.title:
        lines += [((text, "strong"),) for text in wrap(detail.title, width)]
    lines += [((f"{name:<{NAME_WIDTH}} ", "past"), (value, "")) for name, value in detail.headers]
    if detail.preview:
        lines += [
            SEPARATOR,
            *(((text, "past"),) for line in detail.preview for text in chop_cells(line, width) or [""]),
        ]
    if detail.cut:
        lines += [SEPARATOR, *(((text, "ready"),) for text in wrap(detail.cut, width))]
    has_ended = detail.row.state in ("ok", "failed", "cancelled")
    return lines or [(("nothing came back" if has_ended else "nothing came back yet", "past"),)]


def whole_lines(detail: UrlDetail, width: int) -> list[Line]:
    """The outcome, and the answer below it."""
    heading: Line = (("headers and preview", "heading"),)
    return [*story_lines(detail, width), SEPARATOR, heading, *answer_lines(detail, width)]


def figures(detail: UrlDetail) -> Line:
    """Bytes, rate, attempts and time left in one line."""
    row = detail.row
    groups = [_received(detail)]
    if row.rate:
        groups.append(rate_text(row.rate))
    if row.seconds is not None:
        groups.append(f"{row.seconds:.3f} s")
    if row.tries > 1:
        groups.append(f"{row.tries} attempts")
    if row.left is not None:
        groups.append(f"timeout in {row.left:.1f} s")
    return joined(((text, ""),) for text in groups)


def _received(detail: UrlDetail) -> str:
    row = detail.row
    if row.fraction and 0 < row.fraction < 1 and row.received:
        return f"{size_text(row.received)} of {size_text(row.received / row.fraction)}"
    return size_text(row.received)
