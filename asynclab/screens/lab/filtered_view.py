"""A view with a field to filter its lines."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from asynclab.widgets.line_view import LineView


class Filtered(Vertical):
    """A view, and below it the field for the filter while that is open."""

    DEFAULT_CSS = """
    Filtered {
        & > LineView { height: 1fr; }
        .filter { padding: 0 1; color: $state-text; background: $state-row; }
    }
    """

    def __init__(self, view: LineView, noun: str, use: Callable[[str], object], *, id: str) -> None:
        """Make the pane. `noun` names the lines in the plural. `use` is called with the text that they must contain."""
        super().__init__(id=id)
        self._view, self._noun, self._use = view, noun, use

    @property
    def is_filtering(self) -> bool:
        """Whether the filter is open."""
        return bool(self.query(".filter"))

    @property
    def is_typing(self) -> bool:
        """Whether the filter has the focus."""
        return bool(self.query(".filter:focus"))

    def compose(self) -> ComposeResult:
        yield self._view

    async def open_filter(self) -> None:
        """Open the filter."""
        if not self.is_filtering:
            hint, id = f"show {self._noun} with …", f"{self._view.id}-filter"
            await self.mount(Input(placeholder=hint, id=id, classes="filter", compact=True))
        self.query_one(".filter").focus()

    async def close_filter(self) -> None:
        """Close the filter and show all lines."""
        self._view.focus()
        await self.query(".filter").remove()
        self._use("")

    @on(Input.Changed, ".filter")
    def use_filter(self, event: Input.Changed) -> None:
        """Filter while text is typed."""
        self._use(event.value)

    @on(Input.Submitted, ".filter")
    async def keep_filter(self, event: Input.Submitted) -> None:
        """Give the focus back to the view. An empty filter is closed."""
        self._view.focus()
        if not event.value:
            await self.close_filter()
