"""What a screen asks of the app that it is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynclab.curriculum.catalogue import Demo
    from asynclab.model.source import Source
    from asynclab.screens.runs import Runs


class Monitor(Protocol):
    """Measures how late the loop is."""

    @property
    def lags(self) -> Sequence[float]:
        """The last measurements in seconds, newest last."""


class Host(Protocol):
    """The app, as its screens know it."""

    first: Demo | None
    """What the command line asked for."""
    starts_instantly: bool
    """Whether that starts without real waiting."""
    monitor: Monitor | None
    """Measures how late the loop is; None before it does."""

    @property
    def runs(self) -> Runs:
        """All demos' runs."""

    @property
    def sources(self) -> list[Source]:
        """What runs now, on whichever screen."""

    def tell(self, text: str, *, is_problem: bool = False) -> None:
        """Show a short notice; the text is never read as markup."""

    def begin_to_measure(self) -> None:
        """Measure from now on how late the loop is."""
