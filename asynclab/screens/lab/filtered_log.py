"""The activity with its filter."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one
from textual.widgets import Input

from asynclab.widgets.activity_log import ActivityLog


class FilteredLog(Vertical):
    """The activity; below it, while it is filtered, a line in which the filter is typed."""

    DEFAULT_CSS = """
    FilteredLog {
        #activity { height: 1fr; }
        #filter { padding: 0 1; color: $state-text; background: $state-row; }
    }
    """

    activity = query_one(ActivityLog)

    @property
    def is_filtering(self) -> bool:
        """Whether the filter is open."""
        return bool(self.query("#filter"))

    @property
    def is_typing(self) -> bool:
        """Whether the filter has the focus."""
        return bool(self.query("#filter:focus"))

    def compose(self) -> ComposeResult:
        """The activity alone."""
        yield ActivityLog(id="activity")

    async def open_filter(self) -> None:
        """Open the line in which the filter is typed."""
        if not self.is_filtering:
            await self.mount(Input(placeholder="show lines with …", id="filter", compact=True))
        self.query_one("#filter").focus()

    async def close_filter(self) -> None:
        """Close the filter and show all activity."""
        self.activity.focus()
        await self.query("#filter").remove()
        self.activity.set_filter("")

    @on(Input.Changed, "#filter")
    def use_filter(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.activity.set_filter(event.value)

    @on(Input.Submitted, "#filter")
    async def keep_filter(self) -> None:
        """Go back to the activity; an empty filter is closed."""
        self.activity.focus()
        if not self.activity.filter_text:
            await self.close_filter()
