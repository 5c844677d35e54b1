"""No import goes in a circle, those for the type checker included: whoever reads a file knows where to begin."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph("asynclab", cache_dir=None)
    imported = {name: graph.find_modules_directly_imported_by(name) & graph.modules for name in graph.modules}
    assert len(imported) > 100
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        pytest.fail(f"imports go in a circle: {' <- '.join(error.args[1])}")
