"""Tests that caches which keep coroutines are found, also if they are made late."""

import functools
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from asynclab.trace.mishaps.misuses import CachedCoroutines

RECORDER: Any = SimpleNamespace(code=SimpleNamespace(owns="own.py".__eq__), clock=SimpleNamespace(now=lambda: 1.5))
MAKE = """
@functools.cache
async def load(key):
    return key
load("a").close()
load("a")
"""


def module_named(name: str, file: str, patch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType(name)
    made.__dict__.update(__file__=file, functools=functools)
    patch.setitem(sys.modules, name, made)
    return made


def found_by(caches: CachedCoroutines) -> list[tuple[str, int, str, int]]:
    return [(each.function, each.times, each.file, each.line) for each in caches.found(RECORDER)]


@pytest.mark.parametrize(("name", "calls"), [("shop", 1), ("__main__", 3)])
def test_a_module_is_searched_again_after_it_has_grown_and_a_script_always(
    name: str, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, caches = module_named(name, "own.py", monkeypatch), CachedCoroutines()
    for _ in range(calls):
        assert found_by(caches) == []
    exec(compile(MAKE, "own.py", "exec"), vars(module))
    assert found_by(caches) == [("load", 1, "own.py", 2)]
    assert found_by(caches) == [], "it was told of"


def test_coroutines_are_told_of_once_a_cache_gives_them_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    module, caches = module_named("shop", "own.py", monkeypatch), CachedCoroutines()
    exec(compile(MAKE.rsplit("load", 1)[0], "own.py", "exec"), vars(module))
    for _ in range(3):
        assert found_by(caches) == []
    module.load("a")
    assert len(found_by(caches)) == 1


def test_nothing_is_said_of_caches_of_other_functions_or_of_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    own, library = module_named("shop", "own.py", monkeypatch), module_named("kit", "kit.py", monkeypatch)
    exec(compile(MAKE, "kit.py", "exec"), vars(library))
    exec(compile(MAKE.replace("async def", "def").replace(".close()", ""), "own.py", "exec"), vars(own))
    assert found_by(CachedCoroutines()) == []
