"""Tests signals to `asynclab run --headless`: the program gets each once, also those to its process group."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from asynclab.remote.group_witness import GroupWitness
from tests.remote.programs import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which signals a process handles")

NAMES = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGALRM", "SIGUSR1", "SIGUSR2"]

SAYS = """
import os, signal, sys
told, woken = os.pipe()
os.set_blocking(woken, False)
signal.set_wakeup_fd(woken)
def say(number, _):
    os.write(1, (signal.Signals(number).name + "\\n").encode())  # one may come while the one before is told
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), say)
print("ready", flush=True)
while True:
    os.read(told, 1)
"""
"""It reads what each signal writes: a call that waits for a signal misses one that comes just before it."""


SHIM = """
import os, signal, sys
for number in map(int, sys.argv[2:][:7]):
    signal.signal(number, getattr(signal, sys.argv[1]))
os.execv(sys.executable, [sys.executable, *sys.argv[9:]])
"""
"""It replaces itself by another Python, for which all these signals are ignored, or not."""


@contextmanager
def _running(*words: str, at_start: str = "SIG_DFL") -> Iterator[subprocess.Popen[str]]:
    """`asynclab run --headless`, in a process group of its own, once its witness of signals is ready.

    Args:
        words: What is run.
        at_start: The handler of all signals at the start.
    """
    numbers = [str(int(signal.Signals[name])) for name in NAMES]
    with subprocess.Popen(
        [sys.executable, "-c", SHIM, at_start, *numbers, "-m", "asynclab", "run", "--headless", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,  # no session: the system stops no group that nobody in its session could let go on
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            while not _handles_all(process.pid):
                os.sched_yield()
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _handles_all(parent: int) -> bool:
    """Whether a witness among a process's children handles the last signal that it sets a handler for."""
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        status = Path(f"/proc/{child}/status").read_text()
        caught = int(status.split("SigCgt:")[1].split()[0], 16)
        if b"set_wakeup_fd" in command and caught >> signal.SIGUSR2 - 1 & 1:
            return True
    return False


@pytest.mark.parametrize("at_start", ["SIG_DFL", "SIG_IGN"])
def test_a_program_gets_each_signal_once(at_start: str) -> None:
    with _running("-c", SAYS, *NAMES, at_start=at_start) as process:
        assert process.stdout is not None
        for name in [*NAMES, NAMES[0]]:
            for send in (os.kill, os.killpg):
                send(process.pid, signal.Signals[name])
                assert process.stdout.readline() == f"{name}\n"  # and not that of the one before once more


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGALRM", "SIGTERM"])
def test_a_signal_to_asynclab_alone_ends_the_program_and_is_told(name: str) -> None:
    with _running("-c", SAYS) as process:
        process.send_signal(signal.Signals[name])
        printed, said = process.communicate()
    assert process.returncode == -signal.Signals[name]
    assert (f"killed by {name}" in said, printed) == (True, "")


def test_a_stop_of_the_group_stops_both_and_both_go_on() -> None:
    with _running("-c", SAYS, "SIGUSR1") as process:
        assert process.stdout is not None
        os.killpg(process.pid, signal.SIGTSTP)
        os.waitpid(process.pid, os.WUNTRACED)
        os.killpg(process.pid, signal.SIGCONT)
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == "SIGUSR1\n"


def test_without_its_witness_a_signal_is_taken_for_one_to_asynclab_alone_unless_a_terminal_sends_it() -> None:
    witness = GroupWitness([signal.SIGUSR1])
    witness.process.kill()
    witness.process.wait()
    assert [witness.saw(number, 0.0) for number in (signal.SIGINT, signal.SIGTERM)] == [True, False]
    witness.close()
