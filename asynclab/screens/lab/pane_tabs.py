"""Tabs for the panes, where one shows at a time."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.events import Click
from textual.widget import Widget


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
        """The names of the panes."""
        return Content(" ").join([self._drawn(pane, name) for pane, name in self._names.items()])

    async def on_click(self, event: Click) -> None:
        """Bring the pane that was clicked to the front."""
        offset = event.get_content_offset(self)
        at = 0
        for pane, name in self._names.items() if offset is not None else ():
            if offset is not None and at <= offset.x <= at + len(name):
                await self.run_action(f"screen.show_pane('{pane}')")
            at += len(name) + 2

    def _drawn(self, pane: str, name: str) -> Content:
        if pane == self._front:
            return Content.styled(f"▸{name}", "bold $state-text on $state-row")
        return Content.styled(f" {name}", "$state-past")
