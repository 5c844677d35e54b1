"""The app, as its screens know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asynclab.model.source import Source
    from asynclab.screens.shared.command import Offer


class Monitor(Protocol):
    """Measures how late the loop is."""

    @property
    def lags(self) -> Sequence[float]:
        """The last measurements in seconds, newest last."""


class AppProtocol(Protocol):
    """The app, as its screens know it."""

    monitor: Monitor | None
    """Measures how late the loop is; None until it is started."""
    latest_event: float
    """When the terminal last had a key, a click or the like, by `time.monotonic()`."""

    @property
    def own_offers(self) -> list[Offer]:
        """The app's own commands."""

    @property
    def tabs(self) -> Mapping[str, str]:
        """The tabs of every screen, and the mode that each stands for."""

    @property
    def sources(self) -> list[Source]:
        """The sources of everything that runs, on any screen: of a program, each of its loops."""

    @property
    def run_count(self) -> int:
        """How many demos, fetches and programs run."""

    def tell(self, text: str, *, is_problem: bool = False) -> None:
        """Show a short notice; the text is not parsed as markup."""

    def begin_to_measure(self) -> None:
        """Start to measure how late the loop is."""
