"""The list of the demos, each with how its run stands."""

from __future__ import annotations

from collections.abc import Iterable

from asynclab.screens.runs import Run
from asynclab.widgets.demo_list import DemoList, DemoRow


class RunList(DemoList):
    """The demos and their runs."""

    def show_runs(self, runs: Iterable[Run]) -> None:
        """Show how these runs stand; repaints only the lines that look different."""
        self.show_rows([_row_of(run) for run in runs])


def _row_of(run: Run) -> DemoRow:
    standing = run.standing()
    return DemoRow(run.demo.key, run.demo.name, run.demo.section, standing.state, standing.note)
