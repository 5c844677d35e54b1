"""What the title bar of every screen says of the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asynclab.model.tasks import StateWord
    from asynclab.screens.host import Host
    from asynclab.widgets.title_bar import TitleBar

LIVE: tuple[StateWord, ...] = ("ready", "running", "waiting")
"""The states of a task that has not ended."""


def show_meter(title_bar: TitleBar, host: Host) -> None:
    """Show how late the loop is, and how much runs on it, on whichever screen it was started."""
    states = [source.state for source in host.sources]
    live = sum(state.counts.get(word, 0) for state in states for word in LIVE)
    title_bar.show(() if host.monitor is None else host.monitor.lags, len(states), live)
