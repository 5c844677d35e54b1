"""The base of most views: a scrollable widget that composes only the lines in sight, and repaints only changed ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Self

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from asynclab.model.text import one_line
from asynclab.widgets.line_cache import Drawn, Segments
from asynclab.widgets.spans import Line, fill, plain, style_of, to_content, wrap

CURSOR = "▌"
"""Marks the line under the cursor, so that it is clear without colour."""


class LineView(ScrollView, can_focus=True):
    """A scrollable view whose lines are composed when they are needed.

    A subclass defines the number of lines, and composes a line. It is asked only for lines in sight.
    """

    DEFAULT_CSS = """
    LineView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size: 0 1;
        scrollbar-gutter: stable;
        color: $state-text;
        border: round $state-frame;
        border-title-color: $state-accent;
        border-subtitle-color: $state-past;
        &:focus { border: round $state-accent; }
    }
    """

    HEADER_HEIGHT: ClassVar[int] = 0
    """The number of lines at the top that don't scroll."""

    selected_from = 0
    """The first cell of a line that can be selected with the mouse. Marks and numbers are before it."""
    entries: Sequence[Any] = ()
    """One object for each line, from which a subclass composes the line."""

    _laid_out_for = 0
    """The width in cells for which the lines were laid out."""
    _is_retitling = False
    _news: tuple[object, ...] = ()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn: dict[int, Drawn] = {}
        self._drawn_for: tuple[int, int, int] = (0, 0, 0)
        self.subtitle: Line = ()
        """The text in the bottom border. Change it by `set_subtitle`."""
        self._hint = ""
        """The text to show while the view is empty."""
        self._selection: Selection | None = None
        """The selected text: lines are counted from the header, columns in characters."""
        self._is_painting = False
        self._segments_on: dict[str, Segments] = {}
        """The cached segments, by the background of their line."""

    def line_count(self) -> int:
        """The number of lines, without the header."""
        return len(self.entries)

    def compose_line(self, index: int, width: int) -> Line:
        """The line with an index, from 0. It is cut to `width` cells."""
        raise NotImplementedError

    def compose_header(self, width: int) -> Line:
        """The line at the top, which doesn't scroll, if `HEADER_HEIGHT` is 1."""
        return ()

    def compose_footer(self, width: int) -> Line:
        """The line below the others, which stays in sight, if `footer_height` is 1."""
        return ()

    def content_width(self) -> int:
        """The width of composed lines in cells. It is the view's width, unless the view scrolls sideways."""
        return self.scrollable_content_region.width

    def ground(self, index: int) -> str:
        """The background of a line: "row", "row-blurred", or "" if it isn't highlighted."""
        return ""

    def line_text(self, index: int) -> str:
        """A line as text, without colours."""
        return plain(self.compose_line(index, self.content_width())).rstrip()

    @property
    def footer_height(self) -> int:
        """The number of footers, 0 or 1. A footer is below the last line, or at the bottom if that is out of sight."""
        return 0

    @property
    def page_height(self) -> int:
        """The number of lines in sight, without header and footer."""
        return max(0, self.scrollable_content_region.height - self.HEADER_HEIGHT - self.footer_height)

    def is_news(self, *shown: object) -> bool:
        """Whether the arguments differ from those of the last call. Callers pass the `id` of mutable objects."""
        is_news, self._news = shown != self._news, shown
        return is_news

    def repaint(self) -> None:
        """Compose the lines in sight again, and refresh those that changed."""
        width, height = self.scrollable_content_region.size
        if not height:
            return
        self.fit_content()
        before = self._current_lines()
        top, content_width, page = self.scroll_offset.y, self.content_width(), self.page_height
        after = {y: self._line_for(y, top, content_width, page) for y in range(height)}
        changed = [y for y in range(height) if after[y] != before.get(y)]
        self._drawn = after
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def set_hint(self, hint: str) -> None:
        """Set the text to show while the view is empty: what will be here, and which key to press."""
        if hint != self._hint:
            self._hint = hint
            self.repaint()

    def set_title(self, title: str) -> None:
        """Set the text in the top border. It may come from outside."""
        self.border_title = Content(one_line(title))

    def set_subtitle(self, line: Line) -> None:
        """Set the text in the bottom border. Does nothing if it is unchanged."""
        if line == self.subtitle:
            return
        self.subtitle = line
        self._is_retitling = True
        self.border_subtitle = to_content(line) if line else None
        self._is_retitling = False

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Request a repaint. For a new subtitle, Textual requests all lines, but only the border is repainted."""
        if self._is_retitling:
            width, height = self.size
            regions = (Region(-1, height, width + 2, 1),)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips to paint in a region of the view."""
        self._is_painting = True
        try:
            return super().render_lines(crop)
        finally:
            self._is_painting = False

    def render_line(self, y: int) -> Strip:
        """The strip of a line of the view. Textual paints it, or uses it to find the text under the mouse."""
        lines = self._current_lines()
        if y not in lines:
            lines[y] = self._line_for(y, self.scroll_offset.y, self.content_width(), self.page_height)
        strip = self._paint(lines[y])
        line = y if y < self.HEADER_HEIGHT else y + self.scroll_offset.y
        if self._selection is not None:
            strip = self._with_selection(strip, plain(lines[y].line), self._selection.get_span(line))
        scrolled, _, width = self._drawn_for
        strip = strip.crop(scrolled, scrolled + width)
        # Only the mouse needs offsets. They are slow, because they give each segment its own style.
        return strip if self._is_painting else strip.apply_offsets(scrolled, line)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """The selected text, and the separator before the text of another view."""
        last = self.HEADER_HEIGHT + self.line_count() - 1
        begin = 0 if selection.start is None else selection.start.y
        end = last if selection.end is None else min(selection.end.y, last)
        return "\n".join(self._selected_text(number, selection) for number in range(begin, end + 1)), "\n"

    def text_to_copy(self) -> str:
        """The text that the key for copying copies. By default, all lines."""
        return "\n".join(map(self.line_text, range(self.line_count())))

    def selection_updated(self, selection: Selection | None) -> None:
        """Note and show the selected text."""
        self._selection = selection
        super().selection_updated(selection)

    def notify_style_update(self) -> None:
        """Clear the cached styles, because the theme or the state of the widget has changed."""
        super().notify_style_update()
        self._segments_on.clear()

    def watch_show_vertical_scrollbar(self, is_shown: bool) -> None:
        """Set the position of a scrollbar that has just appeared."""
        if is_shown:
            self.vertical_scrollbar.position = self.scroll_y

    def index_under(self, event: Click) -> int | None:
        """The index of the line that was clicked; None if there is none."""
        offset = event.get_content_offset(self)
        if self._selection is not None:  # the mouse was dragged, not clicked
            return None
        if offset is None or not 0 <= offset.y - self.HEADER_HEIGHT < self.page_height:
            return None
        index = offset.y - self.HEADER_HEIGHT + self.scroll_offset.y
        return index if index < self.line_count() else None

    def on_resize(self, event: Resize) -> None:
        """Repaint for the new size."""
        self.repaint()
        self.keep_in_sight()

    def keep_in_sight(self) -> None:
        """Called after a resize, to scroll to what should stay in sight. Does nothing by default."""

    def lay_out(self) -> None:
        """Lay out the lines for the present width."""
        self._laid_out_for = self.content_width()
        self.lay_out_for(self._laid_out_for)

    def lay_out_for(self, width: int) -> None:
        """Called to lay out the lines for a new width. Does nothing by default."""

    def _fit_width(self) -> None:
        """Lay out the lines again if the width has changed. Textual may paint before it reports the new size."""
        if self._laid_out_for != self.content_width():
            self.lay_out()

    def _current_lines(self) -> dict[int, Drawn]:
        """The painted lines, by their position in the view; empty if the view was scrolled or resized since."""
        self._fit_width()
        place = (*self.scroll_offset, self.scrollable_content_region.width)
        if place != self._drawn_for:
            self._drawn_for = place
            self._drawn = {}
        return self._drawn

    def _line_for(self, y: int, top: int, width: int, page: int) -> Drawn:
        line, ground = self._composed(y, top, width, page)
        return Drawn(fill(line, width), ground, width)

    def _composed(self, y: int, top: int, width: int, page: int) -> tuple[Line, str]:
        if y < self.HEADER_HEIGHT:
            return self.compose_header(width), ""
        index = y - self.HEADER_HEIGHT + top
        if self._hint and not self.line_count():
            return self._hinted(index, width), ""
        last = min(self.line_count() - top, page) + self.HEADER_HEIGHT
        if self.footer_height and y == last:
            return self.compose_footer(width), ""
        if index >= self.line_count():
            return (), ""
        return self.compose_line(index, width), self.ground(index)

    def _hinted(self, index: int, width: int) -> Line:
        """A line of the hint."""
        hint = wrap(self._hint, width - 2)
        return ((f" {hint[index]}", ""),) if index < len(hint) else ()

    def fit_content(self) -> None:
        """Lay out the lines if the width has changed, and set the size of the scrolled area to that of the lines."""
        self._fit_width()
        size = Size(self.content_width(), self.line_count() + self.HEADER_HEIGHT + self.footer_height)
        if size == self.virtual_size:
            return
        grows = size.width == self.virtual_size.width and size.height > self.virtual_size.height
        if grows and self.show_vertical_scrollbar:
            # Otherwise, setting virtual_size makes Textual lay out the whole screen, and a log grows 30 times a second.
            self.set_reactive(LineView.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height
        else:
            self.virtual_size = size

    def _paint(self, drawn: Drawn) -> Strip:
        ground = drawn.ground
        painted = self._segments_on.get(ground)
        if painted is None:
            painted = self._segments_on[ground] = Segments(partial(self._style_of, ground=ground))
        return Strip([painted[span] for span in drawn.line if span[0]], drawn.width)

    def _selected_text(self, number: int, selection: Selection) -> str:
        width, index = self.content_width(), number - self.HEADER_HEIGHT
        line = self.compose_header(width) if index < 0 else self.compose_line(index, width)
        text = plain(fill(line, width))
        start, end = self._selected_part(text, selection.get_span(number))
        return text[start:end].rstrip()

    def _selected_part(self, text: str, span: tuple[int, int] | None) -> tuple[int, int]:
        """The selected part of a line, as a range of characters. In a span, -1 stands for the end of the line."""
        if span is None:
            return 0, 0
        return max(span[0], self.selected_from), len(text) if span[1] < 0 else span[1]

    def _with_selection(self, strip: Strip, text: str, span: tuple[int, int] | None) -> Strip:
        """A strip whose selected part has the colours of a selection."""
        start, end = (cell_len(text[:place]) for place in self._selected_part(text, span))
        if start >= end:
            return strip
        style = self.screen.get_component_rich_style("screen--selection")
        selected = Segment.apply_style(strip.crop(start, end), post_style=style)
        return Strip.join([strip.crop(0, start), Strip(selected, end - start), strip.crop(end)])

    def _style_of(self, parts: str, ground: str) -> Style:
        return self.rich_style + style_of(f"{ground} {parts}", self.app.theme_variables)
