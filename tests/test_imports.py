"""No import goes in a circle, those for the type checker included: whoever reads a file knows where to begin."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

LEFT_OUT: tuple[str, ...] = ("asynclab.trace",)
"""Packages that are not looked at, until their circles are broken."""


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph("asynclab", cache_dir=None)
    modules = {name for name in graph.modules if not f"{name}.".startswith(tuple(f"{room}." for room in LEFT_OUT))}
    assert len(modules) > 100
    imported = {name: graph.find_modules_directly_imported_by(name) & modules for name in modules}
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        pytest.fail(f"imports go in a circle: {' <- '.join(error.args[1])}")
