"""Tests the private names of CPython: missing ones are reported, and only known functions are copied."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from asynclab.errors import UnsupportedPythonError
from asynclab.trace import Lab, cpython
from tests.trace.fast_labs import observe
from tests.trace.test_transparency import snapshot

LACKING = """
import asyncio, asyncio.base_subprocess, click, concurrent.futures.thread, json, msgspec, os, sys, threading, warnings
import asynclab.model.fold  # which knows no asyncio: an import contract says so

def run():
    from asynclab.cli.main import main
    sys.argv = ["asynclab", "demo", "gather", "--headless", "--instant"]
    main()

def in_child(owner, names):
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writes, 2)
        try:
            for name in names:
                delattr(owner, name)
            run()
        except SystemExit as exit:
            code = exit.code
        except BaseException:
            import traceback
            traceback.print_exc()
            code = -1
        sys.stderr.flush()
        os._exit(code)
    os.close(writes)
    with os.fdopen(reads) as errors:
        told = errors.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), told

def owner_of(place):
    module, _, kind = place.rpartition(".")
    return sys.modules.get(place) or getattr(sys.modules[module], kind)

for place, names in json.loads(sys.argv[1]):
    print(json.dumps(in_child(owner_of(place), names)), flush=True)
"""
"""Deletes the names of a place in a process that has imported nothing that needs them, and runs a demo there."""


def test_this_python_lacks_nothing() -> None:
    assert cpython.missing() == []


def test_what_is_missing_is_named() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(asyncio.tasks, "_release_waiter")
        patch.setattr(cpython, "ATTRIBUTES", (("asyncio.Lock", asyncio.Lock.locked, ("_locked", "_waiters")),))
        assert cpython.missing() == ["asyncio.Lock._waiters", "asyncio.tasks._release_waiter"]


def test_a_lab_on_a_python_that_lacks_something_says_what_to_do_and_leaves_all_as_it_was() -> None:
    async def main() -> None:
        before = snapshot()
        with pytest.MonkeyPatch.context() as patch:
            patch.delattr(asyncio.tasks, "_GatheringFuture")
            with pytest.raises(UnsupportedPythonError, match=r"lacks asyncio\.tasks\._GatheringFuture, .* use Python"):
                Lab().start(asyncio.sleep, 1)
        assert snapshot() == before

    asyncio.run(main())


def test_the_command_line_says_in_one_line_which_names_are_missing() -> None:
    # What a type written in C has can't be deleted.
    places = [(place, names) for place, owner, names in cpython.NAMES if owner is not asyncio.Task]
    command = [sys.executable, "-c", LACKING, json.dumps(places)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    for (place, names), line in zip(places, ran.stdout.splitlines(), strict=True):
        code, told = json.loads(line)
        assert (code, told.count("\n")) == (1, 1), told
        assert told.startswith("asynclab: this Python (")
        assert all(f"{place}.{name}" in told for name in names), told


def test_call_soon_is_known() -> None:
    assert cpython.has_known_call_soon()


def test_a_call_soon_that_does_more_is_left_to_do_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    original: Any = asyncio.BaseEventLoop._call_soon  # type: ignore[attr-defined]

    def _call_soon(self: Any, callback: Any, args: Any, context: Any) -> Any:
        calls.append(callback)
        return original(self, callback, args, context)

    monkeypatch.setattr(asyncio.BaseEventLoop, "_call_soon", _call_soon)
    assert not cpython.has_known_call_soon()

    async def main() -> None:
        before = len(calls)
        await asyncio.gather(asyncio.sleep(1), asyncio.sleep(2))
        assert len(calls) > before

    seen = observe(main)
    assert seen.ending.outcome == "done"
    assert [task.state for task in seen.state.tasks.values()] == ["done"] * 3
