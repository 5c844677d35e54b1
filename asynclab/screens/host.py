"""The app, as its screens know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynclab.curriculum.catalogue import Demo
    from asynclab.model.source import Source
    from asynclab.screens.command import Offer
    from asynclab.screens.runs import Runs


class Monitor(Protocol):
    """Measures how late the loop is."""

    @property
    def lags(self) -> Sequence[float]:
        """The last measurements in seconds, newest last."""


class Host(Protocol):
    """The app, as its screens know it."""

    first: Demo | None
    """The demo that the command line asked for."""
    starts_instantly: bool
    """Whether it starts in virtual time, without real waiting."""
    monitor: Monitor | None
    """Measures how late the loop is; None until it is started."""

    @property
    def own_offers(self) -> list[Offer]:
        """The app's own commands."""

    @property
    def runs(self) -> Runs:
        """All demos' runs."""

    @property
    def sources(self) -> list[Source]:
        """The sources of everything that runs, on any screen."""

    def tell(self, text: str, *, is_problem: bool = False) -> None:
        """Show a short notice; the text is not parsed as markup."""

    def begin_to_measure(self) -> None:
        """Start to measure how late the loop is."""
