"""The tabs of the panes, if one is shown at a time. Beside them is what blocked the loop."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from textual.content import Content
from textual.events import Click
from textual.widget import Widget

from asynclab.model.text import cell_width
from asynclab.model.wording.grammar import Forms, fitting

MARK = 1
"""Cells before each name, for the mark of the pane in front."""

WIDE_GAP = 1
"""Cells after each name, if there is room."""

BEFORE_BLOCK = 2
"""The fewest cells before the text about what blocked the loop."""


class PaneTabs(Widget):
    """A line with the name of each pane. The pane in front is highlighted."""

    DEFAULT_CSS = """
    PaneTabs {
        height: 1;
        padding: 0 0 0 1;
    }
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        """Make the tabs. `names` has the name of each pane by its id."""
        super().__init__()
        self._names = dict(names)
        self._front = ""
        self._blocked: Forms = ("",)

    def show(self, front: str, names: Mapping[str, str]) -> None:
        """Show these tabs, and mark the one of the pane with the id `front`."""
        if (front, names) != (self._front, self._names):
            self._front, self._names = front, dict(names)
            self.refresh()

    def show_block(self, blocked: Forms) -> None:
        """Show at the end of the line what blocked the loop; empty for nothing, or if another view shows it."""
        if blocked != self._blocked:
            self._blocked = blocked
            self.refresh()

    def render(self) -> Content:
        """The tabs, scrolled so that the tab of the pane in front is visible, and what blocked the loop."""
        tabs = Content(" " * self._gap).join([self._drawn(pane, self._names[pane]) for pane in self._shown()])
        if not self._block_width:
            return tabs
        room = self.content_size.width - tabs.cell_length
        blocked = f"! {fitting(self._blocked, room - BEFORE_BLOCK - 2)}"
        line = Content.assemble(tabs, " " * max(BEFORE_BLOCK, room - cell_width(blocked)), (blocked, "$state-failed"))
        return line.truncate(self.content_size.width, ellipsis=True)

    @property
    def _block_width(self) -> int:
        """The fewest cells of the text about the block, with the space before it."""
        shortest = self._blocked[-1]
        return BEFORE_BLOCK + 2 + cell_width(shortest) if shortest else 0

    @property
    def _gap(self) -> int:
        """The cells after each name: none if all names fit only without them."""
        return WIDE_GAP if self._width(self._names, WIDE_GAP) <= self._room else 0

    @property
    def _room(self) -> int:
        """The cells for the names. The name of the pane in front always fits."""
        return max(len(self._names.get(self._front, "")) + 1, self.content_size.width - self._block_width)

    async def on_click(self, event: Click) -> None:
        """Bring the clicked pane to the front."""
        offset = event.get_content_offset(self)
        at = 0
        for pane in self._shown() if offset is not None else ():
            width = len(self._names[pane])
            if offset is not None and at <= offset.x <= at + width:
                await self.run_action(f"screen.show_pane('{pane}')")
            at += MARK + width + self._gap

    def _shown(self) -> list[str]:
        """The ids of the panes whose names are shown. In a narrow line, the first or last ones are left out."""
        panes = list(self._names)
        if self._front in panes:
            before = panes.index(self._front)
            while before and self._width(panes[: before + 1], self._gap) > self._room:
                del panes[0]
                before -= 1
        while panes[1:] and panes[-1] != self._front and self._width(panes, self._gap) > self._room:
            panes.pop()
        return panes

    def _width(self, panes: Collection[str], gap: int) -> int:
        return sum(MARK + len(self._names[pane]) + gap for pane in panes) - gap

    def _drawn(self, pane: str, name: str) -> Content:
        if pane == self._front:
            return Content.styled(f"▸{name}", "bold $state-text on $state-row")
        return Content.styled(f" {name}", "$state-past")
