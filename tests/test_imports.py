"""No import goes in a circle, those for the type checker included: whoever reads a file knows where to begin."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

ROOMS = ("asynclab.model", "asynclab.curriculum", "asynclab.trace")
"""The packages that are looked at, each with all that lies in it."""


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_imports_itself_by_way_of_others(room: str) -> None:
    graph = grimp.build_graph("asynclab", cache_dir=None)
    modules = {name for name in graph.modules if name == room or name.startswith(f"{room}.")}
    assert len(modules) > 1
    imported = {name: graph.find_modules_directly_imported_by(name) & modules for name in modules}
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        pytest.fail(f"imports go in a circle: {' <- '.join(error.args[1])}")
