"""Tabs for the panes, where one shows at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.events import Click
from textual.widget import Widget

GAP = 2
"""Cells of a name's mark and the space after it."""


class PaneTabs(Widget):
    """A line with the name of each pane; the one in front stands out."""

    DEFAULT_CSS = """
    PaneTabs {
        height: 1;
        padding: 0 1;
    }
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        """Make the tabs.

        Args:
            names: The name of each pane, by its id.
        """
        super().__init__()
        self._names = names
        self._front = ""

    def show(self, front: str) -> None:
        """Mark the pane with this id."""
        if front != self._front:
            self._front = front
            self.refresh()

    def render(self) -> Content:
        """The names of the panes, from the first one that leaves room for the one in front."""
        return Content(" ").join([self._drawn(pane, self._names[pane]) for pane in self._shown()])

    async def on_click(self, event: Click) -> None:
        """Bring the pane that was clicked to the front."""
        offset = event.get_content_offset(self)
        at = 0
        for pane in self._shown() if offset is not None else ():
            width = len(self._names[pane])
            if offset is not None and at <= offset.x <= at + width:
                await self.run_action(f"screen.show_pane('{pane}')")
            at += width + GAP

    def _shown(self) -> list[str]:
        """The panes whose names are shown, by id: in a narrow line, without the first ones."""
        panes = list(self._names)
        if self._front in panes:
            before = panes.index(self._front)
            while before and self._width(panes[: before + 1]) > self.content_size.width:
                del panes[0]
                before -= 1
        return panes

    def _width(self, panes: Sequence[str]) -> int:
        return sum(len(self._names[pane]) + GAP for pane in panes) - 1

    def _drawn(self, pane: str, name: str) -> Content:
        if pane == self._front:
            return Content.styled(f"▸{name}", "bold $state-text on $state-row")
        return Content.styled(f" {name}", "$state-past")
