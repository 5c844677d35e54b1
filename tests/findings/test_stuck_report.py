"""Tests the report of a standstill: what each task waits for, who holds that, and the kind of standstill."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from asynclab.findings.stuck_report import standstill, stuck_json, stuck_lines
from asynclab.model import events
from asynclab.model.event_feed import EventFeed
from asynclab.model.state import LabState
from tests.golden_files import Golden

DEADLOCK = """
import asyncio, os
print(os.getpid(), flush=True)

async def take(first, second):
    async with first:
        await asyncio.sleep(0)
        async with second:
            pass

async def main():
    a, b = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(take(a, b), take(b, a))

asyncio.run(main())
"""

HANDLES = """
import asyncio, signal

async def main():
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, done.set)
    await done.wait()
    print("handled")

asyncio.run(main())
"""


LAST = ("asynclab:     take-2 ", "asynclab:     main-1            waits for event")
"""How the last line of a report begins."""


def _state(*waits: events.Wait, then: tuple[events.Event, ...] = ()) -> LabState:
    """A loop on which each task waits for something."""
    feed = EventFeed()
    feed.take((events.RunStarted(0.0, "app.py", 0.0, "3.13.0"), events.PrimitiveCreated(0.0, 1, "lock", 1)))
    for number, wait in enumerate(waits, start=1):
        feed.take(_waiting(number, wait))
    feed.take(then)
    return feed.state


def _waiting(task: int, wait: events.Wait, file: str = "", line: int = 0) -> tuple[events.Event, ...]:
    """A task that waits for something."""
    born = events.TaskCreated(0.0, task, f"task-{task}", "work", None, file, line)
    return born, events.StepStarted(0.0, task), events.StepEnded(1.0, task, 0.0), events.TaskWaiting(1.0, task, wait)


def _idle(**wakers: Any) -> tuple[events.Event, ...]:
    return (events.Outside(3.0, **wakers),)


NOW = 4.0
"""The latest heartbeat; the latest event is older."""

EVENT = events.Wait("event", number=1, file="app.py", line=3)
PAUSE = events.ClockChanged(2.0, paused=True, speed=1.0, instant=False)

STATES = {
    "nothing": _state(EVENT, then=_idle()),
    "a circle": _state(events.Wait("task", tasks=(2,)), events.Wait("task", tasks=(1,)), then=_idle()),
    "timers": _state(events.Wait("sleep", seconds=5.0, deadline=6.0), then=_idle(timers=1)),
    "io and threads": _state(EVENT, then=_idle(io=1, threads=1)),
    "a free lock": _state(events.Wait("lock", number=1, tasks=(2,)), EVENT, then=_idle(signals=1)),
    "not idle": _state(EVENT),
    "until ctrl+c": _state(EVENT, then=_idle(interrupt=1)),
    "ready": _state(EVENT, EVENT, then=(events.TaskReady(2.0, 1, "callback"),)),
    "paused": _state(EVENT, then=(PAUSE,)),
    "paused with a ready task": _state(EVENT, then=(events.TaskReady(2.0, 1, "callback"), PAUSE)),
    "the end": _state(EVENT, then=(events.RunEnded(5.0, "failed", "killed by SIGKILL", (1,)),)),
    "many": _state(*[EVENT] * 10_000, then=_idle(processes=1)),
    "a circle through a shield": _state(
        events.Wait("shield", tasks=(2,)), events.Wait("task", tasks=(1,)), then=_idle()
    ),
    "groups": _state(
        events.Wait("gather", tasks=(2, 3), count=3), EVENT, events.Wait("as_completed", tasks=(2,), count=1)
    ),
    "permits": _state(
        then=(
            events.PrimitiveCreated(0.0, 2, "semaphore", 1, 1),
            *_waiting(1, EVENT),
            events.StepStarted(1.5, 1),
            events.PrimitiveChanged(1.5, 2, 0, task=1, taker=1),
            *_waiting(2, events.Wait("semaphore", number=1)),
        ),
    ),
    "queues": _state(
        EVENT,
        then=(
            events.QueueCreated(1.0, 1, "Queue", 1),
            events.QueuePut(1.0, 1, "'item'", 1, 1, task=1),
            events.QueueGot(1.0, 1, "'item'", 0, 1, task=1),
            *_waiting(2, events.Wait("queue.get", number=1)),
            *_waiting(3, events.Wait("queue.join", number=1)),
        ),
    ),
    "a queue with one taker": _state(
        EVENT,
        then=(
            events.QueueCreated(1.0, 1, "Queue", 1),
            events.QueuePut(1.0, 1, "'item'", 1, 1, task=1),
            events.QueueGot(1.0, 1, "'item'", 0, 1, task=2),
            *_waiting(2, events.Wait("queue.get", number=1)),
            *_waiting(3, events.Wait("queue.get", number=1)),
        ),
    ),
    "its own lock": _state(
        then=(
            *_waiting(1, EVENT),
            events.StepStarted(1.5, 1),
            events.PrimitiveChanged(1.5, 1, 1, task=1),
            events.StepEnded(1.5, 1, 0.0),
            events.TaskWaiting(1.5, 1, events.Wait("lock", number=1, tasks=(1,))),
        ),
    ),
    "a full queue": _state(
        EVENT,
        then=(
            events.QueueCreated(1.0, 1, "Queue", 1),
            events.QueueGot(1.0, 1, "'item'", 0, 0, task=1),
            *_waiting(2, events.Wait("queue.put", number=1)),
        ),
    ),
    "a pool": _state(
        EVENT,
        then=(
            events.QueueCreated(1.0, 1, "Queue", 1),
            events.QueuePut(1.0, 1, "'item'", 1, 1),
            events.QueueGot(1.0, 1, "'item'", 0, 1, task=1),
            events.QueuePut(1.0, 1, "'item'", 1, 2, task=1),
            events.QueueGot(1.0, 1, "'item'", 0, 2, task=1),
            *_waiting(2, events.Wait("queue.get", number=1)),
        ),
    ),
    "a timeout": _state(EVENT, then=(events.TimeoutStarted(1.0, 1, 9.0, task=1), *_idle(timers=1))),
    "made here, waits elsewhere": _state(then=tuple(_waiting(1, events.Wait("barrier", number=1), "app.py", 9))),
}


def test_the_sentences(golden: Golden) -> None:
    golden.check_passages("stuck", ((title, stuck_lines(state, NOW)) for title, state in STATES.items()))


def test_the_kinds() -> None:
    kinds = [standstill(state, NOW).kind for state in STATES.values()]

    assert kinds[:7] == ["nothing-can-wake", "deadlock", "timers", "outside", "outside", "none", "outside"]
    assert set(kinds[7:11]) == {"none"}


def test_a_blocked_loop_names_task_file_and_line() -> None:
    blocked = events.LoopBlocked(3.0, 1, 1.0, "/src/app.py", 7, "work")
    said = standstill(_state(EVENT, then=(events.StepStarted(2.0, 1), blocked)), NOW)

    assert said.kind == "blocked"
    assert "app.py:7" in said.text


def test_a_lock_that_changed_hands_names_no_former_holder() -> None:
    (waits, _) = stuck_json(STATES["a free lock"], NOW)["tasks"]

    assert waits["waits_for_tasks"] == []


def test_one_program_that_stands_still_is_reported_on_each_occasion(tmp_path: Path) -> None:
    with _run(tmp_path, DEADLOCK, "--stuck", "0.5", "--json", str(tmp_path / "report")) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        program = int(running.stdout.readline())
        by_itself = _report(running.stderr)
        os.kill(program, signal.SIGUSR1)
        asked_of_it = _report(running.stderr)
        running.send_signal(signal.SIGUSR1)
        asked = _report(running.stderr)
        os.killpg(running.pid, signal.SIGINT)
        at_end = running.stderr.read()

    assert running.returncode == -signal.SIGINT
    for report in (by_itself, asked_of_it, asked, at_end):
        assert "deadlock: 'take-" in report
        assert report.count("held by 'take-") >= 2
    assert "loop 1" not in at_end  # it has no other
    stuck = json.loads((tmp_path / "report").read_text(encoding="utf-8"))["stuck"]
    assert [report["why"] for report in stuck] == ["still", "SIGUSR1", "SIGUSR1", "interrupt"]
    assert {report["loops"][0]["standstill"]["kind"] for report in stuck} == {"deadlock"}


def test_a_program_still_gets_the_signal_that_it_handles(tmp_path: Path) -> None:
    with _run(tmp_path, HANDLES, "--stuck", "0.1") as running:
        assert running.stderr is not None
        _report(running.stderr)
        running.send_signal(signal.SIGUSR1)
        printed, said = running.communicate()

    assert printed == "handled\n"
    assert "main-1" in said
    assert running.returncode == 0


def _run(folder: Path, text: str, *options: str) -> subprocess.Popen[str]:
    script = folder / "app.py"
    script.write_text(text, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "asynclab", "run", "--headless", *options, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _report(lines: IO[str]) -> str:
    """One report, up to the line of its last task."""
    said = ""
    for line in lines:
        said += line
        if line.startswith(LAST):
            break
    return said
