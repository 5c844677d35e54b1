"""Tests that hooks leave tracebacks, attributes and results unchanged, even if a watcher fails."""

import asyncio
import contextlib
import copy
import io
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from typing import Any

import pytest

from asynclab.model import events
from tests.fast_loop import run_fast
from tests.trace.fast_labs import observe


async def attributes() -> list[object]:
    told: list[object] = []
    owners: list[tuple[Any, str]] = [
        (asyncio.Lock(), "_locked"),
        (asyncio.Event(), "_value"),
        (asyncio.Semaphore(2), "_value"),
        (asyncio.Condition(), "_waiters"),
        (asyncio.Barrier(2), "_count"),
        (asyncio.Queue(), "_unfinished_tasks"),
    ]
    for owner, name in owners:
        told.append(sorted(vars(owner)))
        told.append(vars(copy.copy(owner)).keys() == vars(owner).keys())
        delattr(owner, name)
        told.append((hasattr(owner, name), name in vars(owner)))
        for act in (getattr, delattr, lambda owner, _: repr(owner)):
            try:
                act(owner, name)
            except AttributeError as error:
                told.append((error.name, error.obj is owner, str(error)))
    event = pickle.loads(pickle.dumps(asyncio.Event()))
    event.set()
    told.append(event.is_set())
    return told


def test_the_attributes_of_primitives_are_ordinary_ones() -> None:
    assert observe(attributes).ending.value == run_fast(attributes())


class SlottedEvent(asyncio.Event):
    """Keeps its value in a slot of its own."""

    __slots__ = ("_value",)


class ConstantLock(asyncio.Lock):
    """Has a value of its own on the class."""

    _locked = False


class UniqueQueue(asyncio.Queue[Any]):
    """Keeps its items in a set, and does some things itself."""

    def _init(self, maxsize: int) -> None:
        self._queue: Any = set()

    def _put(self, item: object) -> None:
        self._queue.add(item)

    def _get(self) -> object:
        return self._queue.pop()

    def put_nowait(self, item: object) -> None:
        super().put_nowait(item)

    def _wakeup_next(self, waiters: Any) -> None:
        super()._wakeup_next(waiters)  # type: ignore[misc]


class Uncallable:
    """A value whose comparison is somebody's code."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    __hash__ = None  # type: ignore[assignment]


def test_descendants_of_primitives_with_ways_of_their_own_go_on_working() -> None:
    async def main() -> list[object]:
        event, lock, queue = SlottedEvent(), ConstantLock(), UniqueQueue()
        event.set()
        async with lock:
            queue.put_nowait("a")
        semaphore = asyncio.Semaphore(1)
        semaphore._value = Uncallable()  # type: ignore[assignment]
        semaphore._value = Uncallable()  # type: ignore[assignment]
        return [event.is_set(), lock.locked(), await queue.get()]

    seen = observe(main)
    assert seen.ending.value == [True, False, "a"]
    assert [event.item for event in seen.of(events.QueueGot)] == ["'a'"]
    assert seen.of(events.Warned) == []


def test_a_wake_up_that_a_cancelled_getter_passes_on_is_no_put() -> None:
    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        first, second = (asyncio.create_task(queue.get()) for _ in range(2))
        await asyncio.sleep(0)
        queue.put_nowait(1)
        first.cancel()
        await asyncio.wait([first, second])

    seen = observe(main)
    assert (len(seen.of(events.QueuePut)), len(seen.of(events.QueueGot))) == (1, 1)


def test_a_wake_up_that_a_cancelled_waiter_passes_on_is_no_notification() -> None:
    async def main() -> None:
        condition = asyncio.Condition()

        async def waits() -> None:
            async with condition:
                await condition.wait()

        waiters = [asyncio.create_task(waits()) for _ in range(2)]
        await asyncio.sleep(0)
        async with condition:
            condition.notify()
        waiters[0].cancel()
        await asyncio.sleep(0)
        waiters[1].cancel()
        await asyncio.wait(waiters)

    assert [event.count for event in observe(main).of(events.ConditionNotified)] == [1]


def test_only_a_task_done_that_counts_is_told() -> None:
    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        queue.put_nowait(1)
        queue.task_done()
        with pytest.raises(ValueError, match="too many times"):
            queue.task_done()
        if sys.version_info >= (3, 13):
            queue.shutdown(immediate=True)

    assert [event.unfinished for event in observe(main).of(events.QueueTaskDone)] == [0]


def test_what_a_queue_and_a_barrier_are_made_of_is_not_shown() -> None:
    async def main() -> None:
        asyncio.Queue[int]()
        asyncio.Barrier(2)

    seen = observe(main)
    assert len(seen.of(events.QueueCreated)) == 1
    assert [(event.kind, event.number) for event in seen.of(events.PrimitiveCreated)] == [("barrier", 1)]
    assert seen.of(events.PrimitiveChanged) == []


async def looks_at_stdout() -> list[object]:
    return [
        isinstance(sys.stdout, io.TextIOBase),
        type(sys.stdout).__name__,
        sys.stdout.encoding,
        sys.stdout.writable(),
    ]


def test_the_standard_streams_stay_what_they_are() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "latin-1")

    async def main() -> bool:
        return sys.stdout is stream

    with contextlib.redirect_stdout(stream):
        assert observe(main).ending.value is True
        assert observe(looks_at_stdout).ending.value == run_fast(looks_at_stdout())
    assert vars(stream).keys() <= {"mode"}
    assert "write" not in vars(stream.buffer)


def test_bytes_are_told_as_text_even_where_a_character_is_split() -> None:
    async def main() -> None:
        for byte in "é€\n".encode():
            assert sys.stdout.buffer.write(bytes([byte])) == 1
        sys.stdout.buffer.flush()

    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8")):
        assert "".join(event.text for event in observe(main).of(events.Output)) == "é€\n"


def test_an_echoed_text_is_told_once_although_the_stream_hands_it_to_its_buffer() -> None:
    async def main() -> None:
        print("text", flush=True)
        sys.stdout.buffer.write(b"bytes\n")
        sys.stdout.writelines(["a", "b\n"])

    stream = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n")
    with contextlib.redirect_stdout(stream):
        seen = observe(main, echo=True)
        stream.flush()
    assert "".join(event.text for event in seen.of(events.Output)) == "text\nbytes\nab\n"
    assert stream.buffer.getvalue() == b"text\nbytes\nab\n"


def test_what_waits_in_a_stream_from_before_is_not_the_labs() -> None:
    async def main() -> None:
        sys.stdout.flush()

    stream = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n")
    with contextlib.redirect_stdout(stream):
        print("before")
        assert observe(main).of(events.Output) == []
    assert stream.buffer.getvalue() == b"before\n"


class Slotted:
    """A stand-in for stdout that takes no attributes."""

    __slots__ = ("texts",)

    def __init__(self) -> None:
        self.texts: list[str] = []

    def write(self, text: str) -> int:
        self.texts.append(text)
        return len(text)


def test_a_stream_that_takes_no_attributes_is_stood_in_for() -> None:
    async def main() -> None:
        print("inside")

    stream = Slotted()
    with contextlib.redirect_stdout(stream):  # type: ignore[type-var]
        seen = observe(main)
        assert sys.stdout is stream
        print("outside")
    assert [event.text for event in seen.of(events.Output)] == ["inside\n"]
    assert "".join(stream.texts) == "outside\n"


def run_alone(script: str, *options: str) -> tuple[str, str]:
    """What a script prints on its standard output and error, run by an interpreter of its own."""
    command = [sys.executable, *options, "-c", textwrap.dedent(script)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return finished.stdout, finished.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
def test_a_forked_child_prints_where_its_parent_would_and_is_not_observed() -> None:
    script = """
        import asyncio, os, sys, warnings
        from asynclab.trace import Lab
        warnings.simplefilter("ignore")

        async def in_child():
            queue = asyncio.Queue()
            await queue.put(1)
            print("child's own loop", type(vars(asyncio.Queue)["_wakeup_next"]).__name__)

        async def main():
            pid = os.fork()
            if not pid:
                asyncio.events._set_running_loop(None)
                print("child", "write" in vars(sys.stdout))
                asyncio.run(in_child())
                sys.stdout.flush()
                os._exit(0)
            os.waitpid(pid, 0)
            print("parent")

        async def observe():
            async with Lab() as lab:
                await lab.run(main)
            return [line.text for line in lab.state.activity if line.kind == "printed"], list(lab.state.queues)

        print(asyncio.run(observe()))
    """
    assert run_alone(script) == ("child False\nchild's own loop function\n(['“parent”'], [])\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
def test_the_loops_of_a_child_are_not_observed_whatever_another_thread_did_at_the_fork() -> None:
    script = """
        import asyncio, os
        from asynclab.trace.process import observe_process

        async def main():
            await asyncio.sleep(0)

        observation = observe_process()
        observation._lock.acquire()  # as a thread that has just made the first loop of a kind
        child = os.fork()
        if not child:
            asyncio.run(main())
            os._exit(7 + len(observation.recorders))
        observation._lock.release()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        asyncio.run(main())
        print(len(observation.recorders))
    """
    assert run_alone(script) == ("7\n1\n", "")


WARNS = """
    import asyncio, sys, warnings
    from asynclab.model.events import Warned, Output
    from asynclab.trace import Lab

    async def forgotten(): pass

    def show(message, category, filename, lineno, file=None, line=None):
        told.append((str(message), category.__name__, filename, lineno))

    def unraisable(problem):
        import traceback
        told.append((repr(problem.exc_value), [frame.name for frame in traceback.extract_tb(problem.exc_traceback)]))

    async def shows():
        warnings.showwarning = show
        forgotten()
        warnings.showwarning = warnings._showwarning_orig

    async def records():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            forgotten()
        told.extend((str(each.message), each.filename, each.lineno) for each in caught)

    async def ignores():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            forgotten()
        told.append(len(caught))

    async def filters_by_place():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.filterwarnings("always", module="__main__")
            forgotten()
        told.append(len(caught))

    async def raises():
        sys.unraisablehook = unraisable
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            forgotten()
        sys.unraisablehook = sys.__unraisablehook__

    async def observed(main):
        async with Lab(watch=False) as lab:
            lab.subscribe(events.extend)
            await lab.run(main)

    warnings.simplefilter("always")
    events, different = [], []
    for main in (shows, records, ignores, filters_by_place, raises):
        told = []
        asyncio.run(main())
        plain, told = told, []
        asyncio.run(observed(main))
        assert plain, main
        if told != plain:
            different.append((main.__name__, plain, told))
    print(different, len([event for event in events if isinstance(event, Warned)]))
"""


def test_a_programs_own_filters_and_handlers_of_warnings_are_obeyed() -> None:
    assert run_alone(WARNS) == ("[] 5\n", "")


def test_a_warning_that_a_lab_tells_does_not_reach_the_screen_of_the_app() -> None:
    script = """
        import asyncio
        from asynclab.model.events import Output, Warned
        from asynclab.trace import Lab

        async def forgotten(): pass

        async def main():
            forgotten()

        async def observe(echo):
            events = []
            async with Lab(watch=False, echo=echo) as lab:
                lab.subscribe(events.extend)
                await lab.run(main)
            print([type(event).__name__ for event in events if isinstance(event, Output | Warned)])

        asyncio.run(observe(False))
        asyncio.run(observe(True))
    """
    stdout, stderr = run_alone(script, "-W", "always")
    assert stdout.splitlines() == ["['Warned']", "['Warned', 'Output']"]
    assert stderr.count("never awaited") == 1


def test_a_thread_of_a_lab_prints_for_it_whatever_context_the_thread_runs_in() -> None:
    async def main() -> None:
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        while thread.is_alive():  # noqa: ASYNC110 - nothing tells the loop of its end
            await asyncio.sleep(0.01)

    assert [event.text for event in observe(main).of(events.Output)] == ["from a thread\n"]


def test_a_thread_of_a_pool_is_everybodys_even_where_threads_inherit_their_context() -> None:
    if sys.version_info < (3, 14):
        pytest.skip("threads inherit no context before Python 3.14")
    script = """
        import asyncio, concurrent.futures
        from asynclab.trace import Lab

        async def main(pool):
            pool.submit(int).result()

        async def observe(pool):
            async with Lab(watch=False) as lab:
                await lab.run(main, pool)
                pool.submit(print, "outside").result()

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asyncio.run(observe(pool))
    """
    assert run_alone(script, "-X", "thread_inherit_context=1")[0] == "outside\n"
