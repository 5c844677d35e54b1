"""Tests `asynclab attach PID`: it shows a running program, and leaves it as it was, however it ends."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import IO

import pytest
from click.testing import CliRunner

from asynclab.cli import attach_headless, attach_on_screen
from asynclab.cli.main import main
from asynclab.remote import attach_sockets
from asynclab.remote.attach import AttachError, Attachment, attach
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import RecordingReader
from asynclab.remote.remote_control import CommandSender, RemoteControl
from asynclab.remote.wire import LoopEvents
from tests.remote.attachable import AS_IT_WAS, SCRIPT, Program
from tests.remote.programs import ROOT


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    running = Program(tmp_path_factory.mktemp("run"))
    assert running.first == "True"
    yield running
    assert running.end() == 0
    assert not list(socket_folder(running).iterdir())


@pytest.fixture
def runtime(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", program.environment["XDG_RUNTIME_DIR"])


def socket_folder(program: Program) -> Path:
    return Path(program.environment["XDG_RUNTIME_DIR"]) / "asynclab"


def watched(attachment: Attachment, program: ObservedProgram) -> None:
    """Take in frames until all that was there is told."""
    watched_until(attachment, program, lambda: program.is_found)


def watched_until(attachment: Attachment, program: ObservedProgram, happened: Callable[[], object]) -> None:
    """Take in frames until something has happened."""
    while not happened():
        for frame in attachment.frames(None):
            program.take(frame)


def test_the_report_shows_what_is_there_and_what_is_not_known(program: Program, tmp_path: Path) -> None:
    ran = program.asynclab("--seconds", "0.5", "--record", str(tmp_path / "kept"))
    assert (ran.returncode, ran.stderr) == (0, "")
    first, loop, _, *tasks = ran.stdout.splitlines()
    python = sys.version.split()[0]
    assert first.startswith(f"Attached to attachable_program.py (process {program.pid}, Python {python}")
    assert loop.endswith("6 tasks")
    said = {line.strip().split("  ")[0]: line for line in tasks[:6]}
    assert "held by 'other'" in said["one"]
    assert "held by 'one'" in said["other"]
    assert "attachable_program.py:" in said["times out"]
    assert any(line.startswith("Not known from before: who created") for line in tasks)
    assert any("continues as before" in line for line in tasks)
    assert any("6 still there" in line for line in tasks)
    reader = RecordingReader(tmp_path / "kept")
    assert any(isinstance(line, LoopEvents) for line in reader.lines())
    assert not reader.is_cut
    assert program.ask() == AS_IT_WAS


AT_ONCE = """
import asyncio, threading, asynclab
from asynclab.remote.inside import attach_visit
attach_visit.PATIENCE = 0.0

class AtOnce(asyncio.SelectorEventLoop):
    def call_soon_threadsafe(self, callback, *args, context=None):
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        if getattr(callback, "__name__", "") == "_adopt":
            ran = threading.Event()
            super().call_soon_threadsafe(ran.set)
            ran.wait()
        return handle

async def main():
    asynclab.attachable()
    print("ready", flush=True)
    await asyncio.Event().wait()

with asyncio.Runner(loop_factory=AtOnce) as runner:
    runner.run(main())
"""


def test_a_loop_that_answers_at_once_is_not_said_to_be_blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    program = Program(tmp_path, "-c", AT_ONCE)
    try:
        attachment, seen = attach(program.pid), ObservedProgram()
        watched(attachment, seen)
        beat = seen.heartbeat
        watched_until(attachment, seen, lambda: seen.heartbeat is not beat)
        assert seen.unobserved == []
        list(attachment.leave())
    finally:
        program.kill()


STANDS_STILL = """
import asyncio, asynclab

async def takes(lock):
    async with lock:
        await asyncio.Event().wait()

async def main():
    asynclab.attachable()
    lock = asyncio.Lock()
    tasks = [asyncio.create_task(takes(lock)) for _ in range(2)]
    await asyncio.sleep(0)
    print("ready", flush=True)
    await asyncio.gather(*tasks)

asyncio.run(main())
"""


def test_the_report_of_a_loop_that_stands_still_says_what_could_wake_it(tmp_path: Path) -> None:
    program = Program(tmp_path, "-c", STANDS_STILL)
    try:
        assert program.first == "ready"
        report = program.asynclab("--seconds", "0").stdout
        assert "when it was last seen" not in report
        assert "All tasks wait" in report
    finally:
        program.kill()


def test_the_report_as_json(program: Program) -> None:
    report = json.loads(program.asynclab("--seconds", "0", "--json", "-").stdout)
    (loop,) = report["loops"]
    (one,) = (task for task in loop["tasks"] if task["task"] == "one")
    assert (one["state"], one["waits_for_tasks"], one["seconds"]) == ("waiting", ["other"], None)
    assert one["file"] == str(SCRIPT)


@pytest.mark.usefixtures("runtime")
def test_a_second_one_is_told_and_the_first_goes_on_live(program: Program) -> None:
    attachment, seen = attach(program.pid), ObservedProgram()
    watched(attachment, seen)
    with pytest.raises(AttachError, match="another asynclab is attached to it"):
        attach(program.pid)
    (loop,) = seen.loops.values()
    ticking = next(task for task in loop.state.tasks.values() if task.name == "ticks")
    steps = ticking.steps
    while loop.state.tasks[ticking.id].steps < steps + 3:
        for frame in attachment.frames(None):
            seen.take(frame)
    assert program.ask() != AS_IT_WAS
    list(attachment.leave())
    assert program.ask() == AS_IT_WAS
    assert seen.loops[1].state.timeouts[1].deadline == pytest.approx(3600, abs=60)


@pytest.mark.usefixtures("runtime")
def test_a_viewer_that_dies_leaves_it_as_it_was(program: Program) -> None:
    attachment = attach(program.pid)
    watched(attachment, ObservedProgram())
    attachment.connection.close()
    while (differing := program.ask()) != AS_IT_WAS:
        assert "_asynclab_tasks" in differing or "asyncio" in differing
    watched(again := attach(program.pid), ObservedProgram())
    list(again.leave())


def stepped(attachment: Attachment, program: ObservedProgram, control: RemoteControl) -> None:
    """Take in frames until a step is reported."""
    state = program.loops[1].state
    reports = state.step_reports
    control.step()
    watched_until(attachment, program, lambda: state.step_reports > reports)


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize("leave", [lambda attachment: list(attachment.leave()), lambda it: it.connection.close()])
def test_leaving_a_paused_program_lets_it_go(program: Program, leave: Callable[[Attachment], object]) -> None:
    attachment, seen = attach(program.pid), ObservedProgram()
    watched(attachment, seen)
    control = RemoteControl(CommandSender(attachment.connection), 1)
    control.set_speed(0.5)
    control.pause()
    state = seen.loops[1].state
    watched_until(attachment, seen, lambda: state.clock.paused)
    program.tell("differing")
    (main,) = (task for task in state.tasks.values() if task.coroutine == "main")
    steps = main.steps
    while main.steps == steps:
        watched_until(attachment, seen, lambda: state.held)
        stepped(attachment, seen, control)
    assert program.read() != AS_IT_WAS
    program.tell("differing")
    watched_until(attachment, seen, lambda: state.held)
    leave(attachment)
    program.read()
    while program.ask() != AS_IT_WAS:
        pass


@pytest.mark.usefixtures("runtime")
def test_a_task_is_cancelled_from_outside(program: Program) -> None:
    attachment, seen = attach(program.pid), ObservedProgram()
    watched(attachment, seen)
    tasks = seen.loops[1].state.tasks
    (victim,) = (task for task in tasks.values() if task.name == "victim")
    RemoteControl(CommandSender(attachment.connection), 1).cancel_task(victim.id)
    watched_until(attachment, seen, lambda: tasks[victim.id].state == "cancelled")
    list(attachment.leave())
    assert program.ask() == AS_IT_WAS


@pytest.mark.usefixtures("runtime")
def test_a_blocked_loop_is_told_with_its_line_and_observed_when_it_goes_on(program: Program) -> None:
    assert program.ask("block") == "blocks"
    attachment, seen = attach(program.pid), ObservedProgram()
    watched(attachment, seen)
    (unobserved,) = seen.unobserved
    assert "it is blocked: " in unobserved.why
    assert "in main (attachable_program.py:" in unobserved.why
    program.ask("go on")
    while not seen.found:
        for frame in attachment.frames(None):
            seen.take(frame)
    list(attachment.leave())
    assert program.ask() == AS_IT_WAS


def test_nobody_else_gets_at_the_socket(program: Program) -> None:
    folder = socket_folder(program)
    (path,) = folder.iterdir()
    assert path.name == f"{program.pid}.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("uid", "owner", "may"), [(1000, 1000, True), (0, 1000, True), (1001, 1000, False), (None, 1000, False)]
)
def test_only_the_same_user_and_root_may_look(uid: int | None, owner: int, may: bool) -> None:
    assert attach_sockets.may_look(uid, owner) is may


def test_a_socket_tells_who_is_at_its_other_end(tmp_path: Path) -> None:
    with attach_sockets.listen(tmp_path / "s") as listener, socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "s"))
        assert attach_sockets.peer_of(connection)[0] == os.getuid()
        listener.accept()[0].close()


def test_what_can_t_be_attached_to_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(AttachError, match="there is no process 4194305"):
        attach(4_194_305)
    with pytest.raises(AttachError, match="not a process id"):
        attach(1 << 80)
    folder = tmp_path / "asynclab"
    folder.mkdir(mode=0o755)
    path = attach_sockets.path_for(folder, os.getpid())
    attach_sockets.listen(path).close()
    with pytest.raises(AttachError, match="remove it, or set XDG_RUNTIME_DIR"):
        attach(os.getpid())
    with pytest.raises(OSError, match="not a private folder of user"):
        attach_sockets.own_folder()
    folder.chmod(0o700)
    assert attach_sockets.own_folder() == folder


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_program_that_is_stopped_is_said_to_be() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            process.send_signal(signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
            with pytest.raises(AttachError, match=f"is stopped: .* kill -CONT {process.pid}"):
                attach(process.pid)
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b'{"asynclab":"0.0.1"}\n', "has asynclab 0.0.1"),
        (b'{"asynclab":"9","refused":"no"}\n', "can't attach to process .*: no"),
        (b"HTTP/1.1 400 Bad Request\n", "did not answer as asynclab does"),
        (b"", "closed the connection: only its own user, or root"),
    ],
)
def test_a_wrong_answer_is_told(greeting: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "asynclab").mkdir(mode=0o700)
    with attach_sockets.listen(attach_sockets.path_for(tmp_path / "asynclab", os.getpid())) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)

        thread = Thread(target=answer)
        thread.start()
        with pytest.raises(AttachError, match=said):
            attach(os.getpid())
        thread.join()


def test_the_command_line_says_it_in_one_line() -> None:
    command = [sys.executable, "-m", "asynclab", "attach", "4194305"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (ran.returncode, ran.stderr) == (1, "asynclab: there is no process 4194305\n")


@pytest.mark.parametrize("command", [attach_headless, attach_on_screen])
def test_a_full_disk_lets_the_program_go(command: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, its = socket.socketpair()
    monkeypatch.setattr(command, "attach", lambda pid: Attachment(pid, ours))
    options = ["--headless"] if command is attach_headless else []
    monkeypatch.setattr("asynclab.cli.attach_command.has_terminal", lambda: True)
    with its:
        finished = CliRunner().invoke(main, ["attach", "4711", *options, "--record", str(tmp_path / "no" / "file")])
        assert finished.exit_code == 1
        assert "can't write" in finished.output
        assert its.recv(1) == b""


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python 3.14 attaches to it all the same")
def test_a_program_that_does_not_listen_is_told_what_to_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(AttachError, match=r"let it call asynclab\.attachable"):
        attach(os.getpid())
    (tmp_path / "asynclab").mkdir(mode=0o700)
    attach_sockets.listen(attach_sockets.path_for(tmp_path / "asynclab", os.getpid())).close()
    with pytest.raises(AttachError, match=r"let it call asynclab\.attachable"):
        attach(os.getpid())


def test_where_it_cannot_listen_the_program_runs_all_the_same(tmp_path: Path) -> None:
    code = "import asynclab; print(asynclab.attachable())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(tmp_path / ("long" * 30))}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
    assert "RuntimeWarning: asynclab can't attach to this program: " in ran.stderr


def test_a_child_of_the_program_listens_only_where_it_asks_to(tmp_path: Path) -> None:
    code = (
        "import asynclab, os, sys; asynclab.attachable(); child = os.fork()\n"
        "if not child:\n"
        "    asynclab.attachable(); print(*sorted(os.listdir(sys.argv[1])), os.getpid(), flush=True); os._exit(0)\n"
        "os.waitpid(child, 0); print(os.getpid(), flush=True)"
    )
    folder = tmp_path / "asynclab"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-c", code, str(folder)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    *sockets, child, parent = ran.stdout.split()
    assert {*sockets} == {f"{child}.sock", f"{parent}.sock"}
    assert not (folder / f"{parent}.sock").exists()


@contextmanager
def viewing(program: Program, until: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A viewer of a program that has printed a line with that beginning, and what it prints after it."""
    command = [sys.executable, "-u", "-m", "asynclab", "attach", str(program.pid)]
    with subprocess.Popen(command, env=program.environment, stdout=subprocess.PIPE, text=True) as viewer:
        assert viewer.stdout is not None
        assert any(line.startswith(until) for line in iter(viewer.stdout.readline, ""))
        yield viewer, viewer.stdout


@pytest.mark.usefixtures("runtime")
def test_a_viewer_that_is_killed_leaves_it_as_it_was(program: Program) -> None:
    with viewing(program, "Attached to") as (viewer, _):
        viewer.kill()
    while program.ask() != AS_IT_WAS:
        pass


def test_ctrl_c_leaves_it_as_it_was_and_says_what_happened(program: Program) -> None:
    with viewing(program, "and who holds") as (viewer, printed):
        viewer.send_signal(signal.SIGINT)
        assert "continues as before" in printed.read()
    assert viewer.returncode == 0
    assert program.ask() == AS_IT_WAS


def test_a_program_that_ends_is_said_to_have_ended(tmp_path: Path) -> None:
    running = Program(tmp_path)
    with viewing(running, "Attached to") as (_, printed):
        assert running.end() == 0
        assert "has ended; observed for" in printed.read()
