"""Tests `asynclab run --headless`: its report, its recording, and that it doesn't hinder the program."""

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from asynclab.cli.run_report import LOOPS_KEPT, LOOPS_LISTED, Report
from asynclab.model.events import CoroutineDropped, Output, TaskCreated, TaskWaiting
from asynclab.remote import child_watch
from asynclab.remote.interpreter import HOOK
from asynclab.remote.launch import Target
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import RecordingReader, SourceText
from asynclab.remote.wire import AnyFrame, LoopClosed, LoopEvents, LoopOpened, ProgramEnded, ProgramStarted
from tests.remote.programs import ROOT, observed, plainly

APP = """
import asyncio, time

async def blocks():
    time.sleep(0.15)

async def main():
    queue, lock = asyncio.Queue(), asyncio.Lock()
    async with lock:
        held = asyncio.create_task(lock.acquire(), name="wants the lock")
        getter = asyncio.create_task(queue.get(), name="getter")
        await asyncio.create_task(blocks(), name="blocker")
        await asyncio.sleep(0.12)
    getter.cancel()
    print("printed")
    loop = asyncio.get_running_loop()
    forgotten = loop.create_task(asyncio.Event().wait(), name="forgotten")
    await asyncio.sleep(0)
    loop.stop()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

loop = asyncio.new_event_loop()
task = loop.create_task(main())
loop.run_forever()
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = tmp_path_factory.mktemp("app") / "app.py"
    script.write_text(APP)
    return script


def test_the_report_says_what_the_tasks_did(app: Path) -> None:
    first, *report = observed(str(app)).report
    assert first.startswith("app.py ran ")
    assert first.endswith(" s: exit code 0")
    text = "\n".join(report)
    assert "  tasks     5: 2 done, 1 cancelled, 2 never ended" in text
    assert "blocker           in blocks  app.py:5" in text
    headings = [line.strip() for line in report if line.startswith("  ") and not line.startswith("   ")]
    assert [heading for heading in headings if not heading.startswith(("tasks", "time"))] == [
        "blocked the loop",
        "slowest steps",
        "longest waits",
        "never ended",
    ]
    slowest = report[report.index("  slowest steps") + 1]
    assert slowest.split() == [*slowest.split()[:2], "blocker", "app.py:5"]
    waits = "\n".join(report[report.index("  longest waits") :])
    assert "wants the lock" in waits
    assert "waits for lock#1 held by main-1" in waits
    assert report[-1].endswith("forgotten         waits for event#1")


def test_the_report_as_json_has_the_same_in_it(app: Path, tmp_path: Path) -> None:
    ran = observed("--json", str(tmp_path / "report.json"), str(app))
    assert ran.report == ()
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["name"], report["exit_code"], report["python"]) == ("app.py", 0, sys.version.split()[0])
    (loop,) = report["loops"]
    assert {word: count for word, count in loop["tasks"].items() if count} == {
        "made": 5, "done": 2, "cancelled": 1, "ready": 1, "waiting": 1,
    }  # fmt: skip
    assert loop["blocked"][0]["task"] == "blocker"
    assert (loop["blocked"][0]["file"], loop["blocked"][0]["line"]) == (str(app), 5)
    assert "waits for lock#1 held by main-1" in [waited["wait"] for waited in loop["longest_waits"]]
    assert {task["task"] for task in loop["never_ended"]} == {"main-1", "forgotten"}
    printed = observed("--json", "-", str(app)).out
    assert printed.startswith("printed\n{")


def test_a_program_without_asyncio_runs_and_one_line_says_so() -> None:
    ran = observed("-c", "print('no loop')")
    assert ran.out == "no loop\n"
    assert ran.report[1:] == ("it ran no asyncio task; processes that it started are not observed",)


def test_what_is_heard_last_does_not_end_the_time_of_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be killed, or replace itself by another one, of which nothing is heard."""
    monkeypatch.setattr(child_watch, "time", SimpleNamespace(monotonic=itertools.count(step=100.0).__next__))
    frames: list[AnyFrame] = []
    child_watch.run_watched(
        Target(("-c", "import os, sys; os.execv(sys.executable, ['python', '-c', ''])")), frames.append
    )
    (ended,) = (frame for frame in frames if isinstance(frame, ProgramEnded))
    assert ended.at >= 100


def test_headless_may_be_said() -> None:
    assert observed("--headless", "-c", "print(1)", "--headless").out == "1\n"


def test_several_loops_are_told_apart() -> None:
    code = "import asyncio\nfor _ in range({}): asyncio.run(asyncio.sleep(0))"
    assert [line for line in observed("-c", code.format(2)).report if line.startswith("loop")] == [
        "loop 1 (_UnixSelectorEventLoop)",
        "loop 2 (_UnixSelectorEventLoop)",
    ]
    assert observed("-c", code.format(13)).report[-1] == "and 3 more loops"


def test_of_very_many_loops_those_with_findings_are_kept_and_then_those_with_the_most_tasks() -> None:
    program = ObservedProgram()
    report = Report(program)
    program.take(ProgramStarted("app.py", "3.13.0", 1, 0.0))
    for number in range(1, 3 * LOOPS_KEPT):
        at = float(number)
        born = [TaskCreated(at, task, "", "work") for task in range(1 + (number == 8))]
        lost = [CoroutineDropped(at, "work", "app.py", 9)] if number == 7 else []
        program.take(LoopOpened(number, "Loop", at))
        program.take(LoopEvents(number, (*born, *lost)))
        program.take(LoopClosed(number, at))
    program.take(ProgramEnded(1000.0, 0))
    assert len(program.loops) <= LOOPS_KEPT + 1
    lines = list(report.lines())
    assert [line for line in lines if line.startswith("loop")][:2] == ["loop 7 (Loop)", "loop 8 (Loop)"]
    assert lines[-1] == f"and {3 * LOOPS_KEPT - 1 - LOOPS_LISTED} more loops"
    assert report.as_json()["loops_left_out"] == 3 * LOOPS_KEPT - 1 - len(program.loops)


def test_a_recording_has_all_of_it_and_the_source(app: Path, tmp_path: Path) -> None:
    kept = tmp_path / "run.asynclab"
    observed("--record", str(kept), str(app), "--password", "x")
    reader = RecordingReader(kept)
    lines = list(reader.lines())
    assert not reader.is_cut
    assert reader.header.command == ("app.py", "--password", "x")
    events = [event for line in lines if isinstance(line, LoopEvents) for event in line.events]
    assert [event.text for event in events if isinstance(event, Output)] == ["printed\n"]
    assert {event.wait.kind for event in events if isinstance(event, TaskWaiting)} >= {"lock", "queue.get", "event"}
    assert [line for line in lines if isinstance(line, SourceText)] == [SourceText(str(app), APP)]
    (ended,) = (line for line in lines if isinstance(line, ProgramEnded))
    assert ended.code == 0
    observed("--record", str(kept), "--no-source", str(app))
    assert not any(isinstance(line, SourceText) for line in RecordingReader(kept).lines())


def test_a_recording_says_what_was_run(tmp_path: Path) -> None:
    code = "print('a/b')"
    for command in (("-X", "dev", "-c", code, "x/y"), ("-mplatform",)):
        assert observed("--record", str(tmp_path / "run"), *command).code == 0
        with RecordingReader(tmp_path / "run") as reader:
            assert reader.header.command == command


def test_what_was_printed_just_before_the_end_is_in_the_recording(tmp_path: Path) -> None:
    for last in ("os._exit(0)", "os.abort()", "os.execv(sys.executable, [sys.executable, '-c', ''])"):
        kept = tmp_path / "run.asynclab"
        code = f"import asyncio, os, sys\nasync def main():\n print('last words')\n {last}\nasyncio.run(main())"
        observed("--record", str(kept), "-c", code)
        events = [
            event for line in RecordingReader(kept).lines() if isinstance(line, LoopEvents) for event in line.events
        ]
        assert "last words\n" in [event.text for event in events if isinstance(event, Output)], last


def test_a_full_disk_ends_the_recording_and_not_the_program(tmp_path: Path) -> None:
    limited = (
        "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300));"
        "os.execv(sys.executable, [sys.executable, '-m', 'asynclab', 'run', *sys.argv[1:]])"
    )
    code = "import asyncio; asyncio.run(asyncio.sleep(0)); print('ran')"
    ran = plainly("-c", limited, "--record", str(tmp_path / "r"), "-c", code)
    assert (ran.code, ran.out) == (1, "ran\n")
    assert ran.report[0] == "the recording ends here: File too large"
    assert ran.err == ""


USAGE: dict[tuple[str, ...], str] = {
    (): "nothing to run: try 'asynclab run app.py'",
    ("no.where",): "there is no file no.where; for a module try 'asynclab run -m no.where'",
    ("-m",): "-m needs a module after it",
    ("-c",): "-c needs the code after it",
    ("--nothing", "app.py"): "No such option",
    ("--record", "/dev/full", "-c", "print('ran')"): "can't write '/dev/full': No space left on device",
    **{
        (option, f"{form}/nowhere/at/all", "-c", "print('ran')"): "can't write '/nowhere/at/all': No such file"
        for option, form in {"--record": "", "--json": "", "--perfetto": "", "--findings": "sarif:"}.items()
    },
}


@pytest.mark.parametrize("name", ["nowhere.py", "../nowhere", "no-where"])
def test_what_is_no_name_of_a_module_is_not_taken_for_one(name: str) -> None:
    assert observed(name).report == (f"there is no file {name}",)


@pytest.mark.parametrize("args", USAGE, ids=" ".join)
def test_what_cant_be_run_is_said_in_one_line(args: tuple[str, ...]) -> None:
    ran = observed(*args)
    assert ran.code in (1, 2)
    assert (ran.out, ran.err) == ("", "")
    (line,) = ran.report
    assert USAGE[args] in line


def test_findings_that_can_not_be_written_at_the_end_take_no_other_file_with_them(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    files = ("--record", "kept.rec", "--perfetto", "kept.json", "--findings", "json:gone/findings.json")
    ran = observed(*files, "-c", "import shutil; shutil.rmtree('gone')", folder=tmp_path)
    assert (ran.code, ran.report[-1]) == (1, "can't write 'gone/findings.json': No such file or directory")
    assert {path.name for path in tmp_path.iterdir()} == {"kept.rec", "kept.json"}


def test_a_program_outlives_an_asynclab_that_is_killed(tmp_path: Path) -> None:
    done = tmp_path / "done"
    script = tmp_path / "goes_on.py"
    script.write_text(
        "import asyncio, os, pathlib, signal, sys\n"
        "async def main():\n"
        "    os.kill(os.getppid(), signal.SIGKILL)\n"
        "    while os.getppid() == int(sys.argv[1]):\n"
        "        await asyncio.sleep(0)\n"
        "    for _ in range(2_000):\n"
        "        await asyncio.create_task(asyncio.sleep(0))\n"
        f"    pathlib.Path({str(done)!r}).write_text('ended as it would')\n"
        "asyncio.run(main())\n"
    )
    shim = (
        "import os, sys; command = [sys.executable, '-m', 'asynclab', 'run', *sys.argv[1:], str(os.getpid())];"
        "os.execv(sys.executable, command)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", shim, str(script)], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.read()  # ends with the last process that has it: the program
    assert process.returncode == -signal.SIGKILL
    assert done.read_text() == "ended as it would"


def test_a_program_that_cant_be_observed_runs_all_the_same() -> None:
    environment = {
        "PYTHONPATH": f"{HOOK}{os.pathsep}{ROOT}",
        "ASYNCLAB_CHILD_PYTHONPATH": str(ROOT),
        "ASYNCLAB_CHILD_HOME": str(ROOT),
        "ASYNCLAB_CHILD_SOCKET": "99",
        "ASYNCLAB_CHILD_NAME": "app.py",
    }
    asks = "import os, sys; print(os.environ['PYTHONPATH'], 'sitecustomize' in sys.modules)"
    ran = plainly("-c", asks, environment=environment)
    assert ran.alike == plainly("-c", asks).alike  # a Python may have a sitecustomize of its own
    assert ran.report == ("can't observe this program: OSError: [Errno 9] Bad file descriptor",)
